/* throttle.h - limits the rate of repeated alerts of a server: reports the first, then sums at
 * growing intervals. */
#ifndef SMTPWATCH_POLICY_THROTTLE_H
#define SMTPWATCH_POLICY_THROTTLE_H

#include "policy/rates.h"
#include "policy/session_report.h"

/*
 * An alert is reported if its kind was not reported of its server before. Later ones are
 * rate-limited and counted. A sum reports them when the interval is over; then the interval
 * doubles, up to a day.
 * If an alert stays away for the interval, and at least an hour, the next one is reported as a
 * first again. The loss of a mail is never rate-limited (report_loses_mail). No session is lost:
 * outputs still get each session, marked as rate-limited, and name the messages of critical ones.
 * Bounded by THROTTLE_ALERTS pairs of kind and server. A new pair takes the place of the one quiet
 * for longest, whose sum is reported early.
 */
enum { THROTTLE_ALERTS = 512, THROTTLE_EXAMPLE = 16384 };

/* A sum. Borrowed until the callback returns. */
struct throttle_repeat {
	unsigned kind;
	uint64_t count;       /* rate-limited alerts */
	int64_t since, until; /* the time of these alerts, nanoseconds since the epoch */
	enum severity worst;  /* of these alerts */
	const struct report
		*latest;  /* of these alerts; without its messages if the session is very long */
	struct rate hour; /* of the server; filled in by the callback */
};

struct throttle;

/* first: the first interval in nanoseconds; 0: no alert is rate-limited. emit is called from
 * throttle_apply, throttle_tick and throttle_finish. Returns NULL if memory is exhausted;
 * throttle_free frees it. */
struct throttle *throttle_new(int64_t first,
			      void (*emit)(void *arg, struct throttle_repeat *repeat), void *arg);
void throttle_free(struct throttle *t);

/* Call for each report, in order; the time is that of the session's end. Moves rate-limited alerts
 * from `raised` to `limited`. */
void throttle_apply(struct throttle *t, struct report *r);

/* Reports the sums that are due at now, nanoseconds since the epoch. */
void throttle_tick(struct throttle *t, int64_t now);

/* Reports all rate-limited alerts counted so far. */
void throttle_finish(struct throttle *t);

#endif
