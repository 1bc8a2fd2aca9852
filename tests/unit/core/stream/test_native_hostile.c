/* test_native_hostile.c - the native engine against those who want to hide a session, forge its
 * end, or mix it with others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/stream/native_state.h"
#include "lib/deaf.h"
#include "lib/engine_run.h"
#include "lib/general.h"
#include "lib/within.h"

/* What is read of a session when it is released. */
struct released {
	uint16_t port;
	struct conn_side sides[2];
};

struct releases {
	struct released all[8];
	unsigned n;
};

static void on_release(void *arg, struct conn *conn)
{
	struct releases *r = arg;
	assert_true(r->n < 8);
	r->all[r->n].port = conn->port[CLIENT];
	memcpy(r->all[r->n++].sides, conn->side, sizeof r->all->sides);
}

enum { TAKEN_MOST = 1 << 16 };

struct taken {
	void *all[TAKEN_MOST];
	size_t n;
};

/* All that is left for the facts of a connection. */
static void pool_exhaust(struct pool *pool, struct taken *t)
{
	while (t->n < TAKEN_MOST && (t->all[t->n] = pool_get(pool, 2 * sizeof(struct conn_side))))
		t->n++;
	assert_true(t->n < TAKEN_MOST);
}

/* Two sessions, of which the one shows a closed window twice, with or without memory for what is
 * counted beside. Returns how often there was none. */
static uint64_t closed_windows(bool memory, struct releases *out)
{
	struct segments w = {0};
	struct talk one = talk_v4(&w, 1), two = talk_v4(&w, 2);
	struct stream_config config = stream_config_default();
	struct pool *pool = pool_new((size_t)4 << 20);
	static struct taken taken;
	struct stream_listener listener = deaf;
	listener.release = on_release;
	config.max_conns = 10;
	struct stream *s = stream_native.new(&config, pool, &listener, out);
	assert_non_null(s);
	talk_mail(&one);
	talk_mail(&two);
	stream_native.segments(s, w.packets, w.n);
	if (!memory)
		pool_exhaust(pool, &taken);
	size_t before = w.n;
	talk_ack(&two, CLIENT)->window = 0;
	talk_close(&one, CLIENT);
	talk_ack(&two, CLIENT)->window = 0;
	talk_close(&two, SERVER);
	stream_native.segments(s, w.packets + before, w.n - before);
	stream_native.finish(s);
	uint64_t none = stream_native.stats(s)->no_memory;
	stream_native.free(s);
	while (taken.n > 0)
		pool_put(pool, taken.all[--taken.n], 2 * sizeof(struct conn_side));
	pool_free(pool);
	segments_free(&w);
	return none;
}

/* Where there is no memory for what is counted beside, a session has none of that, and not
 * another's; all else is its own. */
static void facts_without_memory_are_nobodys(void **state)
{
	(void)state;
	struct releases with = {0}, without = {0};
	assert_int_equal(closed_windows(true, &with), 0);
	assert_true(closed_windows(false, &without) > 0);
	assert_int_equal(with.n, 2);
	assert_int_equal(without.n, 2);
	assert_int_equal(with.all[1].sides[CLIENT].zero_windows, 2);
	with.all[1].sides[CLIENT].zero_windows = 0;
	for (unsigned i = 0; i < 2; i++) {
		assert_true(with.all[i].sides[CLIENT].packets > 0 &&
			    with.all[i].sides[SERVER].packets > 0);
		assert_memory_equal(without.all[i].sides, with.all[i].sides,
				    sizeof with.all[i].sides);
	}
}

/* A segment as an attacker beside the path would forge it: it bears the numbers of the side's next
 * one, but acknowledges what was never sent. It is heard by nobody. */
static void forge_ack(struct talk *t, enum side side, uint32_t ahead, const char *text)
{
	struct packet *p =
		talk_raw(t, side, TCP_ACK | TCP_PSH, t->next[side], bytes_of(text, strlen(text)));
	p->ack = t->heard[side] + ahead;
}

