/* test_ehlo_cache.c - replies to EHLO that come from the cache say what they said line by line: of
 * each reply, of each with another byte in it, and in whole sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/source.h"
#include "core/dialogue/ehlo_cache.h"
#include "core/session/trace.h"
#include "core/smtp/line.h"
#include "lib/build.h"
#include "lib/weather.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/monitor.h"

#include <glob.h>
#include <stdio.h>

/* The definition: lines as line_next and smtp_reply_read have them, until one is not ordinary. */
static struct ehlo_lines read_by_line(struct pool *pool, struct bytes in)
{
	struct ehlo_lines lines = {.n = 0};
	struct line l = {0};
	struct line_out out;
	const size_t all = in.n;
	while (all <= EHLO_CACHED_MAX && all >= 8 && line_next(&l, pool, &in, &out) && !out.flaws) {
		struct smtp_reply r = smtp_reply_read(out.text);
		if (r.code != 250 || !r.more || out.text.n == 4 || smtp_enhanced_begins(r.text) ||
		    r.enhanced.class)
			break;
		smtp_offer_add(&lines.offer, r.text);
		lines.n = all - in.n;
	}
	line_reset(&l, pool);
	return lines;
}

static void assert_lines(struct ehlo_lines is, struct ehlo_lines want)
{
	assert_int_equal(is.n, want.n);
	assert_int_equal(is.offer.extensions, want.offer.extensions);
	assert_int_equal(is.offer.masked, want.offer.masked);
	assert_int_equal(is.offer.size, want.offer.size);
}

#define POSTFIX                                                                                    \
	"250-PIPELINING\r\n250-SIZE 10240000\r\n250-ETRN\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN"  \
	"\r\n250-8BITMIME\r\n250 CHUNKING\r\n"
#define TEN(text) text text text text text text text text text text

static const struct {
	const char *text;
	size_t n;
	struct smtp_offer offer;
} replies[] = {
	{POSTFIX,
	 sizeof POSTFIX - sizeof "250 CHUNKING\r\n",
	 {SMTP_EXT_PIPELINING | SMTP_EXT_SIZE | SMTP_EXT_ETRN | SMTP_EXT_STARTTLS | SMTP_EXT_AUTH |
		  SMTP_EXT_8BITMIME,
	  false, 10240000}},
	{"250-XXXXXXXA\r\n250-STARTTLS\r\n", 28, {SMTP_EXT_MASKED | SMTP_EXT_STARTTLS, true, 0}},
	{"250-STARTTLS\r\n250-XXXXXXXA\r\n", 28, {SMTP_EXT_MASKED | SMTP_EXT_STARTTLS, false, 0}},
	{"250-SIZE 7\r\n250-SIZE\r\n250-size 9\r\n250-SIZE x\r\n", 46, {SMTP_EXT_SIZE, false, 9}},
	{"250-DSN\r\n250-2.1.0 DSN\r\n250-HELP\r\n", 9, {SMTP_EXT_DSN, false, 0}},
	{"250-DSN\r\n250-\r\n250-HELP\r\n", 9, {SMTP_EXT_DSN, false, 0}},
	{"250-DSN\r\n250-HELP\n250-ETRN\r\n", 9, {SMTP_EXT_DSN, false, 0}},
	{"250-DSN\r\n251-HELP\r\n", 9, {SMTP_EXT_DSN, false, 0}},
	{"250-DSN\r\n250-HEL", 9, {SMTP_EXT_DSN, false, 0}},
	{"250 CHUNKING\r\n", 0, {0, false, 0}},
	{"250-\r\n", 0, {0, false, 0}},
	{"", 0, {0, false, 0}},
	{TEN("250-DSN and many other words, 48 bytes of them\r\n"),
	 EHLO_CACHED_MAX,
	 {SMTP_EXT_DSN, false, 0}},
	{TEN("250-DSN and many other words, 48 bytes of them\r\n") "2", 0, {0, false, 0}},
};

enum { REPLIES = sizeof replies / sizeof *replies, ROUNDS = 3 };

