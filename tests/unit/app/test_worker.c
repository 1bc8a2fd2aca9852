/* test_worker.c - a worker on its own: alerts find room in a ring that others have filled, and an
 * interface that goes leaves its counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Compiled once more, with an interface of the test's in place of one of the system's. */
#define worker_new            tested_worker_new
#define worker_alerting       tested_worker_alerting
#define worker_give           tested_worker_give
#define worker_start          tested_worker_start
#define worker_watch_open     tested_worker_watch_open
#define worker_ring           tested_worker_ring
#define worker_beats          tested_worker_beats
#define worker_last           tested_worker_last
#define worker_frames_read    tested_worker_frames_read
#define worker_frames_dropped tested_worker_frames_dropped
#define worker_stop           tested_worker_stop
#define worker_done           tested_worker_done
#define worker_free           tested_worker_free
#define live_open             made_live_open
#define live_join             made_live_join
#define live_begin            made_live_begin
#define live_descriptor       made_live_descriptor
#define live_read             made_live_read
#define live_reason           made_live_reason
#define live_counts           made_live_counts
#define live_unread           made_live_unread
#define live_link             made_live_link
#define live_close            made_live_close
#include "app/worker.c"

#include "lib/made.h"
#include "smtpwatch/verdict.h"

struct live {
	struct live_counts counts;
	uint64_t unread;
};

static struct live interface;

int live_descriptor(const struct live *l)
{
	(void)l;
	return -1;
}

/* The last packets came, and were dropped, and then the interface went. */
int live_read(struct live *l, struct frame *frames, size_t n)
{
	(void)frames;
	(void)n;
	l->counts =
		(struct live_counts){.received = 1000, .dropped = 10, .dropped_by_interface = 1};
	return -1;
}

const char *live_reason(const struct live *l)
{
	(void)l;
	return "it went";
}

bool live_counts(struct live *l, struct live_counts *out)
{
	*out = l->counts;
	return true;
}

uint64_t live_unread(const struct live *l)
{
	return l->unread;
}

enum live_link live_link(const struct live *l)
{
	(void)l;
	return LIVE_UP;
}

void live_close(struct live *l)
{
	if (l != NULL)
		*l = (struct live){.counts.received = UINT64_MAX};
}

static struct worker *worker_make(void)
{
	struct monitor_config config = monitor_config_default();
	struct alerting alerting = alerting_default();
	struct worker *w;

	config.stream.max_conns = 100;
	w = worker_new(&config, 1, 0, &alerting);
	assert_non_null(w);
	return w;
}

static void an_interface_that_goes_leaves_its_counts(void **state)
{
	struct worker *w = worker_make();
	(void)state;

	interface = (struct live){.counts.received = 990, .unread = 40};
	worker_give(w, 0, &interface);
	look(w, 1);
	assert_int_equal(w->capture.received, 990);
	assert_int_equal(slot_read(w, &w->slots[0]), 0);
	assert_null(w->slots[0].live);
	assert_int_equal(w->capture.received, 1000);
	assert_int_equal(w->capture.dropped, 10 + 40); /* what nobody read is lost */
	assert_int_equal(w->capture.dropped_by_interface, 1);
	worker_free(w);
}

/* How many records of this verdict come out. */
static unsigned told(struct worker *w, enum verdict v)
{
	const struct record *r;
	unsigned n = 0;
	uint32_t kind;

	while ((r = ring_peek(w->ring, &kind)) != NULL) {
		n += kind == WORKER_RECORD && r->judgement.verdict == v;
		ring_release(w->ring);
	}
	return n;
}

static void an_alert_finds_room_in_a_full_ring(void **state)
{
	enum { FLOOD = 20000, ALERTS = 500 };
	struct worker *w = worker_make();
	struct made probe, alert;
	(void)state;

	made_init_bare(&probe);
	made_verdict(&probe, VERDICT_PROBE, 0);
	made_init(&alert);
	made_verdict(&alert, VERDICT_221_FOR_MESSAGE, 0);
	for (unsigned i = 0; i < FLOOD; i++)
		on_session(w, &probe.record);
	assert_true(w->capture.records_lost > 0);
	w->capture.records_lost = 0;
	for (unsigned i = 0; i < ALERTS; i++)
		on_session(w, &alert.record);
	assert_int_equal(w->capture.records_lost, 0);
	assert_int_equal(told(w, VERDICT_221_FOR_MESSAGE), ALERTS);
	made_free(&probe);
	made_free(&alert);
	worker_free(w);
}

/* A worker of which nobody reads waits for room in its ring, and is freed all the same. */
static void a_worker_ends_that_waits_for_room(void **state)
{
	struct worker *w = worker_make();
	(void)state;

	while (ring_reserve(w->ring, WORKER_STATS, 64, 0) != NULL)
		ring_commit(w->ring);
	alarm(60);
	assert_true(worker_start(w, 0));
	worker_stop(w);
	worker_free(w);
	alarm(0);
}

/* Nobody is told of open sessions but who asked; and never in the room that alerts need. */
static void open_sessions_are_sent_to_who_asked(void **state)
{
	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		struct worker *w = worker_make();
		const struct open_sessions *o;
		unsigned n = 0;
		uint32_t kind;
		assert_true(!asked || worker_watch_open(w));
		look(w, stats_interval);
		while ((o = ring_peek(w->ring, &kind)) != NULL) {
			n += kind == WORKER_OPEN && o->told && o->n == 0;
			ring_release(w->ring);
		}
		assert_int_equal(n, asked);
		while (ring_reserve(w->ring, WORKER_STATS, 64, RING_SPARE) != NULL)
			ring_commit(w->ring);
		look(w, 2 * stats_interval);
		while (ring_peek(w->ring, &kind) != NULL) {
			assert_int_not_equal(kind, WORKER_OPEN);
			ring_release(w->ring);
		}
		worker_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_that_goes_leaves_its_counts),
		cmocka_unit_test(an_alert_finds_room_in_a_full_ring),
		cmocka_unit_test(a_worker_ends_that_waits_for_room),
		cmocka_unit_test(open_sessions_are_sent_to_who_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
