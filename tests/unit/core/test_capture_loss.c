/* test_capture_loss.c - what the kernel dropped: the list of spans, and what becomes of verdicts
 * that rest on something that did not come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/capture_loss.h"
#include "lib/build.h"
#include "lib/weather.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <stdio.h>

static void spans_are_found(void **state)
{
	struct capture_loss d = {0};
	(void)state;
	capture_loss_add(&d, 100, 200, 3);
	capture_loss_add(&d, 200, 300, 0);
	capture_loss_add(&d, 400, 500, 5);
	assert_int_equal(d.n, 2);
	assert_int_equal(capture_loss_within(&d, 0, 99), 0);
	assert_int_equal(capture_loss_within(&d, 0, 100), 3);
	assert_int_equal(capture_loss_within(&d, 150, 160), 3);
	assert_int_equal(capture_loss_within(&d, 201, 399), 0);
	assert_int_equal(capture_loss_within(&d, 200, 400), 8);
	assert_int_equal(capture_loss_within(&d, 501, 900), 0);
}

/* Less exact, but never fewer than there were. */
static void the_list_is_bounded(void **state)
{
	struct capture_loss d = {0};
	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		capture_loss_add(&d, i * 10, i * 10 + 5, 1);
	assert_int_equal(d.n, LOSS_SPANS);
	assert_int_equal(capture_loss_within(&d, 0, 100000), 1000);
	assert_int_equal(capture_loss_within(&d, 9990, 9999), 1);
	assert_int_equal(capture_loss_within(&d, 9996, 9999), 0);
	assert_true(capture_loss_within(&d, 0, 5) >= 1);
}

static void a_clock_that_is_stepped_back_loses_none(void **state)
{
	struct capture_loss d = {0};
	(void)state;
	capture_loss_add(&d, 500, 400, 2);
	assert_int_equal(capture_loss_within(&d, 450, 450), 2);
}

struct told {
	enum verdict verdict;
	enum fate fate;
	uint64_t drops;
	char reason[256];
	unsigned sessions;
};

static void take(void *arg, const struct record *r)
{
	struct told *t = arg;
	t->sessions++;
	t->verdict = r->judgement.verdict;
	t->drops = r->kernel_drops;
	t->fate = r->session->first ? r->session->first->fate : FATES;
	verdict_reason(r->ending, &r->judgement, t->reason, sizeof t->reason);
}

/* When the news comes: before all frames, or after them, when the session has closed but is not
 * released yet. */
static struct told judge(const char *name, uint64_t drops, bool late)
{
	char path[128], why[SCENARIO_WHY];
	struct told t = {.sessions = 0};
	snprintf(path, sizeof path, "tests/scenarios/%s.smtp", name);
	struct scenario *s = scenario_read(path, why);
	assert_non_null(s);
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weathers, 1);
	struct monitor_config config = monitor_config_default();
	config.session = take;
	config.arg = &t;
	struct monitor *m = monitor_new(&config);
	int64_t first = f.frame[0].ts, last = f.frame[f.n - 1].ts;
	if (!late)
		monitor_capture_loss(m, first, last, drops);
	monitor_frames(m, f.frame, f.n);
	if (late && t.sessions == 0)
		monitor_capture_loss(m, first, last, drops);
	monitor_finish(m);
	monitor_free(m);
	frames_free(&f);
	trace_free(&trace);
	scenario_free(s);
	assert_int_equal(t.sessions, 1);
	return t;
}

static void what_rests_on_absence_is_unknown(void **state)
{
	static const struct {
		const char *name;
		enum verdict whole;
	} rows[] = {
		{"vanished-dot", VERDICT_SERVER_VANISHED},
		{"vanished-body", VERDICT_SERVER_VANISHED},
		{"client-gave-up-rst", VERDICT_CLIENT_GAVE_UP},
		{"client-drop-in-body-rst", VERDICT_CLIENT_DROP_IN_MESSAGE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(judge(rows[i].name, 0, false).verdict, rows[i].whole);
		for (int late = 0; late < 2; late++) {
			struct told t = judge(rows[i].name, 7, late != 0);
			assert_int_equal(t.verdict, VERDICT_UNKNOWN);
			assert_int_equal(t.drops, 7);
			assert_int_equal(t.fate, FATE_UNKNOWN);
			assert_non_null(strstr(t.reason, "the kernel dropped 7 packets"));
		}
	}
}

/* Sequence numbers prove that nothing is missing before it. */
static void what_was_seen_stands(void **state)
{
	static const struct {
		const char *name;
		enum verdict verdict;
	} rows[] = {
		{"221-for-message", VERDICT_221_FOR_MESSAGE},
		{"drop-dot", VERDICT_DROP_AFTER_MESSAGE},
		{"drop-body-rst", VERDICT_DROP_IN_MESSAGE},
		{"client-gave-up", VERDICT_CLIENT_GAVE_UP},
		{"clean-rst", VERDICT_CLEAN},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = judge(rows[i].name, 7, false);
		assert_int_equal(t.verdict, rows[i].verdict);
		assert_int_equal(t.drops, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_found),
		cmocka_unit_test(the_list_is_bounded),
		cmocka_unit_test(a_clock_that_is_stepped_back_loses_none),
		cmocka_unit_test(what_rests_on_absence_is_unknown),
		cmocka_unit_test(what_was_seen_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