static const char *const said[] = {"220 mx\r\n", "EHLO a\r\n", "250 mx\r\n", "MAIL FROM:<a@b>\r\n",
				   "250 ok\r\n", "QUIT\r\n",   "221 bye\r\n"};

enum { SAID = sizeof said / sizeof *said };

/* A dialogue of which each part takes so long; in front of part `at` somebody forges. */
static struct heard *forged(struct engine_run *r, int64_t step, unsigned at, enum side side,
			    uint32_t ahead, const char *text)
{
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	t.step = step;
	for (unsigned i = 0; i < SAID; i++) {
		if (i == at)
			forge_ack(&t, side, ahead, text);
		talk_say(&t, i % 2 ? CLIENT : SERVER, said[i]);
	}
	talk_close(&t, SERVER);
	return engine_run_one(r);
}

static void assert_all_heard(const struct heard *h)
{
	assert_int_equal(h->gap[CLIENT], 0);
	assert_int_equal(h->gap[SERVER], 0);
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\nMAIL FROM:<a@b>\r\nQUIT\r\n"));
	assert_true(heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n250 ok\r\n221 bye\r\n"));
	assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_FIN);
}

/* Whatever it claims, wherever it stands, however slow the dialogue is: not a byte of it is hidden.
 */
static void a_forged_acknowledgement_hides_nothing(void **state)
{
	(void)state;
	static const uint32_t aheads[] = {1, 30, 1000, 1 << 16, 1 << 24, (1 << 30) - 1};
	static const int64_t steps[] = {FRAME_MS, 60 * FRAME_MS, FRAME_SECOND / 2,
					3 * FRAME_SECOND};
	static const char *const texts[] = {"", "QUIT\r\n",
					    "221 a longer one than that which is said\r\n"};
	for (unsigned k = 0; k < 2 * 6 * 4 * SAID * 2 * 3; k++) {
		uint32_t ahead = aheads[k / 2 % 6];
		const char *text = texts[k / 48 / SAID / 2];
		/* What the next reply does cover may have been captured before it. */
		if (*text && ahead < 1000)
			continue;
		struct engine_run *r = engine_run_new(k % 2 ? &stream_general : &stream_native);
		assert_non_null(r);
		assert_all_heard(forged(r, steps[k / 12 % 4], k / 48 % SAID,
					k / 48 / SAID % 2 ? SERVER : CLIENT, ahead, text));
		engine_run_free(r);
	}
}

/* Nor does one that its receiver drops because it acknowledges what was before the connection: it
 * says nothing at all. */
static void a_segment_of_another_connection_says_nothing(void **state)
{
	(void)state;
	static const uint32_t behinds[] = {100, 1 << 16, 1 << 24, (1 << 30) - 1};
	for (unsigned k = 0; k < 2 * 4 * SAID * 2; k++) {
		struct engine_run *r = engine_run_new(k % 2 ? &stream_general : &stream_native);
		assert_non_null(r);
		uint32_t behind = behinds[k / 2 % 4];
		assert_all_heard(forged(r, FRAME_MS, k / 8 % SAID, k / 8 / SAID ? SERVER : CLIENT,
					(uint32_t)-behind, "221 forged\r\n"));
		engine_run_free(r);
	}
}

/* The number of the server's RST says how much it had sent. */
static void a_forged_acknowledgement_before_the_end_hides_no_reset(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_mail(&t);
		t.step = k ? 5 * FRAME_SECOND : FRAME_MS;
		forge_ack(&t, CLIENT, 1 << 29, "");
		talk_rst(&t, SERVER);
		struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_end(h, CLOSER_SERVER, HOW_RST, HOW_RST);
		engine_run_free(r);
	}
}

/* The client's acknowledgements are not seen any more: the last one must not lie ahead once the
 * server has said two gigabytes more. */
