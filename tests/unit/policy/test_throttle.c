/* test_throttle.c - alerts that repeat: when they are told, in which sums, and that nothing is lost
 * by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "lib/made.h"
#include "lib/within.h"
#include "policy/alert_kind.h"
#include "policy/throttle.h"
#include "smtpwatch/frame.h"

#define S FRAME_SECOND
enum { START = 1795428000, SUMS = 4096, MINUTE = 60, HOUR = 3600, DAY = 86400 };

struct sum {
	int64_t at, since;
	uint64_t count;
	enum severity worst;
	uint16_t client; /* port of the latest */
	uint32_t messages;
};

/* A throttle, a session to give to it, and the sums it told. */
struct bench {
	struct throttle *throttle;
	struct made made;
	struct sum sums[SUMS];
	size_t n;
	uint64_t told, limited;
};

static void tell(void *arg, struct throttle_repeat *r)
{
	struct bench *b = arg;
	struct sum *sum = &b->sums[b->n++];

	assert_true(b->n <= SUMS);
	assert_string_equal(r->latest->input, b->made.input);
	*sum = (struct sum){.at = r->until / S - START,
			    .since = r->since / S - START,
			    .count = r->count,
			    .worst = r->worst,
			    .client = r->latest->record.conn->port[CLIENT]};
	for (const struct transaction *t = r->latest->record.session->first; t != NULL; t = t->next)
		sum->messages++;
}

static void bench_init(struct bench *b, int64_t first)
{
	memset(b, 0, sizeof(*b));
	b->throttle = throttle_new(first * S, tell, b);
	assert_non_null(b->throttle);
	made_init(&b->made);
}

static void bench_free(struct bench *b)
{
	throttle_free(b->throttle);
	made_free(&b->made);
}

/* A session that ends so many seconds after the start. Whether its verdict's alert is told. */
static bool session(struct bench *b, int64_t at)
{
	struct made *m = &b->made;
	bool alert;

	m->record.end = (START + at) * S;
	made_report(m);
	alert = m->report.raised != 0;
	throttle_apply(b->throttle, &m->report);
	b->told += m->report.raised != 0;
	b->limited += m->report.limited != 0;
	assert_true(!alert || (m->report.raised != 0) != (m->report.limited != 0));
	return m->report.raised != 0;
}

static void tick(struct bench *b, int64_t at)
{
	throttle_tick(b->throttle, (START + at) * S);
}

/* Each is another mail that its sender believes delivered; the next session without one is limited
 * as ever. */
static void the_loss_of_a_mail_is_never_limited(void **state)
{
	(void)state;
	struct bench b;
	bench_init(&b, MINUTE);
	assert_true(session(&b, 0));
	assert_false(session(&b, 1));
	struct transaction *t = made_message(&b.made, FATE_FALSELY_ACCEPTED, "a@x", "b@y");
	for (int64_t at = 2; at < 20; at++)
		assert_true(session(&b, at));
	t->fate = FATE_UNANSWERED;
	assert_false(session(&b, 20));
	assert_int_equal(b.limited, 2);
	bench_free(&b);
}

/* Sums come after 1, 2, 4 ... minutes, then once a day. */
static void intervals_double_up_to_a_day(void **state)
{
	(void)state;
	static const int64_t minutes[] = {1,
					  3,
					  7,
					  15,
					  31,
					  63,
					  127,
					  255,
					  511,
					  1023,
					  2047 /* 1024 minutes */,
					  2047 + 1440,
					  2047 + 2880};
	struct bench *b = malloc(sizeof(*b));
	uint64_t counted = 0;

	bench_init(b, MINUTE);
	for (int64_t at = 0; at < 5000 * MINUTE; at += 10) {
		tick(b, at);
		assert_int_equal(session(b, at), at == 0);
	}
	assert_int_equal(b->n, sizeof(minutes) / sizeof(minutes[0]));
	for (size_t i = 0; i < b->n; i++) {
		assert_int_equal(b->sums[i].at, minutes[i] * MINUTE);
		assert_int_equal(b->sums[i].since, i > 0 ? minutes[i - 1] * MINUTE : 0);
		assert_int_equal(b->sums[i].worst, SEVERITY_CRITICAL);
		counted += b->sums[i].count;
	}
	throttle_finish(b->throttle);
	assert_int_equal(b->n, sizeof(minutes) / sizeof(minutes[0]) + 1);
	assert_int_equal(counted + b->sums[b->n - 1].count, b->limited);
	throttle_finish(b->throttle);
	assert_int_equal(b->n, sizeof(minutes) / sizeof(minutes[0]) + 1);
	bench_free(b);
	free(b);
}

