/* test_transcript.c - secrets that are named by the hash of both hellos: what OpenSSL itself says
 * of its messages is the measure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decrypt/decryptor.h"
#include "lib/tls_talk.h"

enum { RECORDS = 256 };

/* What both ends sent, in order. */
static struct {
	enum side side;
	struct bytes text;
} sent[RECORDS];
static size_t sent_n;

static void keep(void *arg, enum side side, struct bytes records)
{
	uint8_t *copy = malloc(records.n);
	(void)arg;
	assert_true(sent_n < RECORDS && copy);
	memcpy(copy, records.p, records.n);
	sent[sent_n].side = side;
	sent[sent_n++].text = bytes_of(copy, records.n);
}

/* Which lines the key log has: by random; by transcript; those, and another session's secrets with
 * this one's random; those of another session alone. */
enum lines { BY_RANDOM, BY_TRANSCRIPT, MIXED_UP, WRONG };

static void keys_wrong(struct keylog *k)
{
	struct bytes right = tls_talk_keys();
	char *wrong = malloc(right.n);
	memcpy(wrong, right.p, right.n);
	for (size_t i = 1; i < right.n; i++)
		if (wrong[i] == '\n')
			wrong[i - 1] = wrong[i - 1] == '0' ? '1' : '0';
	keylog_add(k, bytes_of(wrong, right.n));
	free(wrong);
}

/* Returns true if all was read, a piece of `step` bytes at a time. */
static bool opened(enum lines lines, size_t step)
{
	struct keylog *k = keylog_new(8);
	struct pool *pool = pool_new(1 << 20);
	struct tls_decryptor *d = decryptor_new(k, true);
	struct tls_item item;
	struct tls_place at = {.ts = 1};
	uint64_t end[2] = {0};
	bool words[2] = {false}, lost = false;
	if (lines == BY_RANDOM)
		keylog_add(k, tls_talk_keys());
	if (lines == WRONG || lines == MIXED_UP)
		keys_wrong(k);
	if (lines == BY_TRANSCRIPT || lines == MIXED_UP)
		keylog_add(k, tls_talk_keys_by_transcript());
	struct tls_stream *t = d->new (d, pool);
	for (size_t i = 0; i < sent_n; i++)
		for (struct bytes rest = sent[i].text; rest.n > 0; rest = bytes_from(rest, step)) {
			struct bytes piece = bytes_first(rest, step);
			at.side = sent[i].side;
			at.end = end[at.side] += piece.n;
			d->push(t, &at, piece);
			while (d->next(t, false, &item)) {
				words[item.side] |= item.kind == TLS_ITEM_DATA;
				lost |= item.kind == TLS_ITEM_LOST;
			}
		}
	d->free(t);
	assert_int_equal(pool_used(pool), 0);
	decryptor_free(d);
	keylog_free(k);
	pool_free(pool);
	return words[CLIENT] && words[SERVER] && !lost;
}

/* The session in sent: looked at with each kind of key log. */
static void session_check(struct tls_talk *talk)
{
	tls_talk_key_update(talk, CLIENT, keep, NULL);
	tls_talk_say(talk, CLIENT, bytes_str("EHLO out.example.org\r\n"), keep, NULL);
	tls_talk_say(talk, SERVER, bytes_str("250 mx.example.net\r\n"), keep, NULL);
	for (size_t step = 1; step < 40000; step *= 37) {
		assert_true(opened(BY_RANDOM, step));
		assert_true(opened(BY_TRANSCRIPT, step));
		assert_true(opened(MIXED_UP, step));
		assert_false(opened(WRONG, step));
	}
	while (sent_n > 0) {
		union {
			const uint8_t *in;
			void *out;
		} text = {.in = sent[--sent_n].text.p};
		free(text.out);
	}
}

static void every_suite(void **state)
{
	(void)state;
	for (const struct tls_way *w = tls_ways; w->name && w->tls13; w++)
		for (unsigned retry = 0; retry < 2; retry++) {
			struct tls_way way = *w;
			way.retry = retry;
			tls_talk_keys_forget();
			struct tls_talk *talk = tls_talk_new(&way, NULL, retry);
			tls_talk_handshake(talk, keep, NULL);
			session_check(talk);
			tls_talk_free(talk);
		}
}

static void ignore(void *arg, enum side side, struct bytes records)
{
	(void)arg, (void)side, (void)records;
}

/* The hello of a resumed session offers a secret, and early data that the server refuses. */
static void resumed(void **state)
{
	(void)state;
	for (unsigned early = 0; early < 2; early++) {
		struct tls_talk *before = tls_talk_new(&tls_ways[0], NULL, false);
		tls_talk_handshake(before, ignore, NULL);
		tls_talk_keys_forget();
		struct tls_talk *talk = tls_talk_new(&tls_ways[0], before, false);
		if (early)
			tls_talk_early(talk, bytes_str("EHLO early.example.org\r\n"), false);
		tls_talk_handshake(talk, keep, NULL);
		assert_true(tls_talk_resumed(talk));
		session_check(talk);
		tls_talk_free(talk);
		tls_talk_free(before);
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(every_suite),
		cmocka_unit_test(resumed),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
