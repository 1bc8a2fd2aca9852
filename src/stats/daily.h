/* daily.h - the totals of a day, reported once a day. */
#ifndef SMTPWATCH_STATS_DAILY_H
#define SMTPWATCH_STATS_DAILY_H

#include "stats/totals.h"

/* The totals of the current day. The daily report of an output shows them. */
struct daily {
	int minute; /* the minute of the day, UTC, at which the day ends; negative: never */
	/* Nanoseconds since the epoch. daily_over sets both. since: beginning of the day; 0 before
	 * the first call. until: time of the latest call. */
	int64_t since, until;
	struct totals totals;
	const struct alerting *alerting; /* borrowed */
};

/* Begins the first day. minute: as in struct daily. Returns false if memory is exhausted. Call
 * daily_end in either case. */
bool daily_begin(struct daily *d, int minute, const struct alerting *alerting);

/* Frees the totals. */
void daily_end(struct daily *d);

/* Counts one session. r is borrowed for the call. */
void daily_count(struct daily *d, const struct report *r);

/* Advances the time to now, nanoseconds since the epoch. Returns true if the day is over: report
 * the totals, then call daily_next. If the clock was set back before `since`, `since` becomes now,
 * and the totals stay. */
bool daily_over(struct daily *d, int64_t now);

/* Begins the next day at `until` with empty totals. If memory is exhausted, the totals are kept:
 * the next report then covers both days. */
void daily_next(struct daily *d);

/* Reads a time of day, "08:00". Returns the minute of the day, -1 for "off", or -2 for any other
 * text. */
int daily_read(const char *text);

#endif
