/* timestamp.c - times as text. The calendar is computed only when the day changes. */
#include "text/timestamp.h"

#include "smtpwatch/frame.h"

#include <stdio.h>
#include <time.h>

/* No zone changes its offset within a quarter of an hour. */
enum { DAY_SECONDS = 86400, STAMP_SECONDS = 19, QUARTER_SECONDS = 900 };

static bool is_local;

/* Sets the date in *s. Returns the time of day in nanoseconds. Rounds down, so that a time before
 * 1970 falls into its own day. */
static int64_t stamp_split(struct stamp *s, int64_t ns)
{
	const int64_t length = DAY_SECONDS * FRAME_SECOND;
	int64_t day = ns / length, rest = ns % length;
	if (rest < 0) {
		rest += length;
		day--;
	}
	if (!s->known || s->day != day) {
		time_t t = (time_t)(day * DAY_SECONDS);
		struct tm tm;
		if (!gmtime_r(&t, &tm) || strftime(s->date, sizeof s->date, "%Y-%m-%d", &tm) == 0)
			memcpy(s->date, "0000-00-00", sizeof s->date);
		s->day = day;
		s->known = true;
	}
	return rest;
}

/* Writes "2026-11-23T10:00:00" to `at`, STAMP_SECONDS bytes, without a NUL. second: of the day.
 * between: the character in place of the T. */
static void second_put(struct stamp *s, char *at, uint32_t second, char between)
{
	memcpy(at, s->date, 10);
	at[10] = between;
	outbuf_pair(at + 11, second / 3600);
	at[13] = ':';
	outbuf_pair(at + 14, second / 60 % 60);
	at[16] = ':';
	outbuf_pair(at + 17, second % 60);
}

/* Neighbouring times are often of one second. */
void stamp_iso_put(struct stamp *s, char *at, int64_t ns)
{
	int64_t second = ns / FRAME_SECOND, rest = ns % FRAME_SECOND;
	if (rest < 0) {
		rest += FRAME_SECOND;
		second--;
	}
	if (!s->second_known || s->second != second) {
		second_put(s, s->text, (uint32_t)(stamp_split(s, ns) / FRAME_SECOND), 'T');
		s->text[STAMP_SECONDS] = '.';
		s->second = second;
		s->second_known = true;
	}
	memcpy(at, s->text, sizeof s->text);
	outbuf_micros(at + sizeof s->text, (uint32_t)rest / 1000);
	at[STAMP_ISO - 1] = 'Z';
}

void stamp_iso(struct stamp *s, struct outbuf *b, int64_t ns)
{
	char *at = outbuf_reserve(b, STAMP_ISO);
	if (!at)
		return;
	stamp_iso_put(s, at, ns);
	b->n += STAMP_ISO;
}

void stamp_local(void)
{
	tzset();
	is_local = true;
}

bool stamp_is_local(void)
{
	return is_local;
}

/* Returns the offset from UTC in seconds: 0 without stamp_local. */
static int64_t offset_at(struct stamp *s, int64_t ns)
{
	int64_t quarter = ns / (QUARTER_SECONDS * FRAME_SECOND) - (ns < 0);
	time_t t = (time_t)(quarter * QUARTER_SECONDS);
	struct tm tm;
	if (!is_local)
		return 0;
	if (!s->located || s->quarter != quarter) {
		s->offset = localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
		s->quarter = quarter;
		s->located = true;
	}
	return s->offset;
}

const char *stamp_zone(struct stamp *s, int64_t ns, char zone[STAMP_ZONE])
{
	int64_t minutes = offset_at(s, ns) / 60, distance = minutes < 0 ? -minutes : minutes;
	if (!is_local)
		return "UTC";
	snprintf(zone, STAMP_ZONE, "%c%02u%02u", minutes < 0 ? '-' : '+',
		 (unsigned)(distance / 60) % 100, (unsigned)(distance % 60));
	return zone;
}

/* Returns the time by the clock of people. */
static int64_t there_at(struct stamp *s, int64_t ns)
{
	int64_t there;
	/* The first and the last hours of all times have no local time. */
	return __builtin_add_overflow(ns, offset_at(s, ns) * FRAME_SECOND, &there) ? ns : there;
}

unsigned stamp_hour(struct stamp *s, int64_t ns)
{
	const int64_t hour = 3600 * FRAME_SECOND, day = DAY_SECONDS * FRAME_SECOND;
	int64_t rest = there_at(s, ns) % day;
	return (unsigned)((rest < 0 ? rest + day : rest) / hour);
}

void stamp_plain(struct stamp *s, struct outbuf *b, int64_t ns)
{
	char text[STAMP_SECONDS], zone[STAMP_ZONE];
	second_put(s, text, (uint32_t)(stamp_split(s, there_at(s, ns)) / FRAME_SECOND), ' ');
	outbuf_bytes(b, text, sizeof text);
	outbuf_char(b, ' ');
	outbuf_str(b, stamp_zone(s, ns, zone));
}
