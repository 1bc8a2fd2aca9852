/* test_domains.c - messages by recipient domain and by hour: what counts where, in a bounded table
 * that loses nothing, and which names are seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/made.h"
#include "smtpwatch/frame.h"
#include "stats/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#define S FRAME_SECOND

static struct domains *table(enum redact_mode mode)
{
	struct domains *d = domains_new(&(struct redaction){.mode = mode, .key = {1}});
	assert_non_null(d);
	return d;
}

static void count(struct domains *d, struct made *m)
{
	made_report(m);
	domains_count(d, &m->record, &m->report);
}

/* The counters of a domain of the table; it must be there. */
static const struct domain *domain_of(const struct domains *d, const char *name)
{
	static const struct domain *top[DOMAINS_MAX];
	size_t n = domains_top(d, top, DOMAINS_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(top[i]->name, name) == 0)
			return top[i];
	fail_msg("no domain %s", name);
	return NULL;
}

static struct traffic rest_of(const struct domains *d)
{
	static const struct domain *top[DOMAINS_MAX];
	return domains_rest(d, top, domains_top(d, top, DOMAINS_MAX));
}

static void a_message_counts_once_for_each_domain(void **state)
{
	struct domains *d = table(REDACT_NONE);
	struct made m;
	const struct traffic *t;
	(void)state;
	made_init(&m);
	struct transaction *one = made_message(&m, FATE_ACCEPTED, "a@x.org", "b@one.example");
	one->answered = true;
	one->ts_end = m.conn.start + S;
	one->ts_reply = m.conn.start + 3 * S;
	made_string(&m, &one->strings, STRING_RCPT, 250, "c@ONE.example");
	made_string(&m, &one->strings, STRING_RCPT, 550, "nobody@one.example");
	made_string(&m, &one->strings, STRING_RCPT, 250, "c@two.example");
	made_string(&m, &one->strings, STRING_RCPT, 550, "c@three.example");
	made_string(&m, &one->strings, STRING_RCPT, 450, "c@four.example");
	made_message(&m, FATE_FALSELY_ACCEPTED, "a@x.org", "b@one.example");
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	count(d, &m);
	t = &domain_of(d, "one.example")->traffic;
	assert_int_equal(t->sessions, 1);
	assert_int_equal(t->alerts, 1);
	assert_int_equal(t->messages, 2);
	assert_int_equal(t->fates[FATE_ACCEPTED], 1);
	assert_int_equal(t->fates[FATE_FALSELY_ACCEPTED], 1);
	assert_int_equal(t->fates[FATE_REJECTED], 0);
	assert_int_equal(t->answers, 1);
	assert_int_equal(traffic_delay(t), 2 * S);
	assert_int_equal(domain_of(d, "two.example")->traffic.fates[FATE_ACCEPTED], 1);
	assert_int_equal(domain_of(d, "three.example")->traffic.fates[FATE_REJECTED], 1);
	assert_int_equal(domain_of(d, "four.example")->traffic.fates[FATE_DEFERRED], 1);
	assert_int_equal(domain_of(d, "four.example")->traffic.alerts, 1);
	count(d, &m);
	assert_int_equal(t->sessions, 2);
	assert_int_equal(t->messages, 4);
	assert_int_equal(rest_of(d).messages, 0);
	assert_int_equal(domains_without(d)->sessions, 0);
	domains_free(d);
	made_free(&m);
}

