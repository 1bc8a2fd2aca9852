/* test_attempt.c - from the record of a session to its attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history/attempt.h"
#include "lib/made.h"

struct collected {
	struct attempt all[8];
	size_t n;
	unsigned unread;
};

static void on_attempt(void *arg, const struct attempt *a, const struct attempt_texts *texts)
{
	struct collected *t = arg;
	(void)texts;
	assert_true(t->n < 8);
	t->all[t->n++] = *a;
}

static void on_unread(void *arg, const struct attempt_unread *u)
{
	struct collected *t = arg;
	assert_true(u->site != 0);
	t->unread++;
}

static struct collected make(struct made *m)
{
	uint8_t key[DIGEST_KEY] = {7};
	struct collected t = {0};
	struct history_keys *k = history_keys_new(key);
	struct attempts *all = attempts_new(k);
	const struct attempt_taker taker = {on_attempt, on_unread, &t};
	attempts_make(all, &m->record, &taker);
	attempts_free(all);
	history_keys_free(k);
	return t;
}

static void start(struct made *m)
{
	made_init(m);
	m->ending.seen = SEEN_FULL;
	m->ending.connected = true;
}

static void each_recipient_is_an_attempt(void **state)
{
	struct made m;
	(void)state;
	start(&m);
	struct transaction *t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	made_string(&m, &t->strings, STRING_RCPT, 450, "c@example.net");
	made_string(&m, &t->strings, STRING_RCPT, 550, "d@example.net");
	made_string(&m, &t->strings, STRING_RCPT, 0, "e@example.net");
	struct collected taken = make(&m);
	assert_int_equal(taken.n, 4);
	assert_int_equal(taken.all[0].fate, ATTEMPT_ACCEPTED);
	assert_int_equal(taken.all[1].fate, ATTEMPT_DEFERRED);
	assert_int_equal(taken.all[1].code, 450);
	assert_int_equal(taken.all[2].fate, ATTEMPT_REJECTED);
	assert_int_equal(taken.all[3].fate, ATTEMPT_UNKNOWN);
	assert_true(taken.all[0].sender == taken.all[1].sender);
	assert_true(taken.all[0].rcpt != taken.all[1].rcpt);
	assert_true(taken.all[0].domain == taken.all[1].domain);
	made_free(&m);
}

static void an_unanswered_message_may_have_arrived(void **state)
{
	struct made m;
	(void)state;
	start(&m);
	struct transaction *t = made_message(&m, FATE_UNANSWERED, "", "b@example.net");
	t->end_sent = true;
	t->bytes = 1000;
	t->bytes_acked = 999;
	assert_false(make(&m).all[0].flags & ATTEMPT_ACKED);
	t->bytes_acked = 1000;
	assert_true(make(&m).all[0].flags & ATTEMPT_ACKED);
	assert_true(make(&m).all[0].flags & ATTEMPT_NULL_SENDER);
	t->hole = true;
	assert_false(make(&m).all[0].flags & ATTEMPT_ACKED);
	made_free(&m);
}

static void what_was_not_read_is_told(void **state)
{
	struct made m;
	(void)state;
	start(&m);
	assert_int_equal(make(&m).unread, 0);
	m.ending.encrypted = true;
	assert_int_equal(make(&m).unread, 1);
	m.ending.encrypted = false;
	m.ending.seen = SEEN_GAPS;
	assert_int_equal(make(&m).unread, 1);
	m.ending.seen = SEEN_FULL;
	m.ending.unsure = UNSURE_CLIENT_GAP;
	assert_int_equal(make(&m).unread, 1);
	m.ending.unsure = UNSURE_NONE;
	m.info.transactions_omitted = 1;
	assert_int_equal(make(&m).unread, 1);
	made_free(&m);
}

/* Of LMTP's replies only their number is known. */
static void some_of_several_recipients_are_unknown(void **state)
{
	struct made m;
	(void)state;
	start(&m);
	struct transaction *t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	t->lmtp_answered = 2;
	t->lmtp_accepted = 1;
	assert_int_equal(make(&m).all[0].fate, ATTEMPT_UNKNOWN);
	t->lmtp_accepted = 2;
	assert_int_equal(make(&m).all[0].fate, ATTEMPT_ACCEPTED);
	made_free(&m);
}

static void site_is(const char *banner, uint16_t port, const char *want)
{
	char site[ATTEMPT_SITE_MAX];
	struct ip_addr server = made_addr("192.0.2.1");
	attempt_site(bytes_str(banner), &server, port, site);
	assert_string_equal(site, want);
}

static void servers_of_a_domain_are_one_site(void **state)
{
	(void)state;
	site_is("MX1.example.net ESMTP", 25, "example.net:25");
	site_is("mx2.example.net", 25, "example.net:25");
	site_is("example.net ESMTP", 25, "example.net:25");
	site_is("example.co.uk ESMTP", 25, "example.co.uk:25");
	site_is("mx.example.co.uk ESMTP", 25, "example.co.uk:25");
	site_is("mx1.example.net ESMTP", 10025, "example.net:10025");
	site_is("localhost ESMTP", 25, "[192.0.2.1]:25");
	site_is("*** ***", 25, "[192.0.2.1]:25");
	site_is("", 25, "[192.0.2.1]:25");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recipient_is_an_attempt),
		cmocka_unit_test(an_unanswered_message_may_have_arrived),
		cmocka_unit_test(what_was_not_read_is_told),
		cmocka_unit_test(some_of_several_recipients_are_unknown),
		cmocka_unit_test(servers_of_a_domain_are_one_site),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
