/* test_floods.c - what a flood may not do: push honest sessions out, or fill the outputs with what
 * was no session. tests/bench/floods has the same at full size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "lib/segments.h"
#include "lib/within.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

struct heard {
	unsigned sessions, clean;
};

static void on_session(void *arg, const struct record *r)
{
	struct heard *h = arg;
	h->sessions++;
	h->clean += r->judgement.verdict == VERDICT_CLEAN;
}

static struct monitor *monitor_make(void (*session)(void *, const struct record *), void *arg,
				    unsigned max_conns)
{
	struct monitor_config config = monitor_config_default();
	config.session = session;
	config.arg = arg;
	config.stream.max_conns = max_conns;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	return m;
}

/* The SYNs that have found no room in the table make no records; the server answers them, or it
 * does not. */
static void a_flood_of_syns_makes_no_records(void **state)
{
	enum { SYNS = 5000, TABLE = 100 };
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		struct heard h = {0};
		struct segments w = {0};
		struct monitor_stats stats;
		struct talk honest = talk_v4(&w, 1);
		talk_mail(&honest);
		for (unsigned i = 0; i < SYNS; i++) {
			struct talk t = talk_v4(&w, 2 + i);
			t.now = honest.now;
			talk_syn(&t);
			if (answered)
				talk_syn_ack(&t);
		}
		talk_close(&honest, SERVER);
		struct monitor *m = monitor_make(on_session, &h, TABLE);
		monitor_segments(m, w.packets, w.n);
		monitor_finish(m);
		monitor_stats(m, &stats);
		assert_int_equal(h.clean, 1);
		assert_int_equal(h.sessions, TABLE);
		assert_int_equal(stats.stream.evicted_half_open, SYNS + 1 - TABLE);
		monitor_free(m);
		segments_free(&w);
	}
}

static const char *const hello[] = {"220 mx ESMTP\r\n", "EHLO out\r\n", "250 mx\r\n"};

struct longest {
	size_t record;
	unsigned messages;
};

static void on_long_session(void *arg, const struct record *r)
{
	struct longest *l = arg;
	l->record = record_size(r);
	for (const struct transaction *t = r->session->first; t; t = t->next)
		l->messages++;
}

static void say_long(struct talk *t, enum side from, const char *verb, unsigned i)
{
	char text[1024], filler[300];
	memset(filler, 'a', sizeof filler - 1);
	filler[sizeof filler - 1] = '\0';
	snprintf(text, sizeof text, "%s:<%s%u@example.org>\r\n", verb, filler, i);
	talk_say(t, from, text);
}

/* Messages that are never accepted, each with more recipients than are kept: the record has its
 * bound all the same. */
static void the_longest_record_has_its_bound(void **state)
{
	enum { MESSAGES = 40, RCPTS = 40 };
	struct longest l = {0};
	struct segments w = {0};
	(void)state;
	struct talk t = talk_v4(&w, 1);
	talk_handshake(&t);
	for (size_t i = 0; i < 3; i++)
		talk_say(&t, i == 1 ? CLIENT : SERVER, hello[i]);
	for (unsigned i = 0; i < MESSAGES; i++) {
		say_long(&t, CLIENT, "MAIL FROM", i);
		talk_say(&t, SERVER, "250 ok\r\n");
		for (unsigned k = 0; k < RCPTS; k++) {
			say_long(&t, CLIENT, "RCPT TO", k);
			talk_say(&t, SERVER, "250 ok\r\n");
		}
		talk_say(&t, CLIENT, "DATA\r\n");
		talk_say(&t, SERVER, "354 go on\r\n");
		talk_say(&t, CLIENT, "x\r\n.\r\n");
		talk_say(&t, SERVER, "451 later\r\n");
	}
	struct monitor *m = monitor_make(on_long_session, &l, 10);
	monitor_segments(m, w.packets, w.n);
	monitor_finish(m);
	assert_int_equal(l.messages, SESSION_TRANSACTIONS);
	assert_within(l.record, RECORD_BYTES_MAX / 2, RECORD_BYTES_MAX);
	monitor_free(m);
	segments_free(&w);
}

struct starved {
	unsigned sessions, accused, unread;
};

static void on_starved_session(void *arg, const struct record *r)
{
	struct starved *h = arg;
	h->sessions++;
	h->accused += verdict_row(r->judgement.verdict)->severity != SEVERITY_NONE;
	h->unread += r->ending->unsure == UNSURE_NO_MEMORY;
	if (r->ending->unsure == UNSURE_NO_MEMORY)
		assert_int_equal(r->judgement.verdict, VERDICT_UNKNOWN);
}

/* Without memory for a session, its bytes were not read, and so nobody is accused: neither of
 * silence, nor because later replies are paired with earlier commands. */
static void without_memory_nobody_is_accused(void **state)
{
	enum { TALKS = 800, SIZES = 60, STEP = 16 << 10 };
	static struct talk talks[TALKS];
	static const char *const said[] = {"220 mx\r\n", "EHLO out\r\n", "250 mx\r\n", "NOOP\r\n",
					   "250 ok\r\n", "QUIT\r\n",     "221 bye\r\n"};
	struct segments w = {0};
	struct starved all = {0};
	(void)state;
	for (unsigned i = 0; i < TALKS; i++) {
		talks[i] = talk_v4(&w, 1 + i);
		talk_handshake(&talks[i]);
	}
	for (size_t line = 0; line < sizeof said / sizeof *said; line++)
		for (unsigned i = 0; i < TALKS; i++)
			talk_say(&talks[i], line % 2 ? CLIENT : SERVER, said[line]);
	for (unsigned i = 0; i < TALKS; i++)
		talk_close(&talks[i], SERVER);
	for (size_t size = 1; size <= SIZES; size++) {
		struct monitor_config config = monitor_config_default();
		config.session = on_starved_session;
		config.arg = &all;
		config.memory = size * STEP;
		struct monitor *m = monitor_new(&config);
		if (!m)
			continue;
		monitor_segments(m, w.packets, w.n);
		monitor_finish(m);
		monitor_free(m);
	}
	assert_true(all.sessions > TALKS);
	assert_true(all.unread > 0);
	assert_int_equal(all.accused, 0);
	segments_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_syns_makes_no_records),
		cmocka_unit_test(the_longest_record_has_its_bound),
		cmocka_unit_test(without_memory_nobody_is_accused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