static void replies_are_read(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)1 << 20);
	struct ehlo_cache *c = ehlo_cache_new(pool);
	assert_non_null(c);
	for (size_t i = 0; i < ROUNDS * REPLIES; i++) {
		struct bytes text = bytes_str(replies[i % REPLIES].text);
		struct ehlo_lines want = {replies[i % REPLIES].offer, replies[i % REPLIES].n};
		assert_lines(read_by_line(pool, text), want);
		assert_lines(ehlo_cache_read(c, text), want);
	}
	pool_free(pool);
}

/* A reply that differs from one that is kept by one byte, or is shorter, is another reply. */
static void one_byte_makes_another_reply(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)1 << 20);
	struct ehlo_cache *c = ehlo_cache_new(pool);
	assert_non_null(c);
	static const uint8_t others[] = "\r\n\0- 0125XSD.";
	for (size_t r = 0; r < REPLIES; r++) {
		uint8_t text[EHLO_CACHED_MAX + 1];
		size_t n = strlen(replies[r].text);
		for (size_t i = 0; i < n * sizeof others; i++) {
			memcpy(text, replies[r].text, n);
			ehlo_cache_read(c, bytes_of(text, n));
			text[i / sizeof others] = others[i % sizeof others];
			for (int twice = 0; twice < 2; twice++)
				assert_lines(ehlo_cache_read(c, bytes_of(text, n)),
					     read_by_line(pool, bytes_of(text, n)));
			ehlo_cache_read(c, bytes_of(replies[r].text, n));
			struct bytes less = bytes_of(replies[r].text, i / sizeof others);
			assert_lines(ehlo_cache_read(c, less), read_by_line(pool, less));
		}
	}
	pool_free(pool);
}

/* Nobody who made a reply with the hash of another gets what the other offers. */
static void many_replies_share_the_places(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)1 << 20);
	struct ehlo_cache *c = ehlo_cache_new(pool);
	assert_non_null(c);
	for (unsigned i = 0; i < 5000; i++) {
		char text[64];
		unsigned size = 1 + i % 1000;
		int n = snprintf(text, sizeof text, "250-SIZE %u\r\n250 HELP\r\n", size);
		assert_int_equal(ehlo_cache_read(c, bytes_of(text, (size_t)n)).offer.size, size);
	}
	pool_free(pool);
}

static void no_memory_no_cache(void **state)
{
	(void)state;
	struct pool *pool = pool_new(4096);
	assert_null(ehlo_cache_new(pool));
	pool_free(pool);
}

/* What was recorded of sessions, as one number; and how many of them had extensions. */
struct heard {
	uint64_t sum;
	unsigned sessions, extended;
};

