/* test_outcome.c - what the engine says of mails: changes, confidence, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history/outcome.h"
#include "history/retry.h"
#include "lib/made.h"

#include <string.h>

static const int64_t begin = INT64_C(1767225600000), minute = 60000, day = INT64_C(86400000);

struct heard {
	enum outcome outcomes[16];
	enum confidence confidence;
	int64_t due, delay;
	unsigned n;
};

static void on_change(void *arg, const struct mail_view *v)
{
	struct heard *s = arg;
	assert_true(s->n < 16);
	s->outcomes[s->n++] = v->outcome;
	s->confidence = v->confidence;
	s->due = v->due;
	s->delay = v->delay;
}

static struct outcomes *engine(struct heard *s, uint32_t mails)
{
	struct outcomes_config c = {.mails = mails,
				    .give_up = OUTCOMES_GIVE_UP,
				    .changed = s ? on_change : NULL,
				    .arg = s};
	struct outcomes *o = outcomes_new(&c);
	assert_non_null(o);
	if (s)
		*s = (struct heard){0};
	return o;
}

static struct attempt attempt(int64_t at, enum attempt_fate fate)
{
	return (struct attempt){.at = begin + at,
				.sender = 11,
				.rcpt = 22,
				.msgid = 33,
				.site = 44,
				.size = 5000,
				.bytes = 5000,
				.client = made_addr("192.0.2.1"),
				.server = made_addr("192.0.2.2"),
				.client_port = (uint16_t)(at / 1000),
				.fate = (uint8_t)fate};
}

static void changes(const struct heard *s, const enum outcome *want, unsigned n)
{
	assert_int_equal(s->n, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(s->outcomes[i], want[i]);
}

static void a_later_try_resolves_the_first_trouble(void **state)
{
	const enum outcome want[] = {OUTCOME_PENDING, OUTCOME_DELIVERED_LATER};
	struct heard s;
	struct outcomes *o = engine(&s, 100);
	struct attempt a = attempt(0, ATTEMPT_CUT), b = attempt(5 * minute, ATTEMPT_CUT),
		       c = attempt(15 * minute, ATTEMPT_ACCEPTED);
	(void)state;
	outcomes_attempt(o, &a, 0);
	assert_int_equal(s.due, begin + 70 * minute);
	outcomes_attempt(o, &b, 0);
	outcomes_attempt(o, &c, 0);
	changes(&s, want, 2);
	assert_int_equal(s.confidence, CONFIDENCE_CERTAIN);
	assert_int_equal(s.delay, 15 * minute);
	outcomes_free(o);
}

/* What the files say is nothing new; what follows is. */
static void a_run_goes_on_with_what_is_known(void **state)
{
	const enum outcome want[] = {OUTCOME_DELIVERED_LATER};
	struct heard s = {0};
	struct outcomes *o = engine(NULL, 100);
	struct attempt a = attempt(0, ATTEMPT_CUT), b = attempt(5 * minute, ATTEMPT_ACCEPTED);
	(void)state;
	outcomes_attempt(o, &a, 0);
	outcomes_listen(o, begin + minute, on_change, &s);
	outcomes_tick(o, begin + 2 * minute, 1);
	assert_int_equal(s.n, 0);
	outcomes_attempt(o, &b, 0);
	changes(&s, want, 1);
	outcomes_free(o);
}

/* The time to give up comes without an attempt. */
static void time_alone_ends_a_mail(void **state)
{
	const enum outcome want[] = {OUTCOME_PENDING, OUTCOME_NEVER};
	struct heard s;
	struct outcomes *o = engine(&s, 100);
	struct attempt a = attempt(0, ATTEMPT_CUT);
	(void)state;
	outcomes_watched(o, 0, begin - day, begin + 6 * day);
	outcomes_attempt(o, &a, 0);
	outcomes_tick(o, begin + 5 * day - 1, 1);
	assert_int_equal(s.n, 1);
	outcomes_tick(o, begin + 5 * day, 1);
	changes(&s, want, 2);
	outcomes_free(o);
}

/* A greylisted try has no Message-ID; without SIZE the envelope says little. */
static void the_envelope_alone_is_less_sure(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct heard s;
		struct outcomes *o = engine(&s, 100);
		struct attempt a = attempt(0, ATTEMPT_DEFERRED),
			       b = attempt(5 * minute, ATTEMPT_ACCEPTED);
		(void)state;
		a.msgid = 0;
		a.size = b.size = i == 0 ? 5000 : 0;
		outcomes_attempt(o, &a, 0);
		outcomes_attempt(o, &b, 0);
		assert_int_equal(s.outcomes[1], OUTCOME_DELIVERED_LATER);
		assert_int_equal(s.confidence, i == 0 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE);
		outcomes_free(o);
	}
}

