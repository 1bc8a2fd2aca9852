/* stamp.c - times as text: the calendar is asked only when the day changes. */
#include "output/stamp.h"

#include "core/frame.h"

#include <stdio.h>
#include <time.h>

enum { DAY_SECONDS = 86400 };

/* The time of day in nanoseconds; the date goes into s. Rounds down, so that a time before 1970 lies in its own day too. */
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

		if (gmtime_r(&t, &tm) == NULL || strftime(s->date, sizeof(s->date), "%Y-%m-%d", &tm) == 0)
			memcpy(s->date, "0000-00-00", sizeof(s->date));
		s->day = day;
		s->known = true;
	}
	return rest;
}

static void two_digits(char *at, int64_t v)
{
	at[0] = (char)('0' + v / 10);
	at[1] = (char)('0' + v % 10);
}

/* "2026-11-23T10:00:00", with what stands between the two */
static void put_to_second(struct stamp *s, struct outbuf *b, int64_t second, char between)
{
	char text[19] = "0000-00-00 00:00:00";

	memcpy(text, s->date, 10);
	text[10] = between;
	two_digits(text + 11, second / 3600);
	two_digits(text + 14, second / 60 % 60);
	two_digits(text + 17, second % 60);
	outbuf_bytes(b, text, sizeof(text));
}

void stamp_iso(struct stamp *s, struct outbuf *b, int64_t ns)
{
	int64_t rest = stamp_split(s, ns);

	put_to_second(s, b, rest / FRAME_SECOND, 'T');
	outbuf_char(b, '.');
	outbuf_fixed(b, (uint64_t)(rest % FRAME_SECOND / 1000), 6);
	outbuf_char(b, 'Z');
}

void stamp_plain(struct stamp *s, struct outbuf *b, int64_t ns)
{
	put_to_second(s, b, stamp_split(s, ns) / FRAME_SECOND, ' ');
	outbuf_str(b, " UTC");
}