static void switched_off_each_is_told(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));

	bench_init(b, 0);
	for (int64_t at = 0; at < 100; at++)
		assert_true(session(b, at));
	tick(b, DAY);
	assert_int_equal(b->n, 0);
	bench_free(b);
	free(b);
}

/* A sum comes by the clock, also where nothing more happens, and shows the latest session. */
static void the_last_of_a_series_is_told(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));

	bench_init(b, MINUTE);
	made_message(&b->made, FATE_UNANSWERED, "a@example.org", "b@example.net");
	assert_true(session(b, 0));
	b->made.conn.port[CLIENT] = 50001;
	assert_false(session(b, 10));
	b->made.conn.port[CLIENT] = 50002;
	assert_false(session(b, 20));
	b->made.conn.port[CLIENT] = 50003; /* what is kept is a copy */
	tick(b, 59);
	assert_int_equal(b->n, 0);
	tick(b, 60);
	assert_int_equal(b->n, 1);
	assert_int_equal(b->sums[0].count, 2);
	assert_int_equal(b->sums[0].client, 50002);
	assert_int_equal(b->sums[0].messages, 1);
	tick(b, DAY);
	assert_int_equal(b->n, 1);
	bench_free(b);
	free(b);
}

struct pause_row {
	int64_t series; /* so many seconds of an alert each */
	int64_t pause;  /* then nothing */
	bool told;      /* whether the next one is told at once */
	int64_t sum;    /* if not: after so many more seconds */
};

static const struct pause_row pauses[] = {
	{1, 59, false, 1},        /* the minute is not over */
	{1, 3599, false, MINUTE}, /* still the same trouble */
	{1, HOUR, true, 0},
	{10 * HOUR, 2 * HOUR, false, 0}, /* within the interval of now 8.5 hours */
	{10 * HOUR, 40 * HOUR, true, 0},
};

static void after_a_pause_it_is_new(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		const struct pause_row *row = &pauses[i];
		int64_t at = 0;

		bench_init(b, MINUTE);
		for (; at < row->series; at++) {
			tick(b, at);
			session(b, at);
		}
		for (int64_t end = at - 1 + row->pause; at < end; at++)
			tick(b, at);
		b->n = 0;
		assert_int_equal(session(b, at), row->told);
		if (row->sum > 0) {
			tick(b, at + row->sum - 1);
			assert_int_equal(b->n, 0);
			tick(b, at + row->sum);
			assert_int_equal(b->n, 1);
		}
		bench_free(b);
	}
	free(b);
}

/* What makes it another alert. */
static void servers_ports_and_signatures_are_told_apart(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));

	bench_init(b, MINUTE);
	assert_true(session(b, 0));
	b->made.conn.port[SERVER] = 587;
	assert_true(session(b, 1));
	b->made.conn.addr[SERVER] = made_addr("2001:db8::25");
	assert_true(session(b, 2));
	made_verdict(&b->made, VERDICT_DROP_AFTER_MESSAGE, 0);
	assert_true(session(b, 3));
	assert_false(session(b, 4));
	/* two of one session: one is told, one is kept back */
	b->made.alerting.limits.slow_acceptance = S;
	made_slow_message(&b->made, 2 * S);
	b->made.record.end = (START + 5) * S;
	made_report(&b->made);
	throttle_apply(b->throttle, &b->made.report);
	assert_int_equal(b->made.report.raised, UINT64_C(1) << ALERT_SLOW_ACCEPTANCE);
	assert_int_equal(b->made.report.limited, UINT64_C(1) << VERDICT_DROP_AFTER_MESSAGE);
	bench_free(b);
	free(b);
}

