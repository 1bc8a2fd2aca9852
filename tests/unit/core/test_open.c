/* test_open.c - the open sessions that wait longest: which are listed, what is awaited, and that
 * one call looks at no more than it may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/deaf.h"
#include "lib/general.h"
#include "lib/segments.h"
#include "smtpwatch/monitor.h"

static void on_session(void *arg, const struct record *r)
{
	(void)arg;
	(void)r;
}

static struct open_sessions list;

static struct monitor *monitor_of(struct segments *w, unsigned max_conns)
{
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.stream.max_conns = max_conns;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	memset(&list, 0, sizeof list);
	monitor_segments(m, w->packets, w->n);
	return m;
}

static int by_wait(const void *a, const void *b)
{
	return open_session_compare(a, b);
}

/* The lines of `said` in turn, the server's first. */
static struct talk converse(struct segments *w, unsigned n, int64_t start, const char *const *said)
{
	struct talk t = talk_v4(w, n);
	t.now = start;
	talk_handshake(&t);
	for (enum side side = SERVER; *said; said++, side = side_other(side))
		talk_say(&t, side, *said);
	return t;
}

static const int64_t begin = 1767607200 * FRAME_SECOND;

#define BANNER "220 mx ESMTP\r\n"
#define MAIL                                                                                       \
	BANNER, "EHLO out\r\n", "250 mx\r\n", "MAIL FROM:<a@example.org>\r\n", "250 ok\r\n",       \
		"RCPT TO:<b@example.net>\r\n", "250 ok\r\n", "DATA\r\n"

static void what_is_awaited_is_told(void **state)
{
	static const struct {
		const char *said[12];
		enum awaited awaited;
		enum smtp_verb verb;
		enum stage stage;
	} rows[] = {
		{{NULL}, AWAITED_REPLY, SMTP_CONNECT, STAGE_CONNECT},
		{{BANNER}, AWAITED_COMMAND, 0, STAGE_CONNECT},
		{{BANNER, "EHLO out\r\n"}, AWAITED_REPLY, SMTP_EHLO, STAGE_EHLO},
		{{MAIL}, AWAITED_REPLY, SMTP_DATA, STAGE_DATA},
		{{MAIL, "354 go\r\n"}, AWAITED_MESSAGE, 0, STAGE_DATA},
		{{MAIL, "354 go\r\n", "x\r\n"}, AWAITED_MESSAGE, 0, STAGE_DATA},
		{{MAIL, "354 go\r\n", "x\r\n.\r\n"}, AWAITED_REPLY, SMTP_END, STAGE_END_OF_MESSAGE},
		{{BANNER, "EHLO out\r\n", "250-mx\r\n250 STARTTLS\r\n", "STARTTLS\r\n",
		  "220 go\r\n"},
		 AWAITED_TLS,
		 0,
		 STAGE_STARTTLS},
		{{BANNER, "EHLO out\r\n", "250-mx\r\n250 AUTH LOGIN\r\n", "AUTH LOGIN\r\n",
		  "334 VXNlcm5hbWU6\r\n", "dXNlcg==\r\n"},
		 AWAITED_REPLY,
		 SMTP_AUTH_LINE,
		 STAGE_AUTH},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct segments w = {0};
		struct talk t = converse(&w, 1, begin, rows[i].said);
		struct monitor *m = monitor_of(&w, 10);
		int64_t last = w.packets[w.n - 1].ts;
		monitor_open(m, last + 12 * FRAME_SECOND, &list);
		assert_true(list.told);
		assert_int_equal(list.n, 1);
		const struct open_session *o = &list.all[0];
		assert_int_equal(o->awaited, rows[i].awaited);
		assert_int_equal(o->awaited_verb, rows[i].verb);
		assert_int_equal(o->stage, rows[i].stage);
		assert_int_equal(o->start, w.packets[0].ts);
		if (*rows[i].said)
			assert_int_equal((list.now - o->since) / FRAME_SECOND, 12);
		assert_int_equal(o->bytes[CLIENT], t.next[CLIENT] - t.isn[CLIENT] - 1);
		assert_int_equal(o->bytes[SERVER], t.next[SERVER] - t.isn[SERVER] - 1);
		monitor_free(m);
		segments_free(&w);
	}
}

static const char *const greeted[] = {BANNER, "EHLO out\r\n", NULL};

/* So many sessions of which each begins a second before the one that was made before. */
static struct segments sessions_make(unsigned n)
{
	struct segments w = {0};
	for (unsigned i = 0; i < n; i++)
		converse(&w, i + 1, begin + (int64_t)i * 1000, greeted);
	/* The last ones wait longest. */
	for (size_t i = 0; i < w.n / 5; i++)
		for (size_t j = 0; j < 5; j++)
			w.packets[5 * i + j].ts = begin - (int64_t)i * 1000;
	return w;
}