static void an_acknowledgement_two_gigabytes_ago_is_none_ahead(void **state)
{
	(void)state;
	enum { STEPS = 20, BIG = 1 << 28 };
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	t.step = 2 * FRAME_SECOND;
	talk_mail(&t);
	for (int i = 0; i < STEPS; i++) {
		struct packet *p = talk_say(&t, SERVER, "x");
		p->payload_len = BIG;
		t.next[SERVER] += BIG - 1;
	}
	talk_close(&t, SERVER);
	struct heard *h = engine_run_one(r);
	assert_int_equal(h->gap[SERVER], STEPS * (BIG - 1ull));
	assert_int_equal(h->n[SERVER], strlen("220 mx\r\n250 mx\r\n221 bye\r\n") + STEPS);
	assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_FIN);
	engine_run_free(r);
}

/* The same dialogue; in front of part `at` somebody forges a segment so far ahead, with these
 * flags. */
static struct heard *forged_ahead(struct engine_run *r, unsigned at, enum side side, uint32_t ahead,
				  uint8_t flags, const char *text)
{
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	for (unsigned i = 0; i < SAID; i++) {
		if (i == at)
			talk_raw(&t, side, flags, t.next[side] + ahead,
				 bytes_of(text, strlen(text)));
		talk_say(&t, i % 2 ? CLIENT : SERVER, said[i]);
	}
	talk_close(&t, SERVER);
	return engine_run_one(r);
}

/* A FIN that is not where the stream ends, ahead of it by a little or by more than any window,
 * hides neither what comes nor the end. */
static void a_forged_fin_hides_nothing(void **state)
{
	(void)state;
	static const uint32_t aheads[] = {4, 60, 65535, 70000, 1 << 20, 1 << 29};
	for (unsigned k = 0; k < 6 * SAID * 2; k++) {
		struct engine_run *r = engine_run_new(&stream_native);
		assert_non_null(r);
		assert_all_heard(forged_ahead(r, k / 6 % SAID, k / 6 / SAID ? SERVER : CLIENT,
					      aheads[k % 6], TCP_ACK | TCP_FIN, ""));
		engine_run_free(r);
	}
}

/* Bytes out of the window are no hole before them. */
static void bytes_out_of_the_window_hide_nothing(void **state)
{
	(void)state;
	static const uint32_t aheads[] = {70000, 1 << 20, 1 << 29};
	for (unsigned k = 0; k < 3 * (SAID - 1) * 2; k++) {
		struct engine_run *r = engine_run_new(&stream_native);
		assert_non_null(r);
		enum side side = k / 3 / (SAID - 1) ? SERVER : CLIENT;
		assert_all_heard(forged_ahead(r, k / 3 % (SAID - 1), side, aheads[k % 3], TCP_ACK,
					      "QUIT\r\n"));
		assert_int_equal(r->stats.gaps, 0);
		engine_run_free(r);
	}
}

/*
 * What was handed on is not taken back: other bytes for the same numbers, by whoever and however
 * they come, change nothing of it (what they make of the verdict: test_retracted_close.c). The
 * first to come is the first for the receiver too, where the capture is made beside it; a forger
 * who is faster than the server, with the right numbers, is believed by both. How far a segment can
 * still go (its TTL) is not looked at: what does not reach the receiver is sent again with the same
 * bytes, or is a forgery.
 */
static void the_first_bytes_count(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * SAID; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_handshake(&t);
		for (unsigned i = 0; i < SAID; i++) {
			enum side side = i % 2 ? CLIENT : SERVER;
			uint32_t seq = t.next[side];
			talk_say(&t, side, said[i]);
			if (i == k / 2) {
				struct packet *p = talk_raw(
					&t, side, TCP_ACK, seq,
					bytes_first(bytes_str("221 forged\r\n"), strlen(said[i])));
				p->ttl = k % 2 ? 1 : p->ttl;
				p->flags |= k % 2 ? TCP_URG : 0;
			}
		}
		talk_close(&t, SERVER);
		assert_all_heard(engine_run_one(r));
		engine_run_free(r);
	}
}

