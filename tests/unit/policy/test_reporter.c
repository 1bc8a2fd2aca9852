/* test_reporter.c - the one report of a session: redacted, judged, grouped and numbered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/made.h"
#include "policy/reporter.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"

#include <string.h>

static struct reporter *reporter(struct made *m)
{
	struct reporter *p = reporter_new(&(struct reporter_config){
		.alerting = &m->alerting, .redaction = {.mode = REDACT_ALL}});
	assert_non_null(p);
	return p;
}

static void a_report_is_redacted_and_judged(void **state)
{
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_CUT, "alice@example.org", "bob@example.net");
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	struct reporter *p = reporter(&m);
	const struct report *r = reporter_report(p, &m.record, "eth0");
	assert_true(report_raises(r, VERDICT_221_FOR_MESSAGE));
	assert_string_equal(r->input, "eth0");
	assert_null(r->pcap);
	assert_int_equal(r->number, 1);
	struct bytes from = strings_find(&r->record.session->first->strings, STRING_FROM).text;
	assert_int_equal(from.n, 0);
	assert_int_equal(strings_find(&m.record.session->first->strings, STRING_FROM).text.n,
			 strlen("alice@example.org"));
	reporter_free(p);
	made_free(&m);
}

/* Of two sessions of one event the second raises no alert of its verdict. */
static void an_event_raises_one_alert(void **state)
{
	struct made m;
	(void)state;
	made_init(&m);
	made_verdict(&m, VERDICT_DROP_IN_TRANSACTION, 0);
	made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the server said so", NULL);
	m.record.together = 2;
	struct reporter *p = reporter(&m);
	assert_true(reporter_report(p, &m.record, "eth0")->raised != 0);
	struct report second = *reporter_report(p, &m.record, "eth0");
	assert_true(second.grouped);
	assert_int_equal(second.raised, 0);
	assert_int_equal(second.number, 2);
	m.record.end += 2 * FRAME_SECOND;
	assert_true(reporter_report(p, &m.record, "eth0")->raised != 0);
	reporter_free(p);
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_is_redacted_and_judged),
		cmocka_unit_test(an_event_raises_one_alert),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
