/* traffic.h - what became of sessions and their messages: the counters of an hour, and of a
 * recipient domain (domains.h). */
#ifndef SMTPWATCH_STATS_TRAFFIC_H
#define SMTPWATCH_STATS_TRAFFIC_H

#include "policy/session_report.h"
#include "text/timestamp.h"

/* The hours of a day. */
enum { TRAFFIC_HOURS = 24 };

/* Zero-fill before first use. */
struct traffic {
	uint64_t sessions, alerts, messages;
	uint64_t fates[FATES]; /* messages, by enum fate */
	uint64_t answers;      /* messages whose end and final reply were captured */
	int64_t waited;        /* from that end to that reply, of all of them, nanoseconds */
};

/* Counts a message with this fate, which may be that of some of its recipients only. */
void traffic_message(struct traffic *t, const struct transaction *m, enum fate fate);

/* Sessions by the hour of the day in which they end. Zero-fill before first use. */
struct traffic_hours {
	struct traffic utc[TRAFFIC_HOURS];
	struct traffic local[TRAFFIC_HOURS]; /* after stamp_local, else unused */
	struct stamp stamp;
};

/* Counts a session with its alerts and all its messages. */
void traffic_hour(struct traffic_hours *hours, const struct report *r);

/* Returns the hours by the clock of stamp_plain, TRAFFIC_HOURS. Borrowed from hours. */
const struct traffic *traffic_told(const struct traffic_hours *hours);

/* Adds the counters of one to *to. */
void traffic_add(struct traffic *to, const struct traffic *one);

/* Returns the average wait for the final reply, nanoseconds; 0: there was none. */
int64_t traffic_delay(const struct traffic *t);

#endif
