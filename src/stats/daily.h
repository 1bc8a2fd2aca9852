/* daily.h - what was seen in a day, told once a day. */
#ifndef SMTPWATCH_STATS_DAILY_H
#define SMTPWATCH_STATS_DAILY_H

#include "stats/totals.h"

/* A day under way; what an output is told of it. */
struct daily {
	int minute;           /* of the day, UTC, at which it ends; below 0: never */
	int64_t since, until; /* nanoseconds since the epoch */
	struct totals totals;
	const struct alerting *alerting; /* borrowed */
};

/* False where there is no memory. daily_end is due in either case. */
bool daily_begin(struct daily *d, int minute, const struct alerting *alerting);
void daily_end(struct daily *d);

/* Counts one session. */
void daily_count(struct daily *d, const struct report *r);

/* It is now `now`. True: the day is over and can be told; then daily_next is due. */
bool daily_over(struct daily *d, int64_t now);

/* The next day begins: everything is 0 again. */
void daily_next(struct daily *d);

/* A time of the day as "08:00": the minute; -1: "off"; -2: neither. */
int daily_read(const char *text);

#endif
