/* suppression_time.c - times of the operator's file, and the windows of a week. */
#include "policy/suppression_time.h"

#include "smtpwatch/frame.h"

#include <string.h>
#include <time.h>

enum { WEEK = 7, HOUR = 60, YEAR_MIN = 1970, YEAR_MAX = 2200 };

static const char *const day_names[WEEK] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* Reads a number of exactly n digits. Returns -1 if there is none. */
static int digits(const char *at, unsigned n)
{
	int v = 0;
	for (unsigned i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		v = 10 * v + (at[i] - '0');
	}
	return v;
}

/* Returns the minute of a day of "22:00", or of "24:00" its end; -1: the text begins with none. */
static int minute_read(const char *at)
{
	int hour = digits(at, 2), minute = hour < 0 || at[2] != ':' ? -1 : digits(at + 3, 2);
	if (hour < 0 || minute < 0 || minute >= HOUR || hour > 24 || (hour == 24 && minute > 0))
		return -1;
	return hour * HOUR + minute;
}

/* Fills in *tm. Returns false if the text has another form; a day that no month has is found by the
 * caller. */
static bool calendar_read(const char *text, struct tm *tm)
{
	size_t n = strlen(text);
	int minute = 0;
	if ((n != 10 && n != 16) || text[4] != '-' || text[7] != '-' ||
	    (n == 16 && text[10] != 'T'))
		return false;
	if (n == 16)
		minute = minute_read(text + 11);
	*tm = (struct tm){.tm_year = digits(text, 4) - 1900,
			  .tm_mon = digits(text + 5, 2) - 1,
			  .tm_mday = digits(text + 8, 2),
			  .tm_hour = minute / HOUR,
			  .tm_min = minute % HOUR,
			  .tm_isdst = -1};
	return tm->tm_year >= YEAR_MIN - 1900 && tm->tm_year <= YEAR_MAX - 1900 &&
	       tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday > 0 && minute >= 0 &&
	       minute < SUPPRESSION_DAY;
}

static bool time_read(const struct suppression_time *t, const char *text, int64_t *out,
		      struct error *why)
{
	struct tm tm;
	if (calendar_read(text, &tm)) {
		int month = tm.tm_mon;
		time_t seconds = t->local ? mktime(&tm) : timegm(&tm);
		/* The 31st of a shorter month became a day of the next. */
		if (tm.tm_mon == month) {
			*out = (int64_t)seconds * FRAME_SECOND;
			return true;
		}
	}
	return error_set(why,
			 "\"%.99s\" is no time; there are 2026-12-05 and 2026-12-05T22:00, of the "
			 "years %d to %d",
			 text, YEAR_MIN, YEAR_MAX);
}

bool suppression_time_zone(struct suppression_time *t, const char *text, struct error *why)
{
	t->local = strcmp(text, "local") == 0;
	/* Reads the zone while its file can still be opened. */
	if (t->local)
		tzset();
	return t->local || strcmp(text, "utc") == 0 ||
	       error_set(why, "\"%.99s\" is neither utc nor local", text);
}

bool suppression_time_from(struct suppression_time *t, const char *text, struct error *why)
{
	return time_read(t, text, &t->from, why);
}

bool suppression_time_until(struct suppression_time *t, const char *text, struct error *why)
{
	if (strcmp(text, "never") == 0) {
		t->until = SUPPRESSION_NEVER;
		return true;
	}
	return time_read(t, text, &t->until, why);
}

/* Returns WEEK if the text begins with no day. */
static unsigned day_read(const char *at)
{
	unsigned day = 0;
	while (day < WEEK && strncmp(at, day_names[day], 3) != 0)
		day++;
	return day;
}

/* Adds "mon" or "mon-fri" at *at, and moves behind it. */
static bool days_add(uint8_t *days, const char **at)
{
	unsigned first = day_read(*at), last = first;
	if (first == WEEK)
		return false;
	*at += 3;
	if (**at == '-') {
		last = day_read(*at + 1);
		if (last == WEEK)
			return false;
		*at += 4;
	}
	for (unsigned day = first;; day = (day + 1) % WEEK) {
		*days |= (uint8_t)(1u << day);
		if (day == last)
			return true;
	}
}

bool suppression_time_days(struct suppression_time *t, const char *text, struct error *why)
{
	const char *at = text;
	while (days_add(&t->days, &at)) {
		if (*at == '\0')
			return true;
		if (*at++ != ',')
			break;
	}
	return error_set(why, "\"%.99s\" are no days; a list reads mon-fri,sun", text);
}

bool suppression_time_hours(struct suppression_time *t, const char *text, struct error *why)
{
	int from = strlen(text) == 11 ? minute_read(text) : -1;
	int until = from >= 0 && text[5] == '-' ? minute_read(text + 6) : -1;
	if (from < 0 || until < 0 || from == until || from == SUPPRESSION_DAY || until == 0)
		return error_set(why,
				 "\"%.99s\" are no hours; they read 22:00-04:00, and end at 24:00 "
				 "at midnight",
				 text);
	t->hour_from = (uint16_t)from;
	t->hour_until = (uint16_t)until;
	return true;
}

/* Whether a window begins on this day of the week. */
static bool day_has(const struct suppression_time *t, unsigned day)
{
	return t->days == 0 || (t->days >> day & 1) != 0;
}

static bool week_holds(const struct suppression_time *t, int64_t now)
{
	int64_t rest = now % FRAME_SECOND;
	time_t seconds = (time_t)(now / FRAME_SECOND - (rest < 0));
	struct tm tm;
	if (!(t->local ? localtime_r(&seconds, &tm) : gmtime_r(&seconds, &tm)))
		return false;
	unsigned day = (unsigned)tm.tm_wday, minute = (unsigned)(tm.tm_hour * HOUR + tm.tm_min);
	if (t->hour_from == t->hour_until)
		return day_has(t, day);
	if (t->hour_from < t->hour_until)
		return day_has(t, day) && minute >= t->hour_from && minute < t->hour_until;
	return (day_has(t, day) && minute >= t->hour_from) ||
	       (day_has(t, (day + WEEK - 1) % WEEK) && minute < t->hour_until);
}

bool suppression_time_holds(const struct suppression_time *t, int64_t now)
{
	return now >= t->from && now < t->until && week_holds(t, now);
}