/* Asserts that those n that were made last are listed. */
static void assert_last(unsigned made)
{
	assert_int_equal(list.n, OPEN_SESSIONS);
	qsort(list.all, list.n, sizeof *list.all, by_wait);
	for (unsigned i = 0; i < OPEN_SESSIONS; i++)
		assert_int_equal(list.all[i].since, begin - (int64_t)(made - 1 - i) * 1000);
}

static void those_that_wait_longest_are_listed(void **state)
{
	enum { N = 1000 };
	struct segments w = sessions_make(N);
	struct monitor *m = monitor_of(&w, 2 * N);
	(void)state;
	monitor_open(m, begin, &list);
	assert_int_equal(list.open, N);
	assert_last(N);
	/* Listed again, not twice. */
	monitor_open(m, begin, &list);
	assert_last(N);
	monitor_free(m);
	segments_free(&w);
}

static void one_call_looks_at_so_many(void **state)
{
	enum { N = 3 * OPEN_LOOKS - 100 };
	struct segments w = sessions_make(N);
	struct monitor *m = monitor_of(&w, N);
	(void)state;
	monitor_open(m, begin, &list);
	assert_int_equal(list.at, OPEN_LOOKS);
	assert_last(OPEN_LOOKS);
	monitor_open(m, begin, &list);
	assert_last(2 * OPEN_LOOKS);
	monitor_open(m, begin, &list);
	assert_last(N);
	assert_int_equal(list.at, 0);
	monitor_free(m);
	segments_free(&w);
}

/* What was awaited came, or the session is over. */
static void what_waits_no_longer_is_listed_anew(void **state)
{
	struct segments w = {0};
	struct talk t = converse(&w, 1, begin, greeted), other = converse(&w, 2, begin, greeted);
	(void)state;
	struct monitor *m = monitor_of(&w, 10);
	monitor_open(m, begin, &list);
	assert_int_equal(list.n, 2);
	size_t from = w.n;
	t.now = other.now = begin + FRAME_SECOND;
	talk_say(&t, SERVER, "250 mx\r\n");
	talk_rst(&other, CLIENT);
	monitor_segments(m, w.packets + from, w.n - from);
	monitor_open(m, begin + FRAME_SECOND, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.all[0].awaited, AWAITED_COMMAND);
	assert_true(list.all[0].since >= begin + FRAME_SECOND);
	monitor_finish(m);
	monitor_open(m, begin + FRAME_SECOND, &list);
	assert_int_equal(list.n, 0);
	monitor_free(m);
	segments_free(&w);
}

/* The engine tells connections that are open, and NULL beyond its table. */
static void the_engine_tells_what_is_open(void **state)
{
	struct segments w = {0};
	struct talk t = converse(&w, 1, begin, greeted), other = converse(&w, 2, begin, greeted);
	struct stream_config config = stream_config_default();
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream *s = stream_native.new(&config, pool, &deaf, NULL);
	const struct conn *out[4];
	(void)state;
	talk_rst(&other, CLIENT);
	stream_native.segments(s, w.packets, w.n);
	assert_int_equal(stream_native.open(s, 0, 4, out), 2);
	assert_non_null(out[0]);
	assert_int_equal(out[0]->port[CLIENT], t.port[CLIENT]);
	assert_null(out[1]);
	assert_null(out[2]);
	assert_int_equal(stream_native.open(s, UINT32_MAX, 1, out), 2);
	assert_null(out[0]);
	stream_native.finish(s);
	stream_native.free(s);
	pool_free(pool);
	segments_free(&w);
}

static void a_flood_of_syns_pushes_none_out(void **state)
{
	struct segments w = {0};
	(void)state;
	for (unsigned i = 0; i < 5 * OPEN_SESSIONS; i++) {
		struct talk t = talk_v4(&w, 10 + i);
		t.now = begin;
		talk_syn(&t);
	}
	converse(&w, 1, begin + FRAME_SECOND, greeted);
	struct monitor *m = monitor_of(&w, 2000);
	monitor_open(m, begin + 2 * FRAME_SECOND, &list);
	assert_int_equal(list.n, OPEN_SESSIONS);
	qsort(list.all, list.n, sizeof *list.all, by_wait);
	assert_int_equal(list.all[0].awaited, AWAITED_REPLY);
	assert_int_equal(list.all[0].awaited_verb, SMTP_EHLO);
	assert_int_equal(list.all[1].awaited, AWAITED_HANDSHAKE);
	monitor_free(m);
	segments_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_awaited_is_told),
		cmocka_unit_test(those_that_wait_longest_are_listed),
		cmocka_unit_test(one_call_looks_at_so_many),
		cmocka_unit_test(what_waits_no_longer_is_listed_anew),
		cmocka_unit_test(the_engine_tells_what_is_open),
		cmocka_unit_test(a_flood_of_syns_pushes_none_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