static void a_loss_is_said_at_once_and_taken_back(void **state)
{
	const enum outcome want[] = {OUTCOME_LOST, OUTCOME_PENDING, OUTCOME_DELIVERED_LATER};
	struct heard s;
	struct outcomes *o = engine(&s, 100);
	struct attempt a = attempt(0, ATTEMPT_FALSELY_ACCEPTED), b = attempt(minute, ATTEMPT_CUT),
		       c = attempt(2 * minute, ATTEMPT_ACCEPTED);
	(void)state;
	outcomes_watched(o, 0, begin - day, begin + minute);
	outcomes_attempt(o, &a, 0);
	assert_int_equal(s.confidence, CONFIDENCE_LIKELY);
	outcomes_attempt(o, &b, 0);
	outcomes_attempt(o, &c, 0);
	changes(&s, want, 3);
	outcomes_free(o);
}

struct last {
	enum outcome outcome;
	enum confidence confidence;
	unsigned n;
};

static void on_mail(void *arg, const struct mail_view *v)
{
	struct last *l = arg;
	l->outcome = v->outcome;
	l->confidence = v->confidence;
	l->n++;
}

static struct last at(struct outcomes *o, int64_t now)
{
	struct last l = {0};
	outcomes_each(o, begin + now, on_mail, &l);
	return l;
}

static void never_needs_eyes(void **state)
{
	struct outcomes *o = engine(NULL, 100);
	struct attempt a = attempt(day, ATTEMPT_DEFERRED);
	struct ip_addr stranger = made_addr("203.0.113.9");
	(void)state;
	outcomes_watched(o, 0, begin, begin + 20 * day);
	outcomes_watched(o, 1, begin, begin + 3 * day);
	outcomes_watched(o, 1, begin + 3 * day + 30000, begin + 20 * day);
	outcomes_unread(o, begin + 2 * day, 4711, &stranger);
	outcomes_attempt(o, &a, 0);
	assert_int_equal(at(o, 6 * day - 1).outcome, OUTCOME_PENDING);
	assert_int_equal(at(o, 6 * day).outcome, OUTCOME_NEVER);
	/* Half a minute was missed. */
	assert_int_equal(at(o, 6 * day).confidence, CONFIDENCE_LIKELY);
	/* What comes after the time to give up changes nothing. */
	outcomes_unread(o, begin + 7 * day, 44, &stranger);
	assert_int_equal(at(o, 8 * day).outcome, OUTCOME_NEVER);
	outcomes_unread(o, begin + 4 * day, 44, &stranger);
	assert_int_equal(at(o, 8 * day).outcome, OUTCOME_NOT_WATCHED);
	outcomes_free(o);
}

/* A client that talks to others in TLS hides no further try of a mail that it believes delivered.
 */
static void a_loss_needs_eyes_at_its_site(void **state)
{
	struct outcomes *o = engine(NULL, 100);
	struct attempt a = attempt(day, ATTEMPT_FALSELY_ACCEPTED);
	struct ip_addr stranger = made_addr("203.0.113.9");
	(void)state;
	outcomes_watched(o, 0, begin, begin + 20 * day);
	outcomes_attempt(o, &a, 0);
	assert_int_equal(at(o, 2 * day).confidence, CONFIDENCE_CERTAIN);
	outcomes_unread(o, begin + day, 4711, &a.client);
	assert_int_equal(at(o, 2 * day).outcome, OUTCOME_LOST);
	assert_int_equal(at(o, 8 * day).outcome, OUTCOME_LOST);
	outcomes_unread(o, begin + day, a.site, &stranger);
	assert_int_equal(at(o, 2 * day).outcome, OUTCOME_NOT_WATCHED);
	outcomes_free(o);
}

static void what_was_dropped_may_have_been_it(void **state)
{
	struct outcomes *o = engine(NULL, 100);
	struct attempt a = attempt(day, ATTEMPT_DEFERRED);
	(void)state;
	outcomes_watched(o, 0, begin, begin + 20 * day);
	outcomes_attempt(o, &a, 0);
	assert_int_equal(at(o, 7 * day).outcome, OUTCOME_NEVER);
	outcomes_blind(o, begin + 3 * day, begin + 3 * day + 10000);
	assert_int_equal(at(o, 7 * day).outcome, OUTCOME_NOT_WATCHED);
	outcomes_free(o);
}