static void what_has_no_domain_is_counted(void **state)
{
	struct domains *d = table(REDACT_NONE);
	char address[STRING_TEXT_MAX + 1];
	struct made m;
	(void)state;
	made_init(&m);
	count(d, &m); /* no message */
	assert_int_equal(domains_without(d)->sessions, 1);
	assert_int_equal(domains_without(d)->messages, 0);
	m.info.transactions_omitted = 5;
	made_message(&m, FATE_ACCEPTED, "a@x.org", "postmaster");
	made_message(&m, FATE_CUT, "a@x.org", "root");
	count(d, &m);
	assert_int_equal(rest_of(d).sessions, 1);
	assert_int_equal(rest_of(d).messages, 2);
	assert_int_equal(domains_omitted(d), 5);
	/* A name of 255 bytes has room, a longer one has none. */
	memset(address, 'x', sizeof address);
	address[1] = '@';
	address[2 + DOMAIN_NAME - 1] = '\0';
	made_message(&m, FATE_ACCEPTED, "a@x.org", address);
	address[2 + DOMAIN_NAME - 1] = 'x';
	address[2 + DOMAIN_NAME] = '\0';
	made_message(&m, FATE_ACCEPTED, "a@x.org", address);
	count(d, &m);
	assert_int_equal(rest_of(d).messages, 2 + 3);
	assert_int_equal(domains_number(d), 1);
	domains_free(d);
	made_free(&m);
}

static void names_follow_redaction(void **state)
{
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_ACCEPTED, "a@x.org", "b@One.example");
	for (unsigned mode = REDACT_NONE; mode < REDACT_MODES; mode++) {
		struct domains *d = table((enum redact_mode)mode);
		const struct domain *top[2];
		count(d, &m);
		count(d, &m);
		if (mode == REDACT_ALL) {
			assert_int_equal(domains_top(d, top, 2), 0);
			assert_int_equal(rest_of(d).messages, 2);
		} else {
			assert_int_equal(domains_top(d, top, 2), 1);
			assert_int_equal(top[0]->traffic.messages, 2);
			assert_true((strcmp(top[0]->name, "one.example") == 0) ==
				    (mode != REDACT_HASH));
			assert_null(mode == REDACT_HASH ? strchr(top[0]->name, '.') : NULL);
		}
		domains_free(d);
	}
	made_free(&m);
}

/* Three domains among very many that come once: they stay, whatever the order. Nothing is lost of
 * the others. */
static void the_heaviest_stay_and_the_sum_holds(void **state)
{
	enum { SESSIONS = 60000, EACH = 30 };
	struct domains *d = table(REDACT_NONE);
	const struct domain *top[DOMAINS_MAX];
	uint64_t counted = 0, heavy[3] = {0};
	struct traffic sum = {0};
	unsigned seed = 11;
	size_t n;
	(void)state;
	for (unsigned i = 0; i < SESSIONS; i++) {
		char address[64];
		struct made m;
		unsigned which = (unsigned)rand_r(&seed) % EACH;
		if (which < 3 && i > SESSIONS / 3) {
			snprintf(address, sizeof address, "x@heavy%u.example", which);
			heavy[which]++;
		} else {
			snprintf(address, sizeof address, "x@d%u.example",
				 (unsigned)rand_r(&seed) % 20000);
		}
		made_init(&m);
		made_message(&m, FATE_ACCEPTED, "a@x.org", address);
		count(d, &m);
		counted++;
		made_free(&m);
	}
	assert_int_equal(domains_number(d), DOMAINS_MAX);
	n = domains_top(d, top, DOMAINS_MAX);
	for (size_t i = 0; i < n; i++)
		traffic_add(&sum, &top[i]->traffic);
	assert_int_equal(sum.messages + domains_rest(d, top, n).messages, counted);
	assert_int_equal(sum.sessions + domains_rest(d, top, n).sessions, counted);
	assert_int_equal(domains_rest(d, top, 0).messages, counted);
	for (unsigned i = 0; i < 3; i++) {
		char name[32];
		const struct domain *one;
		snprintf(name, sizeof name, "heavy%u.example", i);
		one = domain_of(d, name);
		assert_true(one == top[0] || one == top[1] || one == top[2]);
		/* It came when there was no room any more. */
		assert_true(one->missed > 0);
		assert_true(one->traffic.messages <= heavy[i] &&
			    one->traffic.messages + one->missed >= heavy[i]);
	}
	for (size_t i = 1; i < n; i++)
		assert_true(top[i - 1]->traffic.messages >= top[i]->traffic.messages);
	domains_free(d);
}

