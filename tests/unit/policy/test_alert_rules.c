/* test_alert_rules.c - what is an alert: the operator's severities, slow answers, and sessions that
 * are one event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "format/alert_list.h"
#include "lib/made.h"
#include "policy/alert_kind.h"
#include "policy/group.h"
#include "smtpwatch/cause.h"

struct acceptance_row {
	struct ending ending;
	int64_t answered; /* the wait of the one message; 0: it has no reply */
	bool hole;
	uint32_t omitted;
	uint64_t gap;
	int64_t limit;
	bool slow;
};

#define OPEN .end_unanswered = true, .waited = 300 * FRAME_SECOND

static const struct acceptance_row acceptances[] = {
	{.answered = 60 * FRAME_SECOND, .limit = 60 * FRAME_SECOND, .slow = true},
	{.answered = 60 * FRAME_SECOND - 1, .limit = 60 * FRAME_SECOND, .slow = false},
	{.answered = 600 * FRAME_SECOND, .limit = 0, .slow = false},
	{.answered = 600 * FRAME_SECOND, .hole = true, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN}, .limit = 60 * FRAME_SECOND, .slow = true},
	{{OPEN, .unsure = UNSURE_SERVER_GAP}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN, .unsure = UNSURE_CAPTURE_END}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN, .vanished = true}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{.slowest_reply = 90 * FRAME_SECOND},
	 .omitted = 1,
	 .limit = 60 * FRAME_SECOND,
	 .slow = true},
	{{.slowest_reply = 90 * FRAME_SECOND},
	 .omitted = 1,
	 .gap = 1,
	 .limit = 60 * FRAME_SECOND,
	 .slow = false},
	{{.slowest_reply = 90 * FRAME_SECOND}, .limit = 60 * FRAME_SECOND, .slow = false},
};

static void what_is_a_slow_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acceptances) / sizeof(acceptances[0]); i++) {
		const struct acceptance_row *row = &acceptances[i];
		struct made m;
		struct transaction *t;

		made_init(&m);
		m.ending = row->ending;
		t = made_slow_message(&m, row->answered);
		t->answered = row->answered != 0;
		t->hole = row->hole;
		m.info.transactions_omitted = row->omitted;
		m.conn.flow[SERVER].gap = row->gap;
		m.alerting.limits.slow_acceptance = row->limit;
		made_report(&m);
		if (report_raises(&m.report, ALERT_SLOW_ACCEPTANCE) != row->slow)
			fail_msg("row %zu", i);
		assert_int_equal(m.report.also,
				 row->slow ? UINT64_C(1) << ALERT_SLOW_ACCEPTANCE : 0);
		made_free(&m);
	}
}

static void the_operators_severities(void **state)
{
	(void)state;
	struct alerting a = alerting_default();
	const struct ending nothing = {0};
	struct judgement j = {VERDICT_221_FOR_MESSAGE, UINT64_C(1) << VERDICT_DROP_IN_MESSAGE}, out;

	out = alerting_judge(&a, &nothing, j);
	assert_int_equal(out.verdict, VERDICT_221_FOR_MESSAGE);
	assert_true(alerting_set(&a, "221-for-message=none", NULL));
	out = alerting_judge(&a, &nothing, j);
	assert_int_equal(out.verdict, VERDICT_DROP_IN_MESSAGE);
	assert_int_equal(out.also, UINT64_C(1) << VERDICT_221_FOR_MESSAGE);
	assert_true(alerting_set(&a, "221-for-message=error", NULL));
	assert_int_equal(alerting_judge(&a, &nothing, j).verdict, VERDICT_221_FOR_MESSAGE);
	assert_true(a.of[VERDICT_221_FOR_MESSAGE] >= a.min);
	assert_false(a.of[VERDICT_CLEAN] >= a.min);
	assert_false(alerting_set(&a, "221-for-message", NULL));
	assert_false(alerting_set(&a, "nonsense=error", NULL));
	assert_false(alerting_set(&a, "clean=awful", NULL));
}

/* A session of the server 198.51.100.25 that ended with others: its verdict, its cause, how long
 * after the first, and whether an alert counts it already. */
struct event_row {
	enum verdict verdict;
	enum cause_id cause;
	int64_t after;
	uint32_t together;
	bool other_server, grouped;
};

static const struct event_row events[] = {
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, 0, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, true},
	{VERDICT_DROP_BETWEEN_MESSAGES, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_BETWEEN_MESSAGES, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, true},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SHUTDOWN, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_POLICY, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_UNEXPLAINED, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 1, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, true, false},
	{VERDICT_CLEAN, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_CLEAN, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND, 12, false, true},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND + 1, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, 2 * FRAME_SECOND, 12, false, true},
};

static void sessions_of_one_event(void **state)
{
	(void)state;
	static struct grouping g;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct event_row *row = &events[i];
		struct made m;
		bool alert;

		made_init(&m);
		m.record.end += row->after;
		m.record.together = row->together;
		m.conn.addr[SERVER].b[15] += row->other_server;
		made_cause(&m, row->cause, CONFIDENCE_LIKELY, NULL, NULL);
		made_verdict(&m, row->verdict, 0);
		alert = m.report.raised != 0;
		grouping_apply(&g, &m.report);
		if (m.report.grouped != row->grouped ||
		    (m.report.raised != 0) != (alert && !row->grouped))
			fail_msg("row %zu", i);
		made_free(&m);
	}
}

/* More events than are remembered: each is told, and none is taken for another. */
static void more_events_than_are_kept(void **state)
{
	(void)state;
	static struct grouping g;

	for (unsigned i = 0; i < 3 * GROUPING_EVENTS; i++) {
		struct made m;

		made_init(&m);
		m.conn.addr[SERVER].b[15] = (uint8_t)i;
		m.record.together = 2;
		made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, NULL, NULL);
		made_report(&m);
		grouping_apply(&g, &m.report);
		assert_false(m.report.grouped);
		grouping_apply(&g, &m.report);
		assert_true(m.report.grouped);
		made_free(&m);
	}
}

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL) {
		fputs(text, stderr); /* which may be too long for cmocka */
		fail_msg("not there: %s", want);
	}
}

static void signatures_have_names(void **state)
{
	(void)state;
	struct alerting a = alerting_default();
	struct outbuf b = {0};

	assert_true(alerting_set(&a, "slow-acceptance=error", NULL));
	alert_list_put(&b, &a);
	outbuf_char(&b, '\0');
	for (unsigned s = 0; s < ALERT_KINDS; s++) {
		assert_int_equal(alert_kind_read(alert_kind_row(s)->id), s);
		has(b.p, alert_kind_row(s)->headline);
	}
	has(b.p, "\ndelays, whatever the ending:\n  slow-acceptance          error     the server "
		 "was slow ");
	assert_int_equal(alert_kind_read("x"), ALERT_KINDS);
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_a_slow_answer),
		cmocka_unit_test(the_operators_severities),
		cmocka_unit_test(sessions_of_one_event),
		cmocka_unit_test(more_events_than_are_kept),
		cmocka_unit_test(signatures_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
