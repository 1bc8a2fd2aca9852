/* test_session_store.c - sessions that are kept: which stay, in which order, and that each is a
 * copy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/made.h"
#include "policy/alert_kind.h"
#include "policy/session_store.h"
#include "text/buffer.h"

#include <string.h>

enum { PLENTY = 1 << 20 };

/* A store, a session to offer to it, and what is stored as text. */
struct bench {
	struct session_store *store;
	struct made made;
	uint64_t number;
	struct outbuf text;
};

static void bench_init(struct bench *b, struct store_bounds bounds, enum redact_mode redact)
{
	*b = (struct bench){.store = session_store_new(&bounds, &(struct redaction){redact, {0}})};
	assert_non_null(b->store);
	made_init(&b->made);
}

static void bench_free(struct bench *b)
{
	session_store_free(b->store);
	outbuf_free(&b->text);
	made_free(&b->made);
}

static void offer_frames(struct bench *b, enum verdict v, const char *frames)
{
	made_verdict(&b->made, v, 0);
	b->made.report.number = ++b->number;
	session_store_add(b->store, &b->made.record, &b->made.report, NULL,
			  (struct session_frames){bytes_str(frames), 7});
}

static void offer(struct bench *b, enum verdict v)
{
	offer_frames(b, v, "");
}

/* "3:critical 4:error": numbers in the order in which they stand. */
static const char *stored(struct bench *b)
{
	b->text.n = 0;
	for (size_t i = 0; i < session_store_count(b->store); i++) {
		const struct stored_session *s = session_store_at(b->store, i);
		outbuf_format(&b->text, "%s%llu:%s", i > 0 ? " " : "",
			      (unsigned long long)s->report.number, severity_name(s->severity));
	}
	outbuf_char(&b->text, '\0');
	return b->text.p;
}

static void a_worse_session_displaces_the_last(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_WORST, 4, PLENTY, 0}, REDACT_NONE);
	offer(&b, VERDICT_DROP_BETWEEN_MESSAGES);
	offer(&b, VERDICT_221_FOR_MESSAGE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_221_FOR_MESSAGE);
	assert_string_equal(stored(&b), "2:critical 4:critical 3:error 1:notice");
	assert_int_equal(session_store_omitted(b.store), 0);
	offer(&b, VERDICT_DROP_BETWEEN_MESSAGES); /* no worse than the last */
	assert_string_equal(stored(&b), "2:critical 4:critical 3:error 1:notice");
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	assert_string_equal(stored(&b), "2:critical 4:critical 3:error 6:error");
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	assert_string_equal(stored(&b), "2:critical 4:critical 3:error 6:error");
	assert_int_equal(session_store_omitted(b.store), 3);
	bench_free(&b);
}

static void the_first_stay(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_FIRST, 2, PLENTY, 0}, REDACT_NONE);
	offer(&b, VERDICT_CLEAN);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_221_FOR_MESSAGE);
	assert_string_equal(stored(&b), "1:none 2:error");
	assert_int_equal(session_store_omitted(b.store), 1);
	bench_free(&b);
}

/* Sessions with alerts and sessions without do not displace each other by number. */
static void the_latest_stay(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_LATEST, 2, PLENTY, 0}, REDACT_NONE);
	for (unsigned i = 0; i < 3; i++)
		offer(&b, VERDICT_DROP_IN_MESSAGE);
	for (unsigned i = 0; i < 4; i++)
		offer(&b, VERDICT_CLEAN);
	assert_string_equal(stored(&b), "2:error 3:error 6:none 7:none");
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	assert_string_equal(stored(&b), "3:error 6:none 7:none 8:error");
	bench_free(&b);
}

/* For bytes the sessions without alerts go first, then the oldest. */
static void bytes_are_bounded(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_LATEST, 100, PLENTY, 0}, REDACT_NONE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	size_t size = session_store_at(b.store, 0)->size;
	bench_free(&b);
	bench_init(&b, (struct store_bounds){STORE_LATEST, 100, 3 * size, 0}, REDACT_NONE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_CLEAN);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	assert_string_equal(stored(&b), "1:error 3:error 4:error");
	offer(&b, VERDICT_CLEAN);
	assert_string_equal(stored(&b), "3:error 4:error 5:none");
	bench_free(&b);
	bench_init(&b, (struct store_bounds){STORE_WORST, 100, 2 * size, 0}, REDACT_NONE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_DROP_IN_MESSAGE);
	offer(&b, VERDICT_221_FOR_MESSAGE);
	assert_string_equal(stored(&b), "3:critical 1:error");
	bench_free(&b);
}

static void the_oldest_lose_their_frames(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_LATEST, 100, PLENTY, 10}, REDACT_NONE);
	offer_frames(&b, VERDICT_CLEAN, "1234");
	offer_frames(&b, VERDICT_CLEAN, "567890");
	assert_int_equal(session_store_at(b.store, 0)->frames.block.n, 4);
	assert_int_equal(session_store_at(b.store, 0)->frames.omitted, 7);
	offer_frames(&b, VERDICT_CLEAN, "abcd");
	assert_int_equal(session_store_at(b.store, 0)->frames.block.n, 0);
	assert_memory_equal(session_store_at(b.store, 1)->frames.block.p, "567890", 6);
	assert_memory_equal(session_store_at(b.store, 2)->frames.block.p, "abcd", 4);
	offer_frames(&b, VERDICT_CLEAN, "more than ten");
	assert_int_equal(session_store_at(b.store, 3)->frames.block.n, 0);
	bench_free(&b);
}

/* The report is as it was made, with the record redacted and the texts copied. */
static void a_stored_session_is_a_copy(void **state)
{
	char input[] = "eth0", pcap[] = "one.pcap", words[] = "words";
	struct bench b;
	(void)state;
	bench_init(&b, (struct store_bounds){STORE_FIRST, 1, PLENTY, 0}, REDACT_ALL);
	made_message(&b.made, FATE_CUT, "alice@example.org", "bob@example.net");
	made_verdict(&b.made, VERDICT_DROP_IN_TRANSACTION, 0);
	struct report *r = &b.made.report;
	r->input = input;
	r->pcap = pcap;
	r->grouped = true;
	r->raised = 0;
	r->record.judgement.verdict = VERDICT_DROP_IN_MESSAGE; /* the operator's severities */
	session_store_add(b.store, &b.made.record, r, words, (struct session_frames){0});
	input[0] = pcap[0] = words[0] = '!';
	b.made.conn.port[CLIENT] = 1;
	struct stored_session *s = session_store_at(b.store, 0);
	const struct report *again = stored_restore(s);
	assert_string_equal(again->input, "eth0");
	assert_string_equal(again->pcap, "one.pcap");
	assert_string_equal(s->words, "words");
	assert_true(again->grouped);
	assert_int_equal(again->raised, 0);
	assert_int_equal(again->record.judgement.verdict, VERDICT_DROP_IN_MESSAGE);
	assert_int_equal(again->record.conn->port[CLIENT], 40312);
	struct bytes from = strings_find(&again->record.session->first->strings, STRING_FROM).text;
	assert_int_equal(from.n, 0);
	struct bytes clean = stored_clean(s, bytes_str("to alice@example.org"));
	assert_null(memmem(clean.p, clean.n, "alice", 5));
	bench_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worse_session_displaces_the_last),
		cmocka_unit_test(the_first_stay),
		cmocka_unit_test(the_latest_stay),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(the_oldest_lose_their_frames),
		cmocka_unit_test(a_stored_session_is_a_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
