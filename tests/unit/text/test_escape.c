/* test_escape.c - nothing off the wire can act: escapes, broken UTF-8, numbers and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "smtpwatch/frame.h"
#include "text/escape.h"
#include "text/timestamp.h"

#define FFFD "\xef\xbf\xbd"

struct row {
	const char *in, *json, *text; /* text NULL: as json */
};

static const struct row rows[] = {
	{"", "", NULL},
	{"plain ASCII of more than eight bytes", "plain ASCII of more than eight bytes", NULL},
	{"say \"yes\\no\"", "say \\\"yes\\\\no\\\"", "say \"yes\\no\""},
	{"12345678\"", "12345678\\\"", "12345678\""},
	{"\001\t\r\n\033[2J\037", "\\u0001\\u0009\\u000d\\u000a\\u001b[2J\\u001f", NULL},
	{"\177", "\\u007f", NULL},
	{"1234567\177", "1234567\\u007f", NULL},
	{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa7",
	 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa7", NULL},
	{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u009b\\u009f\xc2\xa0", NULL},
	{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029", NULL},
	{"\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c\xef\xbb\xbf",
	 "\\u202e\\u2066\\u2069\\u200f\\u061c\\ufeff", NULL},
	{"\xff", FFFD, NULL},
	{"\x80\x80", FFFD FFFD, NULL},
	{"\xc3", FFFD, NULL},
	{"\xc3(", FFFD "(", NULL},
	{"\xc0\xaf", FFFD FFFD, NULL},                   /* overlong */
	{"\xe0\x9f\xbf", FFFD FFFD FFFD, NULL},          /* overlong */
	{"\xed\xa0\x80", FFFD FFFD FFFD, NULL},          /* surrogate */
	{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, NULL}, /* beyond U+10FFFF */
	{"\xf5\x80", FFFD FFFD, NULL},
	{"\xe2\x82"
	 "A",
	 FFFD "A", NULL}, /* cut: one for the whole part */
	{"\xf0\x9f\x93", FFFD, NULL},
	{"\xf0\x9f\x93\xf0\x9f\x93\xa7", FFFD "\xf0\x9f\x93\xa7", NULL},
	{FFFD, FFFD, NULL},
};

static void rendered(const struct outbuf *b, const char *want)
{
	assert_false(b->failed);
	assert_int_equal(b->n, strlen(want));
	assert_memory_equal(b->n ? b->p : "", want, b->n);
}

static void rows_come_out_as_written(void **state)
{
	(void)state;
	struct outbuf b = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b.n = 0;
		escape_json(&b, bytes_str(rows[i].in));
		rendered(&b, rows[i].json);
		b.n = 0;
		escape_text(&b, bytes_str(rows[i].in));
		rendered(&b, rows[i].text != NULL ? rows[i].text : rows[i].json);
	}
	outbuf_free(&b);
}

/* Of a reply; a line end anywhere else is written as what it is. */
static void lines_are_joined(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} lines[] = {
		{"", ""},
		{"closing", "closing"},
		{"one\ntwo", "one / two"},
		{"one\ntwo\nthree", "one / two / three"},
		{"\n\none\n\n\ntwo\n", "one / two"},
		{"\n", ""},
		{"a\r\nb\033[2J\n\xff", "a\\u000d / b\\u001b[2J / " FFFD},
		{"caf\xc3\n\xa9",
		 "caf" FFFD " / " FFFD}, /* a character is not put together over a line end */
		{"a / b\nc", "a / b / c"},
	};
	struct outbuf b = {0};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		b.n = 0;
		escape_lines(&b, bytes_str(lines[i].in));
		rendered(&b, lines[i].out);
	}
	outbuf_free(&b);
}

static void each_byte_alone_and_in_a_word(void **state)
{
	(void)state;
	struct outbuf b = {0};
	char in[24], want[64];

	for (unsigned c = 0; c < 256; c++)
		for (unsigned at = 0; at < 17; at++) {
			char one[8];

			snprintf(one, sizeof(one), "%c", (int)c);
			if (c < 0x20 || c == 0x7f)
				snprintf(one, sizeof(one), "\\u%04x", c);
			else if (c == '"' || c == '\\')
				snprintf(one, sizeof(one), "\\%c", (int)c);
			else if (c >= 0x80)
				snprintf(one, sizeof(one), FFFD);
			memset(in, 'x', sizeof(in));
			in[at] = (char)c;
			snprintf(want, sizeof(want), "%.*s%s%.*s", (int)at, "xxxxxxxxxxxxxxxxx",
				 one, 17 - (int)at, "xxxxxxxxxxxxxxxxx");
			b.n = 0;
			escape_json(&b, bytes_of(in, 18));
			rendered(&b, want);
		}
	outbuf_free(&b);
}

