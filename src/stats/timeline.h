/* timeline.h - sessions over time, by verdict and severity. The number of intervals is bounded: the
 * intervals become longer as the observed time grows. */
#ifndef SMTPWATCH_STATS_TIMELINE_H
#define SMTPWATCH_STATS_TIMELINE_H

#include "policy/alert_kind.h"

/* The most intervals. */
enum { TIMELINE_SPANS = 60 };

/* Zero-fill before first use. */
struct timeline {
	bool begun;    /* a session was counted */
	unsigned unit; /* index of the interval length: see timeline_length */
	/* First and last time counted, nanoseconds since the epoch. */
	int64_t low, high;
	int64_t origin; /* beginning of the first interval, nanoseconds since the epoch */
	/* By severity too, because that of a verdict can differ from session to session. */
	uint64_t counts[TIMELINE_SPANS][VERDICTS][SEVERITIES];
};

/* Counts a session that ended at ts, nanoseconds since the epoch. If the longest intervals cannot
 * span the observed time, the last interval takes all later sessions. */
void timeline_count(struct timeline *t, int64_t ts, enum verdict v, enum severity severity);

/* Return the length of an interval: in nanoseconds, and in words that follow "each": "hour", "5
 * minutes". The words live as long as the program. */
int64_t timeline_length(const struct timeline *t);
const char *timeline_words(const struct timeline *t);

/* Returns the number of intervals up to the last session; 0: nothing was counted. */
unsigned timeline_spans(const struct timeline *t);

#endif
