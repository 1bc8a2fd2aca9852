/* live.h - captures frames of a network interface. */
#ifndef SMTPWATCH_CAPTURE_LIVE_H
#define SMTPWATCH_CAPTURE_LIVE_H

#include "base/error.h"
#include "capture/filters.h"
#include "smtpwatch/frame.h"

/* Size of a sentence that tells an error and names the interface. */
/* All pointers are borrowed for the call of live_open. */
struct live_config {
	const char *interface; /* "any": all present and future interfaces */
	struct filters *filters;
	bool filtered;    /* `filters` contain the operator's expression */
	unsigned snaplen; /* bytes of a frame that are captured; 0: all */
	size_t buffer;    /* size of the kernel's ring in bytes */
	bool promiscuous;
};

/* Why live_open failed. */
enum live_trouble {
	LIVE_ABSENT,  /* no such interface, or it is down: a later try may succeed */
	LIVE_REFUSED, /* no permission: neither root nor CAP_NET_RAW */
	LIVE_FILTER,  /* the operator's filter does not compile */
	LIVE_BROKEN /* any other error: no memory for the ring, a link type that is not decoded, ...
		     */
};

struct live;

/* Opens an interface. Needs CAP_NET_RAW; the other functions do not. Returns NULL with *trouble and
 * a sentence in why. live_close frees the result. */
struct live *live_open(const struct live_config *config, enum live_trouble *trouble,
		       struct error *why);

/*
 * Joins l to the group of workers that share an interface. Both directions of a connection, and all
 * fragments of an IPv4 datagram, go to the same worker. *group: -1 for the first, which sets it;
 * pass the same variable for the others. Returns false with a sentence in why.
 */
bool live_join(struct live *l, int *group, struct error *why);

/* Leaves out frames before ts, nanoseconds since the epoch. Before all workers have joined, several
 * of them may get the same frame. */
void live_begin(struct live *l, int64_t ts);

/* Returns the file descriptor to wait for with poll(2) and POLLIN. Owned by l. */
int live_descriptor(const struct live *l);

/*
 * Reads the available frames, at most n (n > 0). Never waits. The frames are copies, borrowed until
 * the next call. Returns the number of frames; 0: none now; -1: the interface has gone or capturing
 * failed, and no more frames will come. live_reason then returns libpcap's error text, borrowed
 * until live_close.
 */
int live_read(struct live *l, struct frame *frames, size_t n);
const char *live_reason(const struct live *l);

/* Counters since live_open. `received` includes the frames that the kernel dropped. */
struct live_counts {
	uint64_t received, dropped;
	uint64_t dropped_by_interface;
};

/* Reads the counters. Returns false if the kernel does not report them. */
bool live_counts(struct live *l, struct live_counts *out);

/* Returns how many frames wait in the ring, as of the latest live_counts: those that are lost if it
 * is closed now. */
uint64_t live_unread(const struct live *l);

/* The state of the interface. LIVE_DOWN: frames come again once the interface is up. LIVE_GONE: no
 * frames come any more, even if a new interface has the same name. "any" is always LIVE_UP. */
enum live_link { LIVE_UP, LIVE_DOWN, LIVE_GONE };
enum live_link live_link(const struct live *l);

/* Stops capturing and frees l. NULL is allowed. */
void live_close(struct live *l);

#endif
