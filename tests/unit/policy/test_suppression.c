/* test_suppression.c - the rules that hold alerts back: how they are read, which sessions they are
 * of and when, and that every alert is delivered or counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/made.h"
#include "policy/alert_kind.h"
#include "policy/suppression.h"
#include "smtpwatch/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The mistakes of a text, a line each. */
struct mistakes {
	unsigned n;
	char text[8192];
};

static void mistake_add(void *arg, unsigned line, const char *text)
{
	struct mistakes *m = arg;
	size_t n = strlen(m->text);
	m->n++;
	snprintf(m->text + n, sizeof m->text - n, "%u: %s\n", line, text);
}

static struct suppression *rules(const char *text)
{
	struct mistakes m = {0};
	struct suppression *s = suppression_read(bytes_str(text), mistake_add, &m);
	if (!s)
		fail_msg("%s: %s", text, m.text);
	return s;
}

static void a_mistake_is_named(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"server=1.2.3.4 until=never", "1: comment is missing, which says why\n"},
		{"# x\n\nserver=1.2.3.4 comment=x", "3: until is missing\n"},
		{"until=never comment=x",
		 "1: the rule would hold back every alert; it needs a condition, or from, days or "
		 "hours\n"},
		{"sever=1.2.3.4 until=never comment=x",
		 "1: \"sever\" is no word of a rule; did you mean server?\n"},
		{"server until=never comment=x", "1: server has no value; it reads server=VALUE\n"},
		{"server= until=never comment=x", "1: server is missing\n"},
		{"server=1.2.3.4 server=::1 until=never comment=x",
		 "1: server stands there twice\n"},
		{"server=mx until=never comment=x",
		 "1: server: \"mx\" is no address and no network\n"},
		{"client=1.2.3.4/33 until=never comment=x",
		 "1: client: \"/33\" is no length of a network\n"},
		{"client=1.2.3.4/ until=never comment=x",
		 "1: client: \"/\" is no length of a network\n"},
		{"client=1.2.3.4/24 until=never comment=x",
		 "1: client: the address has bits behind its /24\n"},
		{"sender=a@b until=never comment=x",
		 "1: sender: \"a@b\" is no domain; there are example.net, and *.example.net for "
		 "all below it\n"},
		{"verdict=nix until=never comment=x",
		 "1: verdict: \"nix\" is no verdict or other alert; --list-alerts shows them\n"},
		{"cause=nix until=never comment=x",
		 "1: cause: \"nix\" is no cause; docs/alerts.md has them\n"},
		{"days=mon-xyz until=never comment=x",
		 "1: days: \"mon-xyz\" are no days; a list reads mon-fri,sun\n"},
		{"hours=25:00-01:00 until=never comment=x",
		 "1: hours: \"25:00-01:00\" are no hours; they read 22:00-04:00, and end at 24:00 "
		 "at midnight\n"},
		{"server=::1 until=2026-02-30 comment=x",
		 "1: until: \"2026-02-30\" is no time; there are 2026-12-05 and 2026-12-05T22:00, "
		 "of the years 1970 to 2200\n"},
		{"from=2026-12-05T22:00 until=2026-12-05 comment=x",
		 "1: until is not after from\n"},
		{"server=::1 zone=cet until=never comment=x",
		 "1: zone: \"cet\" is neither utc nor local\n"},
		{"server=::1 lost-mail=1 until=never comment=x",
		 "1: lost-mail: \"1\" is neither yes nor no\n"},
		{"server=::1 until=never comment=a\033b",
		 "1: there is a control byte: this is no text\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mistakes m = {0};
		assert_null(suppression_read(bytes_str(rows[i].text), mistake_add, &m));
		assert_string_equal(m.text, rows[i].said);
	}
}