static void hours_are_those_of_the_end(void **state)
{
	struct totals totals = {.servers = servers_new()};
	struct made m;
	(void)state;
	made_init(&m);
	made_message(&m, FATE_DEFERRED, "a@x.org", "b@x.org");
	m.info.fates[FATE_DEFERRED] = 3; /* with those that are not kept */
	made_report(&m);
	totals_count(&totals, &m.report); /* 10:00 */
	m.record.end += 13 * 3600 * S + 3596 * S;
	totals_count(&totals, &m.report); /* the same record, which the report has copied */
	made_report(&m);
	totals_count(&totals, &m.report); /* 23:59:59.25 */
	m.record.end = -1;                /* before 1970 */
	made_report(&m);
	totals_count(&totals, &m.report);
	assert_int_equal(totals.hours.utc[10].sessions, 2);
	assert_int_equal(totals.hours.utc[10].alerts, 2);
	assert_int_equal(totals.hours.utc[10].messages, 6);
	assert_int_equal(totals.hours.utc[10].fates[FATE_DEFERRED], 6);
	assert_int_equal(totals.hours.utc[23].sessions, 2);
	assert_ptr_equal(traffic_told(&totals.hours), totals.hours.utc);
	servers_free(totals.servers);
	made_free(&m);
}

/* Names come off the wire, and one is that of the series of all others. */
static void metrics_have_as_many_as_asked_for(void **state)
{
	static const char *const addresses[] = {"a@one.example", "a@one.example", "a@one.example",
						"a@other",       "a@other",       "a@b\"\\\033\n",
						"a@four.example"};
	struct domains *d = table(REDACT_NONE);
	struct metrics *metrics = calloc(1, sizeof *metrics);
	struct monitor_stats core = {0};
	struct summary sum = {.core = &core, .domains = d};
	struct outbuf b = {0};
	(void)state;
	assert_non_null(metrics);
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct made m;
		made_init(&m);
		made_message(&m, FATE_ACCEPTED, "a@x.org", addresses[i]);
		count(d, &m);
		made_free(&m);
	}
	metrics_observe(metrics, &sum);
	metrics_put(metrics, &b, NULL, 0);
	outbuf_char(&b, '\0');
	assert_null(strstr(b.p, "domain="));
	b.n = 0;
	sum.metric_domains = 3;
	metrics_observe(metrics, &sum);
	metrics_put(metrics, &b, NULL, 0);
	FILE *checker = popen("/usr/bin/python3 tests/program/metrics_check.py", "w");
	assert_non_null(checker);
	fwrite(b.p, 1, b.n, checker);
	assert_int_equal(pclose(checker), 0);
	outbuf_char(&b, '\0');
	assert_non_null(strstr(b.p, "smtpwatch_domain_sessions{domain=\"one.example\"} 3\n"));
	assert_non_null(strstr(b.p, "smtpwatch_domain_sessions{domain=\"b\\\"\\\\"));
	assert_non_null(strstr(b.p, "smtpwatch_domain_sessions{domain=\"other\"} 3\n"));
	assert_null(strstr(b.p, "four.example"));
	assert_non_null(strstr(
		b.p, "smtpwatch_domain_messages{domain=\"one.example\",fate=\"accepted\"} 3\n"));
	outbuf_free(&b);
	domains_free(d);
	free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_counts_once_for_each_domain),
		cmocka_unit_test(what_has_no_domain_is_counted),
		cmocka_unit_test(names_follow_redaction),
		cmocka_unit_test(the_heaviest_stay_and_the_sum_holds),
		cmocka_unit_test(hours_are_those_of_the_end),
		cmocka_unit_test(metrics_have_as_many_as_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
