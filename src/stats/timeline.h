/* timeline.h - how many sessions ended when, and how: a bounded number of spans of time, that
 * become longer as the time that was seen does. */
#ifndef SMTPWATCH_STATS_TIMELINE_H
#define SMTPWATCH_STATS_TIMELINE_H

#include "policy/alert_kind.h"

enum { TIMELINE_SPANS = 60 };

/* Zero-filled before first use. */
struct timeline {
	bool begun;
	unsigned unit;     /* which length they have: see timeline_length */
	int64_t low, high; /* the first and the last time that was counted */
	int64_t origin;    /* when the first span begins, nanoseconds since the epoch */
	uint64_t counts[TIMELINE_SPANS][VERDICTS]
		       [SEVERITIES]; /* one verdict can be graded otherwise from session to session
				      */
};

/* A session that ended at ts. What is farther apart than spans can be long counts in the last one.
 */
void timeline_count(struct timeline *t, int64_t ts, enum verdict v, enum severity severity);

/* How long a span is, nanoseconds, and in words that follow "each": "hour", "5 minutes". */
int64_t timeline_length(const struct timeline *t);
const char *timeline_words(const struct timeline *t);

/* Spans up to the last one that has something; 0: nothing was counted. */
unsigned timeline_spans(const struct timeline *t);

#endif