static void a_gap_of_one_gateway_is_enough(void **state)
{
	struct outcomes *o = engine(NULL, 100);
	struct attempt a = attempt(day, ATTEMPT_DEFERRED);
	(void)state;
	outcomes_watched(o, 0, begin, begin + 20 * day);
	outcomes_watched(o, 1, begin, begin + 3 * day);
	outcomes_watched(o, 1, begin + 3 * day + 2 * minute, begin + 20 * day);
	outcomes_attempt(o, &a, 0);
	assert_int_equal(at(o, 7 * day).outcome, OUTCOME_NOT_WATCHED);
	outcomes_free(o);
}

static void clients_teach_their_pauses(void **state)
{
	struct heard s;
	struct outcomes *o = engine(&s, 100);
	struct attempt a = attempt(0, ATTEMPT_CUT), b = attempt(180 * minute, ATTEMPT_CUT),
		       c = attempt(200 * minute, ATTEMPT_CUT);
	(void)state;
	outcomes_attempt(o, &a, 0);
	outcomes_attempt(o, &b, 0);
	c.rcpt = 23;
	c.msgid = 34;
	outcomes_attempt(o, &c, 0);
	assert_int_equal(s.due, begin + (200 + 180) * minute);
	outcomes_free(o);
}

/* The oldest go first, those that are over before all; what was open is counted. */
static void memory_is_bounded(void **state)
{
	struct outcomes *o = engine(NULL, 1000);
	(void)state;
	for (uint64_t i = 0; i < 5000; i++) {
		struct attempt a =
			attempt((int64_t)i * 1000, i % 2 ? ATTEMPT_ACCEPTED : ATTEMPT_CUT);
		a.rcpt = 1000 + i;
		a.msgid = i % 3 ? 1000 + i : 0;
		outcomes_attempt(o, &a, 0);
	}
	assert_int_equal(outcomes_count(o), 1000);
	assert_in_range(outcomes_forgotten(o), 1400, 1600);
	assert_int_equal(sizeof(struct mail), 64);
	outcomes_free(o);
}

/* Mails that look alike cost a bounded time each. */
static void mails_that_look_alike_are_bounded(void **state)
{
	struct outcomes *o = engine(NULL, 20000);
	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		struct attempt a = attempt((int64_t)i * 1000, ATTEMPT_CUT);
		a.msgid = 100 + i;
		outcomes_attempt(o, &a, 0);
	}
	assert_int_equal(at(o, day).n, 20000);
	outcomes_free(o);
}

static void names_lead_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOMES; i++)
		assert_int_equal(outcome_read(outcome_row((enum outcome)i)->name), i);
	assert_int_equal(outcome_read("lsot"), OUTCOMES);
}

static void pauses_tell_the_server(void **state)
{
	static const uint32_t postfix[] = {310, 640, 1220, 2500}, qmail[] = {400, 1201, 2003},
			      exchange[] = {60, 61, 60}, odd[] = {10, 20, 30}, quick[] = {1, 1},
			      sendmail[] = {3600, 3603, 3601};
	(void)state;
	assert_string_equal(retry_find(postfix, 4)->name, "Postfix");
	assert_string_equal(retry_find(qmail, 3)->name, "qmail");
	assert_null(retry_find(odd, 3));
	assert_null(retry_find(quick, 2));
	assert_string_equal(retry_find(sendmail, 3)->name, "Sendmail");
	assert_null(retry_find(postfix, 1));
	assert_string_equal(retry_find(exchange, 3)->name, "Exchange");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_try_resolves_the_first_trouble),
		cmocka_unit_test(a_run_goes_on_with_what_is_known),
		cmocka_unit_test(time_alone_ends_a_mail),
		cmocka_unit_test(the_envelope_alone_is_less_sure),
		cmocka_unit_test(a_loss_is_said_at_once_and_taken_back),
		cmocka_unit_test(never_needs_eyes),
		cmocka_unit_test(a_loss_needs_eyes_at_its_site),
		cmocka_unit_test(what_was_dropped_may_have_been_it),
		cmocka_unit_test(a_gap_of_one_gateway_is_enough),
		cmocka_unit_test(clients_teach_their_pauses),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(mails_that_look_alike_are_bounded),
		cmocka_unit_test(names_lead_back),
		cmocka_unit_test(pauses_tell_the_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
