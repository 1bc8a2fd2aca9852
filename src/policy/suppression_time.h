/* suppression_time.h - when a rule of suppression holds: from and until, days and hours. */
#ifndef SMTPWATCH_POLICY_SUPPRESSION_TIME_H
#define SMTPWATCH_POLICY_SUPPRESSION_TIME_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The minutes of a day, and what until is without an end. */
enum { SUPPRESSION_DAY = 1440 };
#define SUPPRESSION_NEVER INT64_MAX

struct suppression_time {
	int64_t from, until; /* nanoseconds since the epoch; until: the first that is too late */
	uint8_t days;        /* 1 << day, Sunday is 0; 0: every day */
	/* Minutes of the day; from equals until: all day. If until is less, the window ends on the
	 * next day. */
	uint16_t hour_from, hour_until;
	bool local; /* of the zone of TZ or of the system; else UTC */
};

/* Read a value into *t, the zone first. zone: "utc" or "local". until: "never" or a time; times are
 * "2026-12-05" or "2026-12-05T22:00", of the zone t->local. days: "mon-fri,sun". hours:
 * "22:00-04:00". Return false with a sentence in why if the text is invalid. */
bool suppression_time_zone(struct suppression_time *t, const char *text, struct error *why);
bool suppression_time_from(struct suppression_time *t, const char *text, struct error *why);
bool suppression_time_until(struct suppression_time *t, const char *text, struct error *why);
bool suppression_time_days(struct suppression_time *t, const char *text, struct error *why);
bool suppression_time_hours(struct suppression_time *t, const char *text, struct error *why);

/* Whether the rule holds at now, nanoseconds since the epoch. */
bool suppression_time_holds(const struct suppression_time *t, int64_t now);

#endif