static void mix(struct heard *h, const void *p, size_t n)
{
	const uint8_t *at = p;
	for (size_t i = 0; i < n; i++)
		h->sum = (h->sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void mix_strings(struct heard *h, const struct strings *strings)
{
	struct string string;
	for (uint16_t pos = 0; strings_next(strings, &pos, &string);) {
		mix(h, &string.tag, sizeof string.tag);
		mix(h, &string.value, sizeof string.value);
		mix(h, string.text.p, string.text.n);
	}
}

static void on_session(void *arg, const struct record *r)
{
	struct heard *h = arg;
	const struct session_info *s = r->session;
	const uint64_t facts[] = {
		s->commands,
		s->replies,
		s->extensions,
		s->refusals,
		s->messages,
		s->flaws,
		s->last_code,
		s->farewell_code,
		s->last_enhanced.class,
		s->last_enhanced.subject,
		s->last_enhanced.detail,
		s->starttls,
		s->uncoded,
		s->size_limit,
		(uint64_t)s->ts_hello,
		(uint64_t)s->ts_hello_reply,
		s->surplus,
		s->skipped,
		r->judgement.verdict,
		r->judgement.also,
		r->cause->id,
		(uint64_t)r->end,
	};
	h->sessions++;
	h->extended += s->extensions != 0;
	mix(h, facts, sizeof facts);
	mix(h, s->fates, sizeof s->fates);
	mix_strings(h, &s->strings);
	for (const struct transaction *t = s->first; t; t = t->next)
		mix_strings(h, &t->strings);
}

static void on_event(void *arg, const struct conn *conn, const struct trace_event *e)
{
	(void)arg;
	(void)conn;
	(void)e;
}

/* A watched session is read line by line: it has no cache. */
static struct monitor *monitor_of(struct heard *h, struct trace_observer *observer)
{
	struct monitor_config config = monitor_config_default();
	config.any_port = true;
	config.session = on_session;
	config.arg = h;
	config.trace = observer;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	return m;
}

/* Two monitors that are shown the same frames: one reads line by line. */
struct pair {
	struct heard heard[2];
	struct trace_observer observer;
	struct monitor *monitor[2];
	int64_t last, shift;
};

static void pair_begin(struct pair *p)
{
	*p = (struct pair){.observer = {.event = on_event}};
	p->monitor[0] = monitor_of(&p->heard[0], NULL);
	p->monitor[1] = monitor_of(&p->heard[1], &p->observer);
}

/* first: of a capture. Each capture comes an hour behind the one before. */
static void pair_frame(struct pair *p, const struct frame *frame, bool first)
{
	struct frame f = *frame;
	if (first)
		p->shift = p->last + INT64_C(3600000000000) - f.ts;
	f.ts += p->shift;
	p->last = f.ts;
	monitor_frames(p->monitor[0], &f, 1);
	monitor_frames(p->monitor[1], &f, 1);
}

static void pair_end(struct pair *p, unsigned extended)
{
	for (int i = 0; i < 2; i++) {
		monitor_finish(p->monitor[i]);
		monitor_free(p->monitor[i]);
	}
	assert_int_equal(p->heard[0].sessions, p->heard[1].sessions);
	assert_true(p->heard[0].extended > extended);
	assert_true(p->heard[0].sum == p->heard[1].sum);
}

static void captures_say_the_same(void **state)
{
	(void)state;
	struct pair p;
	glob_t files;
	struct error why;
	bool usage;
	assert_int_equal(glob("pcaps/*.pcap*", 0, NULL, &files), 0);
	pair_begin(&p);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct source *s = source_open(files.gl_pathv[i], NULL, &why, &usage);
		struct frame f;
		assert_non_null(s);
		for (bool first = true; source_read(s, &f, 1, &why) > 0; first = false)
			pair_frame(&p, &f, first);
		source_close(s);
	}
	globfree(&files);
	pair_end(&p, 100);
}

/* A sanitizer makes a monitor a hundred times dearer: of so many scenarios one is read. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { EVERY = 20 };
#else
enum { EVERY = 1 };
#endif

/* Each in each weather: replies come whole, in pieces, late, twice. */
static void scenarios_say_the_same(void **state)
{
	(void)state;
	struct pair p;
	glob_t files;
	char why[SCENARIO_WHY];
	assert_int_equal(glob("tests/scenarios/*.smtp", 0, NULL, &files), 0);
	pair_begin(&p);
	for (size_t i = 0; i < files.gl_pathc; i += EVERY) {
		struct scenario *s = scenario_read(files.gl_pathv[i], why);
		assert_non_null(s);
		struct trace trace = build_trace(s);
		for (const struct weather *how = weathers; how->name; how++) {
			if (how->nids || !weather_suits(s, &trace, how))
				continue;
			struct frames frames = weather_frames(s, &trace, how, 1);
			for (size_t f = 0; f < frames.n; f++)
				pair_frame(&p, &frames.frame[f], f == 0);
			frames_free(&frames);
		}
		trace_free(&trace);
		scenario_free(s);
	}
	globfree(&files);
	pair_end(&p, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_read),
		cmocka_unit_test(one_byte_makes_another_reply),
		cmocka_unit_test(many_replies_share_the_places),
		cmocka_unit_test(no_memory_no_cache),
		cmocka_unit_test(captures_say_the_same),
		cmocka_unit_test(scenarios_say_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
