/* transcript.h - a listener that writes down what an engine tells, and insists on the contract of
 * stream.h while it does. */
#ifndef SMTPWATCH_TESTS_TRANSCRIPT_H
#define SMTPWATCH_TESTS_TRANSCRIPT_H

#include "smtpwatch/stream.h"

/* What was heard of one connection. */
struct heard {
	struct conn conn;          /* as it was at close */
	struct conn_side sides[2]; /* which conn points to */
	struct conn_end end;       /* valid once closed */
	bool closed;
	unsigned closed_as; /* how many connections had closed before it */
	uint8_t *bytes[2];  /* what each side sent, gaps left out */
	size_t n[2], capacity[2];
	uint64_t gap[2];
	unsigned fins; /* how many came; fin[] is their order */
	enum side fin[2];
	int64_t opened_ts, closed_ts;
	/*
	 * The order of events, adjacent equal ones merged, cut when full: "c" and "s" data of
	 * client and server, "g" and "h" gaps, "F" and "G" FINs, "." close.
	 */
	char turns[256];
	size_t turn_count;
	void *live; /* the engine's struct conn, while it is open */
};

struct transcript {
	struct heard **heard; /* in the order of open */
	unsigned n;
	unsigned closed;
	unsigned released; /* of these */
	bool inside;       /* a call is under way: calls never nest */
};

extern const struct stream_listener
	transcript_listener; /* arg: a struct transcript, zero-filled at first */

void transcript_free(struct transcript *t);

/*
 * Feeds packets to a new engine in batches of `batch`, finishes, frees; the default limits with
 * port 25 watched where config is NULL. Returns the statistics at the end.
 */
struct stream_stats transcript_run(struct transcript *t, const struct stream_engine *engine,
				   const struct stream_config *config, const struct packet *packets,
				   size_t n, size_t batch);

/* The first connection whose client has this port. NULL: none. */
struct heard *transcript_find(const struct transcript *t, uint16_t client_port);

/* Every byte that a side sent, as a C string is expected. */
bool heard_equals(const struct heard *h, enum side side, const char *text);

#endif
