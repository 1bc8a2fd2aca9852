/* throttle.h - the same alert of the same server again and again: told the first time, then in sums
 * that come ever more seldom. */
#ifndef SMTPWATCH_POLICY_THROTTLE_H
#define SMTPWATCH_POLICY_THROTTLE_H

#include "policy/rates.h"
#include "policy/session_report.h"

/*
 * An alert is told if its signature was not told of its server before. What follows is kept back
 * and counted, and told as one sum when an interval is over; then the interval doubles, up to a
 * day. An alert that stays away for as long as the interval, and at least an hour, is told the
 * first time once more. Nothing is lost by that: outputs still get each session, marked as folded,
 * and name the messages of those that are critical. So many alerts (signature and server) are told
 * apart; of those that come later, one makes room whose sum is told early.
 */
enum { THROTTLE_ALERTS = 512, THROTTLE_EXAMPLE = 16384 };

/* A sum. Borrowed for the length of the call. */
struct throttle_repeat {
	unsigned signature;
	uint64_t count;              /* alerts kept back ... */
	int64_t since, until;        /* ... in this time, nanoseconds since the epoch */
	enum severity worst;         /* of these */
	const struct report *latest; /* of these; of a very long session without its messages */
	struct rate hour;            /* of the server; filled in by who is told */
};

struct throttle;

/* first: the first interval, nanoseconds; 0: nothing is kept back. tell is called from within the
 * calls below. NULL where there is no memory. */
struct throttle *throttle_new(int64_t first,
			      void (*tell)(void *arg, struct throttle_repeat *repeat), void *arg);
void throttle_free(struct throttle *t);

/* For each report, in order; its time is that of the session's end. Moves from `raised` to `folded`
 * what is kept back. */
void throttle_apply(struct throttle *t, struct report *r);

/* Tells the sums that are due. */
void throttle_tick(struct throttle *t, int64_t now);

/* Tells all that was kept back so far. */
void throttle_finish(struct throttle *t);

#endif