static void rules_and_lines_are_bounded(void **state)
{
	static const char rule[] = "server=::1 until=never comment=x\n";
	enum { ONE = sizeof rule - 1 };
	struct mistakes m = {0};
	char *text = calloc(SUPPRESSION_RULES + 2, ONE);
	char line[SUPPRESSION_LINE + 2];
	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i <= SUPPRESSION_RULES; i++)
		memcpy(text + i * ONE, rule, ONE);
	struct suppression *s =
		suppression_read(bytes_of(text, (size_t)SUPPRESSION_RULES * ONE), mistake_add, &m);
	assert_non_null(s);
	assert_int_equal(s->n, SUPPRESSION_RULES);
	suppression_free(s);
	assert_null(suppression_read(bytes_str(text), mistake_add, &m));
	assert_string_equal(m.text, "1025: there are more than 1024 rules\n");
	/* 100 mistakes. */
	m = (struct mistakes){0};
	for (size_t i = 0; i < 100; i++)
		memcpy(text + i * ONE, "Server", 6);
	assert_null(suppression_read(bytes_str(text), mistake_add, &m));
	assert_int_equal(m.n, SUPPRESSION_MISTAKES + 1);
	memset(line, 'x', sizeof line);
	memcpy(line, rule, ONE - 1);
	s = suppression_read(bytes_of(line, SUPPRESSION_LINE), mistake_add, &m);
	assert_non_null(s);
	suppression_free(s);
	m = (struct mistakes){0};
	assert_null(suppression_read(bytes_of(line, SUPPRESSION_LINE + 1), mistake_add, &m));
	assert_string_equal(m.text, "1: the line is longer than 1024 bytes\n");
	free(text);
}

/* A session with a message from alice@example.org to bob@example.net, which was cut. */
static void session_make(struct made *m)
{
	made_init(m);
	made_message(m, FATE_CUT, "alice@example.org", "bob@Example.net");
	made_cause(m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the server said so", NULL);
	made_verdict(m, VERDICT_DROP_IN_MESSAGE, 0);
	assert_true(m->report.raised != 0);
}

static bool holds_back(const char *text, struct made *m)
{
	struct suppression *s = rules(text);
	uint64_t raised;
	made_report(m);
	raised = m->report.raised;
	suppression_apply(s, &m->record, &m->report);
	assert_int_equal(m->report.raised | m->report.suppressed, raised);
	assert_int_equal(m->report.raised & m->report.suppressed, 0);
	assert_int_equal(s->rules[0].held, m->report.suppressed != 0);
	assert_true((m->report.suppression != NULL) == (m->report.suppressed != 0));
	suppression_free(s);
	return m->report.suppressed != 0;
}

static void all_conditions_must_hold(void **state)
{
	static const struct {
		const char *conditions;
		bool holds;
	} rows[] = {
		{"server=198.51.100.25", true},
		{"server=198.51.100.0/24", true},
		{"server=198.51.100.24/31", true},
		{"server=198.51.100.26/31", false},
		{"server=0.0.0.0/0", true},
		{"server=::/0", true},
		{"server=2001:db8::/32", false},
		{"server=192.0.2.10", false},
		{"client=192.0.2.10", true},
		{"client=192.0.2.11", false},
		{"sender=example.org", true},
		{"sender=example.net", false},
		{"recipient=EXAMPLE.NET", true},
		{"recipient=*.net", true},
		{"recipient=*.example.net", false},
		{"recipient=ample.net", false},
		{"verdict=drop-in-message", true},
		{"verdict=221-for-message", false},
		{"verdict=slow-acceptance", false},
		{"cause=shutdown", true},
		{"cause=server-crash", false},
		{"server=198.51.100.25 client=192.0.2.10 sender=example.org recipient=example.net "
		 "verdict=drop-in-message cause=shutdown",
		 true},
		{"server=198.51.100.25 client=192.0.2.10 sender=example.org recipient=example.com "
		 "verdict=drop-in-message cause=shutdown",
		 false},
	};
	struct made m;
	(void)state;
	session_make(&m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		snprintf(text, sizeof text, "%s until=never comment=known", rows[i].conditions);
		if (holds_back(text, &m) != rows[i].holds)
			fail_msg("%s", text);
	}
	made_free(&m);
}

/* One recipient of another domain is enough: nobody hides an alert by adding one. */
static void a_domain_must_be_that_of_all(void **state)
{
	static const char text[] = "recipient=example.net until=never comment=x";
	struct made m;
	(void)state;
	session_make(&m);
	assert_true(holds_back(text, &m));
	m.messages[0].strings.full = true;
	assert_false(holds_back(text, &m));
	m.messages[0].strings.full = false;
	made_message(&m, FATE_ACCEPTED, "alice@example.org", "carol@example.com");
	assert_false(holds_back(text, &m));
	assert_true(holds_back("sender=example.org until=never comment=x", &m));
	m.info.transactions_omitted = 1;
	assert_false(holds_back("sender=example.org until=never comment=x", &m));
	made_free(&m);
	made_init_bare(&m);
	made_verdict(&m, VERDICT_221_BEFORE_MESSAGE, 0);
	assert_false(holds_back(text, &m));
	made_free(&m);
}

static void a_lost_mail_takes_a_rule_that_says_so(void **state)
{
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_FALSELY_ACCEPTED, "alice@example.org", "bob@example.net");
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	assert_false(holds_back("server=0.0.0.0/0 until=never comment=x", &m));
	assert_false(holds_back("server=0.0.0.0/0 lost-mail=no until=never comment=x", &m));
	assert_true(holds_back("server=0.0.0.0/0 lost-mail=yes until=never comment=x", &m));
	made_free(&m);
}