static void numbers(void **state)
{
	(void)state;
	struct outbuf b = {0};

	outbuf_number(&b, 0);
	outbuf_char(&b, ' ');
	outbuf_number(&b, UINT64_MAX);
	outbuf_char(&b, ' ');
	outbuf_grouped(&b, 999);
	outbuf_char(&b, ' ');
	outbuf_grouped(&b, 1000);
	outbuf_char(&b, ' ');
	outbuf_grouped(&b, 1234567);
	outbuf_char(&b, ' ');
	for (uint64_t v = 9; v < 100000; v = v * 10 + 9) {
		outbuf_number(&b, v);
		outbuf_char(&b, ' ');
		outbuf_number(&b, v + 1);
		outbuf_char(&b, ' ');
	}
	outbuf_seconds(&b, 3 * FRAME_SECOND + 250 * FRAME_MS);
	outbuf_char(&b, ' ');
	outbuf_seconds(&b, -1);
	rendered(&b, "0 18446744073709551615 999 1,000 1,234,567 9 10 99 100 999 1000 9999 10000 "
		     "99999 100000 3.250000 0.000000");
	outbuf_free(&b);
}

struct time_row {
	int64_t ns;
	const char *iso, *plain;
};

static const struct time_row times[] = {
	{0, "1970-01-01T00:00:00.000000Z", "1970-01-01 00:00:00 UTC"},
	{INT64_C(1795428003123456789), "2026-11-23T10:00:03.123456Z", "2026-11-23 10:00:03 UTC"},
	{INT64_C(1795478399999999999), "2026-11-23T23:59:59.999999Z", "2026-11-23 23:59:59 UTC"},
	{INT64_C(1795478400000000000), "2026-11-24T00:00:00.000000Z", "2026-11-24 00:00:00 UTC"},
	{INT64_C(1709208000000001000), "2024-02-29T12:00:00.000001Z", "2024-02-29 12:00:00 UTC"},
	{-1, "1969-12-31T23:59:59.999999Z", "1969-12-31 23:59:59 UTC"},
	{INT64_MAX, "2262-04-11T23:47:16.854775Z", "2262-04-11 23:47:16 UTC"},
	{INT64_MIN, "1677-09-21T00:12:43.145224Z", "1677-09-21 00:12:43 UTC"},
	{0, "1970-01-01T00:00:00.000000Z", "1970-01-01 00:00:00 UTC"},
};

static void times_with_one_cache(void **state)
{
	(void)state;
	struct outbuf b = {0};
	struct stamp s = {0};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		b.n = 0;
		stamp_iso(&s, &b, times[i].ns);
		rendered(&b, times[i].iso);
		b.n = 0;
		stamp_plain(&s, &b, times[i].ns);
		rendered(&b, times[i].plain);
	}
	outbuf_free(&b);
}

static const struct time_row local_times[] = {
	{INT64_C(1795428003123456789), "2026-11-23T10:00:03.123456Z", "2026-11-23 11:00:03 +0100"},
	{INT64_C(1782863999000000000), "2026-06-30T23:59:59.000000Z", "2026-07-01 01:59:59 +0200"},
	/* The clock goes from 02:00 to 03:00, and back. */
	{INT64_C(1774745999000000000), "2026-03-29T00:59:59.000000Z", "2026-03-29 01:59:59 +0100"},
	{INT64_C(1774746000000000000), "2026-03-29T01:00:00.000000Z", "2026-03-29 03:00:00 +0200"},
	{INT64_C(1792889999000000000), "2026-10-25T00:59:59.000000Z", "2026-10-25 02:59:59 +0200"},
	{INT64_C(1792890000000000000), "2026-10-25T01:00:00.000000Z", "2026-10-25 02:00:00 +0100"},
	{-1, "1969-12-31T23:59:59.999999Z", "1970-01-01 00:59:59 +0100"},
	{INT64_MAX, "2262-04-11T23:47:16.854775Z", "2262-04-11 23:47:16 +0200"},
};

/* Last, because there is no way back to UTC. */
static void times_of_a_zone(void **state)
{
	(void)state;
	struct outbuf b = {0};
	struct stamp s = {0};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	assert_false(stamp_is_local());
	stamp_local();
	assert_true(stamp_is_local());
	for (size_t i = 0; i < sizeof(local_times) / sizeof(local_times[0]); i++) {
		b.n = 0;
		stamp_plain(&s, &b, local_times[i].ns);
		rendered(&b, local_times[i].plain);
		b.n = 0;
		stamp_iso(&s, &b, local_times[i].ns);
		rendered(&b, local_times[i].iso);
	}
	outbuf_free(&b);
	setenv("TZ", "<-0930>9:30", 1);
	stamp_local();
	s = (struct stamp){0};
	stamp_plain(&s, &b, 0);
	rendered(&b, "1969-12-31 14:30:00 -0930");
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_out_as_written),      cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(each_byte_alone_and_in_a_word), cmocka_unit_test(numbers),
		cmocka_unit_test(times_with_one_cache),          cmocka_unit_test(times_of_a_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