/* A whole capture of it, but for one segment of the server's: that there was one is learnt, and how
 * long it was. */
static void a_lost_reply_is_a_hole(void **state)
{
	(void)state;
	static const int64_t steps[] = {FRAME_MS, 60 * FRAME_MS, 3 * FRAME_SECOND,
					100 * FRAME_SECOND};
	for (unsigned k = 0; k < 4 * SAID; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_handshake(&t);
		t.step = steps[k % 4];
		for (unsigned i = 0; i < SAID; i++) {
			talk_say(&t, i % 2 ? CLIENT : SERVER, said[i]);
			if (i == k / 4)
				segments_drop(&r->in, r->in.n - 1);
		}
		talk_close(&t, CLIENT);
		struct heard *h = engine_run_one(r);
		assert_int_equal(h->gap[k / 4 % 2 ? CLIENT : SERVER], strlen(said[k / 4]));
		assert_int_equal(h->gap[k / 4 % 2 ? SERVER : CLIENT], 0);
		engine_run_free(r);
	}
}

/* The server's last words and its FIN are missing. What answers a segment that had crossed them
 * bears the number which that one acknowledged, and says nothing of what was sent. */
static void a_reset_that_answers_an_old_segment_belies_nothing(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_mail(&t);
	talk_say(&t, CLIENT, "NOOP\r\n");
	uint32_t heard = t.heard[CLIENT];
	talk_say(&t, SERVER, "421 bye\r\n");
	talk_fin(&t, SERVER);
	talk_ack(&t, CLIENT);
	segments_drop(&r->in, r->in.n - 3);
	segments_drop(&r->in, r->in.n - 2);
	talk_raw(&t, SERVER, TCP_RST, heard, bytes_of(NULL, 0));
	assert_true(engine_run_one(r)->gap[SERVER] >= strlen("421 bye\r\n"));
	engine_run_free(r);
}

/* Segments of one byte, each behind a hole: every one that comes is put in its place among them, so
 * that there may not be as many as bytes would fit. */
static void tiny_segments_are_not_held_in_thousands(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_handshake(&t);
	for (uint32_t i = 0; i < 2000; i++)
		talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] + 10 + 2 * i, bytes_str("x"));
	engine_run_batches(r, 16);
	assert_true(r->stats.held_overflow > 0);
	engine_run_free(r);
}

/* The server never speaks again, as far as the capture sees: what the client acknowledges, and
 * acknowledges again, is missing. */
static void a_side_that_is_not_heard_any_more_is_believed_of_the_other(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_mail(&t);
	t.step = FRAME_SECOND / 2;
	for (int i = 0; i < 10; i++) {
		t.heard[CLIENT] += 10;
		talk_say(&t, CLIENT, "NOOP\r\n");
	}
	struct heard *h = engine_run_one(r);
	assert_int_equal(h->gap[SERVER], 100);
	assert_non_null(strstr(h->turns, "hchchchchc"));
	engine_run_free(r);
}

/* Once the mark of a packet was a sum without a secret: a packet that nobody would take could bear
 * the mark of the one to come, which was passed over as captured twice. */
static void a_forged_mark_hides_no_packet(void **state)
{
	(void)state;
	struct talk t;
	struct engine_run *r = engine_run_talk(&stream_native, &t);
	talk_handshake(&t);
	talk_say(&t, SERVER, "220 mx\r\n");
	talk_say(&t, CLIENT, "EHLO a\r\n");
	talk_say(&t, SERVER, "250 mx\r\n");
	talk_say(&t, CLIENT, "QUIT\r\n");
	talk_say(&t, SERVER, "221 bye\r\n");
	struct packet real = r->in.packets[r->in.n - 1], forged = real;
	forged.seq += 1u << 31;
	forged.tsval = 0;
	forged.has_tsopt = true;
	forged.ack = ((real.seq ^ real.payload_len << 7) ^ (forged.seq ^ forged.payload_len << 7)) *
			     2654435761u ^
		     (real.ack + real.tsval);
	segments_add(&r->in, &forged);
	segments_move(&r->in, r->in.n - 1, r->in.n - 2);
	talk_close(&t, SERVER);
	assert_mail(engine_run_one(r));
	assert_int_equal(r->stats.duplicates, 0);
	engine_run_free(r);
}