/* The cause explains the verdict; a slow answer is an alert of its own. */
static void an_alert_beside_the_verdict_has_no_cause(void **state)
{
	struct made m;
	(void)state;
	session_make(&m);
	made_slow_message(&m, 120 * FRAME_SECOND);
	m.info.first = &m.messages[0];
	assert_true(holds_back("cause=shutdown until=never comment=x", &m));
	assert_true(report_raises(&m.report, ALERT_SLOW_ACCEPTANCE));
	assert_true(holds_back("verdict=slow-acceptance until=never comment=x", &m));
	assert_true(report_raises(&m.report, VERDICT_DROP_IN_MESSAGE));
	made_free(&m);
}

static int64_t at(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = year - 1900,
			.tm_mon = month - 1,
			.tm_mday = day,
			.tm_hour = hour,
			.tm_min = minute};
	return (int64_t)timegm(&tm) * FRAME_SECOND;
}

/* 2026-11-23 is a Monday. CET is UTC+1. */
static void windows_follow_the_calendar(void **state)
{
	static const struct {
		const char *window;
		int day, hour, minute;
		bool holds;
	} rows[] = {
		{"days=mon", 23, 0, 0, true},
		{"days=mon", 23, 23, 59, true},
		{"days=mon", 24, 0, 0, false},
		{"days=sat-mon,wed", 22, 12, 0, true},
		{"days=sat-mon,wed", 24, 12, 0, false},
		{"days=sat-mon,wed", 25, 12, 0, true},
		{"hours=02:00-04:00", 23, 1, 59, false},
		{"hours=02:00-04:00", 23, 2, 0, true},
		{"hours=02:00-04:00", 23, 4, 0, false},
		{"hours=22:00-24:00", 23, 23, 59, true},
		{"days=mon hours=22:00-04:00", 23, 3, 0, false},
		{"days=mon hours=22:00-04:00", 23, 22, 0, true},
		{"days=mon hours=22:00-04:00", 24, 3, 59, true},
		{"days=mon hours=22:00-04:00", 24, 4, 0, false},
		{"days=mon hours=22:00-04:00", 24, 22, 0, false},
		{"zone=local days=tue hours=00:00-01:00", 23, 23, 30, true},
		{"zone=local days=tue hours=00:00-01:00", 24, 0, 30, false},
		{"from=2026-11-23T10:00", 23, 9, 59, false},
		{"from=2026-11-23T10:00", 23, 10, 0, true},
		{"from=2026-11-23T10:00 zone=local", 23, 9, 0, true},
		{"zone=local from=2026-11-23T10:00", 23, 8, 59, false},
	};
	struct made m;
	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	session_make(&m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s until=never comment=x", rows[i].window);
		m.record.end = at(2026, 11, rows[i].day, rows[i].hour, rows[i].minute);
		if (holds_back(text, &m) != rows[i].holds)
			fail_msg("%s at %d %d:%02d", text, rows[i].day, rows[i].hour,
				 rows[i].minute);
	}
	made_free(&m);
	unsetenv("TZ");
	tzset();
}

static void an_end_ends(void **state)
{
	static const char text[] = "server=0.0.0.0/0 until=2026-11-23T10:00 comment=x";
	struct suppression *s = rules(text);
	struct made m;
	(void)state;
	session_make(&m);
	m.record.end = at(2026, 11, 23, 10, 0) - 1;
	assert_true(holds_back(text, &m));
	m.record.end++;
	assert_false(holds_back(text, &m));
	assert_null(suppression_expired(s, m.record.end - 1));
	assert_ptr_equal(suppression_expired(s, m.record.end), &s->rules[0]);
	assert_null(suppression_expired(s, m.record.end));
	suppression_free(s);
	made_free(&m);
}