/* With more servers than there is room for nothing is suppressed that no sum tells. */
static void a_full_table_tells_early(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));
	uint64_t sums = 0;

	bench_init(b, MINUTE);
	for (unsigned i = 0; i < 3 * THROTTLE_ALERTS; i++) {
		b->made.conn.port[SERVER] = (uint16_t)(1000 + i);
		assert_true(session(b, 0));
		assert_false(session(b, 0));
	}
	assert_int_equal(b->n, 2 * THROTTLE_ALERTS);
	throttle_finish(b->throttle);
	for (size_t i = 0; i < b->n; i++)
		sums += b->sums[i].count;
	assert_int_equal(sums, b->limited);
	bench_free(b);
	free(b);
}

static void a_clock_that_is_set_back_keeps_nothing_waiting(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));

	bench_init(b, MINUTE);
	tick(b, DAY);
	assert_true(session(b, DAY));
	assert_false(session(b, DAY + 1));
	tick(b, 0);
	assert_int_equal(b->n, 1);
	assert_false(session(b, 1));
	tick(b, 3 * MINUTE);
	assert_int_equal(b->n, 2);
	bench_free(b);
	free(b);
}

/* Of a session that is too long to be kept, everything but its messages. */
static void a_long_session_is_folded_too(void **state)
{
	(void)state;
	struct bench *b = malloc(sizeof(*b));
	char long_name[STRING_TEXT_MAX];

	bench_init(b, MINUTE);
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	for (unsigned i = 0; i < MADE_MESSAGES; i++) {
		struct transaction *t =
			made_message(&b->made, FATE_CUT, "a@example.org", "b@example.net");

		for (unsigned r = 0; r < 20; r++)
			made_string(&b->made, &t->strings, STRING_RCPT, 250, long_name);
	}
	made_report(&b->made);
	assert_true(record_size(&b->made.record) > THROTTLE_EXAMPLE);
	assert_true(session(b, 0));
	assert_false(session(b, 1));
	tick(b, MINUTE);
	assert_int_equal(b->n, 1);
	assert_int_equal(b->sums[0].messages, 0);
	bench_free(b);
	free(b);
}

static void rates_of_the_last_hour(void **state)
{
	(void)state;
	struct rates *r = rates_new();
	int64_t now = START * S;

	assert_int_equal(rates_hour(r, 7, now).sessions, 0);
	for (int minute = 0; minute < 180; minute++)
		rates_count(r, 7, now + minute * 60 * S, minute % 2);
	now += 179 * 60 * S;
	assert_within(rates_hour(r, 7, now).sessions, 55, 60);
	assert_within(rates_hour(r, 7, now).alerts, 27, 30);
	assert_int_equal(rates_hour(r, 6, now).sessions, 0);
	assert_within(rates_hour(r, 7, now + 1800 * S).sessions, 25, 30);
	assert_int_equal(rates_hour(r, 7, now + 3600 * S).sessions, 0);
	rates_count(r, 70000, now, 1);
	assert_int_equal(rates_hour(r, 70000, now).alerts, 1);
	/* set back: nothing is counted twice, nothing breaks */
	rates_count(r, 7, now - 7200 * S, 0);
	assert_within(rates_hour(r, 7, now).sessions, 55, 61);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_double_up_to_a_day),
		cmocka_unit_test(the_loss_of_a_mail_is_never_limited),
		cmocka_unit_test(switched_off_each_is_told),
		cmocka_unit_test(the_last_of_a_series_is_told),
		cmocka_unit_test(after_a_pause_it_is_new),
		cmocka_unit_test(servers_ports_and_signatures_are_told_apart),
		cmocka_unit_test(a_full_table_tells_early),
		cmocka_unit_test(a_clock_that_is_set_back_keeps_nothing_waiting),
		cmocka_unit_test(a_long_session_is_folded_too),
		cmocka_unit_test(rates_of_the_last_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