/* What a clock that goes to and fro may cost: each step makes all open connections be looked at, so
 * that with many of them fewer steps are believed. */
static void many_connections_bear_few_steps_of_the_clock(void **state)
{
	(void)state;
	enum { SECONDS = 3600, STEPS = 1000 };
	static const unsigned opens[] = {10, 100000};
	for (unsigned k = 0; k < 2; k++) {
		struct segments w = {0};
		struct stream_config config = stream_config_default();
		struct pool *pool = pool_new((size_t)256 << 20);
		struct stream *s = stream_native.new(&config, pool, &deaf, NULL);
		assert_non_null(s);
		for (unsigned i = 0; i < opens[k]; i++) {
			struct talk t = talk_v4(&w, i);
			talk_syn(&t)->number = w.n;
		}
		struct talk other = talk_v4(&w, opens[k]);
		int64_t from = other.now;
		for (unsigned i = 0; i < 2 * STEPS; i++) {
			other.now = from + i % 2 * SECONDS * FRAME_SECOND;
			talk_ack(&other, CLIENT)->number = w.n;
		}
		stream_native.segments(s, w.packets, w.n);
		if (k == 0)
			assert_within(s->steps, STEPS - 1, STEPS);
		else
			assert_within(s->steps, 50, 200);
		stream_native.finish(s);
		stream_native.free(s);
		pool_free(pool);
		segments_free(&w);
	}
}

/* An acknowledgement between SYN and SYN-ACK, of an earlier connection or forged, does not finish
 * the handshake: the server that closes then has dropped nobody. The true one, captured too early,
 * does. */
static void an_acknowledgement_before_the_syn_ack_finishes_nothing(void **state)
{
	(void)state;
	static const uint32_t behinds[] = {1, 1000, 1 << 29, 0};
	for (unsigned k = 0; k < 4; k++) {
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_native, &t);
		talk_syn(&t);
		talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT], bytes_of(NULL, 0))->ack =
			t.isn[SERVER] + 1 - behinds[k];
		talk_syn_ack(&t);
		t.now += 60 * FRAME_SECOND;
		talk_fin(&t, SERVER);
		assert_int_equal(engine_run_one(r)->end.half_open, behinds[k] != 0);
		engine_run_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_without_memory_are_nobodys),
		cmocka_unit_test(a_forged_acknowledgement_hides_nothing),
		cmocka_unit_test(a_segment_of_another_connection_says_nothing),
		cmocka_unit_test(a_forged_acknowledgement_before_the_end_hides_no_reset),
		cmocka_unit_test(an_acknowledgement_two_gigabytes_ago_is_none_ahead),
		cmocka_unit_test(a_forged_fin_hides_nothing),
		cmocka_unit_test(bytes_out_of_the_window_hide_nothing),
		cmocka_unit_test(the_first_bytes_count),
		cmocka_unit_test(a_lost_reply_is_a_hole),
		cmocka_unit_test(a_forged_mark_hides_no_packet),
		cmocka_unit_test(many_connections_bear_few_steps_of_the_clock),
		cmocka_unit_test(a_reset_that_answers_an_old_segment_belies_nothing),
		cmocka_unit_test(tiny_segments_are_not_held_in_thousands),
		cmocka_unit_test(a_side_that_is_not_heard_any_more_is_believed_of_the_other),
		cmocka_unit_test(an_acknowledgement_before_the_syn_ack_finishes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