static void counts_outlive_a_reload(void **state)
{
	static const char a[] = "server=0.0.0.0/0 until=never comment=a\n",
			  b[] = "client=10.0.0.0/8 until=never comment=b\n";
	char text[256];
	struct suppression *old = rules(a), *fresh;
	struct made m;
	(void)state;
	session_make(&m);
	suppression_apply(old, &m.record, &m.report);
	snprintf(text, sizeof text, "%s# moved\n%s%s", b, a, a);
	fresh = rules(text);
	suppression_continue(fresh, old);
	suppression_continue(fresh, NULL);
	suppression_continue(NULL, old);
	assert_int_equal(fresh->rules[0].held, 0);
	assert_int_equal(fresh->rules[1].held, 1);
	assert_int_equal(fresh->rules[1].line, 3);
	assert_int_equal(fresh->rules[2].held, 0);
	suppression_free(old);
	suppression_free(fresh);
	made_free(&m);
}

/* Whatever the rules and the sessions: an alert is delivered, or held back and counted once. */
static void every_alert_is_delivered_or_counted(void **state)
{
	static const char *const words[] = {
		"server=198.51.100.25",
		"server=10.0.0.0/8",
		"client=192.0.2.0/28",
		"recipient=example.net",
		"recipient=*.example.net",
		"sender=example.org",
		"verdict=drop-in-message",
		"verdict=slow-acceptance",
		"cause=shutdown",
		"hours=09:00-17:00",
		"days=mon-wed",
		"lost-mail=yes",
	};
	enum { WORDS = sizeof words / sizeof words[0] };
	uint64_t held = 0, seen = 0;
	unsigned seed = 7;
	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		char text[4096] = "";
		struct suppression *s;
		for (unsigned rule = 0; rule < 4; rule++) {
			snprintf(text + strlen(text), sizeof text - strlen(text),
				 "from=2026-01-01");
			for (unsigned w = 0; w < WORDS; w++) {
				const char *sign = strchr(words[w], '=');
				char key[16];
				snprintf(key, sizeof key, " %.*s=", (int)(sign - words[w]),
					 words[w]);
				const char *line = strrchr(text, '\n');
				if (rand_r(&seed) % 8 == 0 && !strstr(line ? line : text, key))
					snprintf(text + strlen(text), sizeof text - strlen(text),
						 " %s", words[w]);
			}
			snprintf(text + strlen(text), sizeof text - strlen(text),
				 " until=2027-01-01 comment=%u\n", rule);
		}
		s = rules(text);
		for (unsigned n = 0; n < 20; n++) {
			struct made m;
			uint64_t raised, before = 0, after = 0;
			session_make(&m);
			made_verdict(&m, (enum verdict)(rand_r(&seed) % VERDICTS), 0);
			if (rand_r(&seed) % 4 == 0)
				made_slow_message(&m, 120 * FRAME_SECOND);
			if (rand_r(&seed) % 4 == 0)
				m.messages[0].fate = FATE_FALSELY_ACCEPTED;
			m.record.end += rand_r(&seed) % 700 * (int64_t)1000 * FRAME_SECOND;
			made_report(&m);
			raised = m.report.raised;
			for (size_t i = 0; i < s->n; i++)
				before += s->rules[i].held;
			suppression_apply(s, &m.record, &m.report);
			for (size_t i = 0; i < s->n; i++)
				after += s->rules[i].held;
			assert_int_equal(m.report.raised ^ m.report.suppressed, raised);
			assert_int_equal(m.report.raised & m.report.suppressed, 0);
			assert_int_equal(after - before, __builtin_popcountll(m.report.suppressed));
			held += after - before;
			seen += (uint64_t)__builtin_popcountll(m.report.raised);
			made_free(&m);
		}
		suppression_free(s);
	}
	assert_true(held > 500 && seen > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mistake_is_named),
		cmocka_unit_test(rules_and_lines_are_bounded),
		cmocka_unit_test(all_conditions_must_hold),
		cmocka_unit_test(a_domain_must_be_that_of_all),
		cmocka_unit_test(a_lost_mail_takes_a_rule_that_says_so),
		cmocka_unit_test(an_alert_beside_the_verdict_has_no_cause),
		cmocka_unit_test(windows_follow_the_calendar),
		cmocka_unit_test(an_end_ends),
		cmocka_unit_test(counts_outlive_a_reload),
		cmocka_unit_test(every_alert_is_delivered_or_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
