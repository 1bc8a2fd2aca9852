/* test_floods.c - what a flood may not do: push honest sessions out, or fill the outputs with what was no session. tests/bench/flood.c has the same at full size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/monitor.h"
#include "lib/segments.h"

struct heard {
	unsigned sessions, clean;
};

static void on_session(void *arg, const struct record *r)
{
	struct heard *h = arg;
	h->sessions++;
	h->clean += r->judgement.verdict == VERDICT_CLEAN;
}

static struct monitor *monitor_make(struct heard *h, unsigned max_conns)
{
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.arg = h;
	config.stream.max_conns = max_conns;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	return m;
}

/* The SYNs that have found no room in the table make no records; the server answers them, or it does not. */
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
		struct monitor *m = monitor_make(&h, TABLE);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_syns_makes_no_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
