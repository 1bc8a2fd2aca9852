/* live.h - frames of a network interface as they come. */
#ifndef SMTPWATCH_CAPTURE_LIVE_H
#define SMTPWATCH_CAPTURE_LIVE_H

#include "capture/filters.h"
#include "smtpwatch/frame.h"

/* Room for a sentence that says what went wrong, with the interface's name in it. */
#define LIVE_WHY 512

/* All borrowed, for the length of live_open. */
struct live_config {
	const char *interface; /* "any": all that there are, and will be */
	struct filters *filters;
	bool filtered;    /* the operator's expression is in them */
	unsigned snaplen; /* 0: whole packets */
	size_t buffer;    /* bytes of the kernel's ring */
	bool promiscuous;
};

enum live_trouble {
	LIVE_ABSENT,  /* no such interface, or it is down: may be better later */
	LIVE_REFUSED, /* neither root nor CAP_NET_RAW */
	LIVE_FILTER,  /* the operator's filter does not compile */
	LIVE_BROKEN /* anything else: no memory for the ring, a link type that is not decoded ... */
};

struct live;

/* Needs CAP_NET_RAW, which is of no use later: what was opened stays open. NULL with the kind of
 * trouble, and a sentence in why. */
struct live *live_open(const struct live_config *config, enum live_trouble *trouble,
		       char why[LIVE_WHY]);

/*
 * Several that are open on one interface share its traffic: both directions of a connection, and
 * all fragments of an IPv4 datagram, meet the same one. *group: -1 for the first, which sets it.
 * False, with a sentence in why.
 */
bool live_join(struct live *l, int *group, char why[LIVE_WHY]);

/* Frames from before this time are left out: those that came before all had joined, and may be in
 * more than one. */
void live_begin(struct live *l, int64_t ts);

/* To be waited on with poll(2), for POLLIN. */
int live_descriptor(const struct live *l);

/*
 * Reads what is there, at most n frames (n > 0), and never waits. They are copies, good until the
 * next call. The number read, 0: none for now; -1: the interface has gone, and nothing will come
 * any more; live_reason says more.
 */
int live_read(struct live *l, struct frame *frames, size_t n);
const char *live_reason(const struct live *l);

/* Since it was opened. The kernel counts a dropped frame as received as well. */
struct live_counts {
	uint64_t received, dropped;
	uint64_t dropped_by_interface;
};

/* False: the kernel does not say. */
bool live_counts(struct live *l, struct live_counts *out);

/* An interface that is down brings frames again once it is up; one that has gone does not, even if
 * there is a new one of its name. */
enum live_link { LIVE_UP, LIVE_DOWN, LIVE_GONE };
enum live_link live_link(const struct live *l);

void live_close(struct live *l);

#endif
