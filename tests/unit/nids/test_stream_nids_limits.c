/* test_stream_nids_limits.c - libnids as an engine: time-outs, full tables, holes, forgeries:
 * losses are said, nothing grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/engine_run.h"
#include "lib/within.h"
#include "nids/stream_nids.h"

static int setup(void **state)
{
	*state = engine_run_new(&stream_nids);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	engine_run_free(*state);
	return 0;
}

static void idle_ones_age_by_the_packets_time(void **state)
{
	struct engine_run *r = *state;
	struct talk idle = talk_v4(&r->in, 1), half = talk_v4(&r->in, 2),
		    other = talk_v4(&r->in, 3);
	talk_mail(&idle);
	idle.now += r->config.idle - FRAME_SECOND;
	talk_say(&idle, CLIENT, "NOOP\r\n");
	int64_t last = idle.now - idle.step;
	half.now = idle.now;
	talk_mail(&half);
	talk_fin(&half, SERVER);
	int64_t fin = half.now - half.step;
	other.now = last + r->config.idle;
	talk_syn(&other);
	engine_run_batches(r, 1);
	const struct heard *h = transcript_find(&r->out, half.port[CLIENT]);
	assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_IDLE);
	assert_int_equal(h->closed_ts, fin + r->config.fin_wait);
	assert_int_equal(h->closed_as, 0);
	h = transcript_find(&r->out, idle.port[CLIENT]);
	assert_end(h, CLOSER_NOBODY, HOW_IDLE, HOW_IDLE);
	assert_int_equal(h->closed_ts, last + r->config.idle);
	assert_int_equal(r->stats.aged_idle, 2);
}

static void tick_ages_without_packets(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &r->out);
	stream_nids.segments(s, r->in.packets, r->in.n);
	int64_t last = r->in.packets[r->in.n - 1].ts;
	stream_nids.tick(s, last + r->config.idle - 1);
	assert_int_equal(r->out.closed, 0);
	stream_nids.tick(s, last + r->config.idle);
	assert_int_equal(r->out.closed, 1);
	stream_nids.finish(s);
	assert_int_equal(r->out.closed, 1);
	stream_nids.free(s);
	pool_free(pool);
}

static void full_table_gives_up_half_open_first(void **state)
{
	struct engine_run *r = *state;
	r->config.max_conns = 4;
	struct talk t[7];
	for (unsigned i = 0; i < sizeof t / sizeof *t; i++)
		t[i] = talk_v4(&r->in, i);
	talk_mail(&t[0]);
	talk_mail(&t[1]);
	talk_syn(&t[2]);
	talk_mail(&t[3]);
	t[0].now = t[3].now;
	talk_say(&t[0], CLIENT, "NOOP\r\n"); /* so that 1 is the longest idle */
	t[4].now = t[5].now = t[6].now = t[0].now + 20 * FRAME_SECOND;
	talk_mail(&t[4]); /* in place of 2 */
	talk_mail(&t[5]); /* in place of 1 */
	talk_close(&t[5], CLIENT);
	talk_mail(&t[6]); /* in place of 5, which is closed */
	engine_run_batches(r, 1);
	assert_int_equal(r->out.n, 7);
	assert_int_equal(r->out.heard[2]->closed_as, 0);
	assert_end(r->out.heard[2], CLOSER_NOBODY, HOW_EVICTED, HOW_EVICTED);
	assert_false(r->out.heard[2]->end.unanswered);
	assert_int_equal(r->out.heard[1]->closed_as, 1);
	assert_end(r->out.heard[1], CLOSER_NOBODY, HOW_EVICTED, HOW_EVICTED);
	assert_end(r->out.heard[6], CLOSER_NOBODY, HOW_CAPTURE_END, HOW_CAPTURE_END);
	assert_int_equal(r->stats.evicted_half_open, 1);
	assert_int_equal(r->stats.evicted_idle, 1);
	assert_int_equal(r->stats.conns_peak, 4);
}

/* Numbers, and so libnids' tuples, are used again and again, and its table never fills. */
static void many_connections_through_a_small_table(void **state)
{
	struct engine_run *r = *state;
	r->config.max_conns = 50;
	for (unsigned n = 0; n < 3000; n++) {
		struct talk t = talk_v4(&r->in, n);
		talk_mail(&t);
		if (n % 3)
			talk_close(&t, n % 2 ? CLIENT : SERVER);
	}
	engine_run_batches(r, 64);
	assert_int_equal(r->out.n, 3000);
	for (unsigned n = 0; n < 3000; n++)
		assert_mail(r->out.heard[n]);
}

static void lost_segment_is_a_gap_and_the_rest_is_lost_too(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	segments_drop(&r->in, 4); /* EHLO a */
	talk_close(&t, CLIENT);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->n[CLIENT], 0);
	assert_int_equal(h->gap[CLIENT], strlen("EHLO a\r\nQUIT\r\n"));
	assert_true(heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n221 bye\r\n"));
	/* The FINs were seen, and who was first. */
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
	assert_string_equal(h->turns, "sgsgsFG.");
	assert_int_equal(r->stats.gaps, 2);
	assert_int_equal(r->stats.gap_bytes, 14);
}

/* The other side goes on: after the skew its bytes are handed on, and what they acknowledge is
 * declared lost. */
static void acknowledged_hole_is_declared_after_the_skew(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	segments_drop(&r->in, 4);
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &r->out);
	stream_nids.segments(s, r->in.packets, 5); /* up to the reply to the lost EHLO */
	const struct heard *h = r->out.heard[0];
	int64_t held = r->in.packets[4].ts;
	stream_nids.tick(s, held + r->config.skew - 1);
	assert_int_equal(h->gap[CLIENT], 0);
	assert_int_equal(h->n[SERVER], 8);
	stream_nids.tick(s, held + r->config.skew);
	assert_int_equal(h->gap[CLIENT], 8);
	assert_int_equal(h->n[SERVER], 16);
	/* The hole is known now: no further waiting. */
	stream_nids.segments(s, r->in.packets + 5, r->in.n - 5);
	assert_int_equal(h->gap[CLIENT], 14);
	assert_int_equal(h->n[SERVER], 25);
	stream_nids.finish(s);
	stream_nids.free(s);
	pool_free(pool);
}

/* A hole that is filled after it was declared: the late bytes are passed over, what follows is
 * handed on. */
static void late_bytes_are_not_told_twice(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	struct packet late = *talk_say(&t, CLIENT, "one ");
	segments_drop(&r->in, r->in.n - 1);
	talk_say(&t, SERVER, "250\r\n");
	t.now += 2 * r->config.skew;
	talk_ack(&t, SERVER);
	late.ts = t.now;
	segments_add(&r->in, &late);
	talk_say(&t, CLIENT, "two");
	/* It has recovered: a reply that was captured early is held again. */
	talk_say(&t, CLIENT, "three");
	talk_say(&t, SERVER, "354\r\n");
	segments_move(&r->in, r->in.n - 1, r->in.n - 2);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->gap[CLIENT], 4);
	assert_true(heard_equals(h, CLIENT, "twothree"));
	assert_string_equal(h->turns, "gscs.");
}

static void snaplen_and_super_segments(void **state)
{
	struct engine_run *r = *state;
	static char big[200000];
	memset(big, 'x', sizeof big);
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake_scaled(&t, 4);
	talk_send(&t, CLIENT, bytes_of(big, sizeof big));
	struct packet *p = talk_send(&t, SERVER, bytes_str("250 ok, and more"));
	p->payload_cap = 6;
	talk_close(&t, CLIENT);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->n[CLIENT], sizeof big);
	assert_memory_equal(h->bytes[CLIENT], big, sizeof big);
	assert_true(heard_equals(h, SERVER, "250 ok"));
	assert_int_equal(h->gap[SERVER], 10);
	assert_true(h->conn.flow[SERVER].cut);
	assert_false(h->conn.flow[CLIENT].cut);
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
}

/* Data on a SYN that the server does not take is sent again, and then counts. */
static void payload_of_a_syn(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	struct packet *p = talk_syn(&t);
	p->payload = (const uint8_t *)"EHLO";
	p->payload_len = p->payload_cap = 4;
	talk_syn_ack(&t);
	talk_ack(&t, CLIENT);
	talk_say(&t, CLIENT, "EHLO a\r\n");
	const struct heard *h = engine_run_one(r);
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\n"));
}

/* Windows beyond 64 KB: the scale of the SYNs is passed on. */
static void scaled_windows_are_understood(void **state)
{
	struct engine_run *r = *state;
	static char chunk[1460];
	struct talk t = talk_v4(&r->in, 1);
	t.window = 1000;
	talk_handshake_scaled(&t, 7);
	for (int i = 0; i < 60; i++)
		talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	talk_close(&t, CLIENT);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->n[CLIENT], 60 * sizeof chunk);
}

static void limits_of_what_is_held(void **state)
{
	struct engine_run *r = *state;
	for (int total = 0; total < 2; total++) {
		r->config.reorder_per_conn = total ? 10000 : 100;
		r->config.reorder_total = total ? 100 : 10000;
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		talk_say(&t, CLIENT, "lost");
		segments_drop(&r->in, 3);
		for (int i = 0; i < 3; i++)
			talk_say(&t, SERVER, "ten bytes!");
		const struct heard *h = engine_run_one(r);
		assert_true(heard_equals(h, SERVER, "ten bytes!ten bytes!ten bytes!"));
		assert_int_equal(h->gap[CLIENT], 4);
		assert_string_equal(h->turns, "gs.");
		assert_int_equal(r->stats.held_overflow, 1);
		assert_within(r->stats.held_peak, 50,
			      100); /* two of the three, each with its overhead */
		assert_int_equal(r->stats.held_bytes, 0);
	}
}

/* The pool is too small for the connections that come: some are not watched, and that is counted.
 */
static void exhausted_pool_is_counted(void **state)
{
	struct engine_run *r = *state;
	for (unsigned n = 0; n < 2000; n++) {
		struct talk t = talk_v4(&r->in, n);
		talk_mail(&t);
		segments_move(&r->in, r->in.n - 1, r->in.n - 2); /* so that something is held */
	}
	struct pool *pool = pool_new(400000);
	struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &r->out);
	stream_nids.segments(s, r->in.packets, r->in.n);
	assert_true(stream_nids.stats(s)->no_memory > 1000);
	assert_within(r->out.n, 200, 999);
	stream_nids.finish(s);
	stream_nids.free(s);
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
	for (unsigned i = 0; i < r->out.n; i++)
		assert_mail(r->out.heard[i]);
}

/* More than 64 KB behind a hole: libnids throws it all away, and it is counted. */
static void libnids_own_limit_is_counted(void **state)
{
	struct engine_run *r = *state;
	static char chunk[1460];
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake_scaled(&t, 4);
	struct packet late = *talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	segments_drop(&r->in, 3);
	for (int i = 0; i < 60; i++)
		talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	late.ts = t.now;
	segments_add(&r->in, &late);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(r->stats.held_overflow, 1);
	assert_true(h->n[CLIENT] < 60 * sizeof chunk);
	assert_int_equal(h->n[CLIENT] + h->gap[CLIENT], 61 * sizeof chunk);
}

/* Each acknowledges the other's segment, and the second one even more: the older goes first, with
 * what it needs. */
static void contradictory_acknowledgements_come_out(void **state)
{
	struct engine_run *r = *state;
	for (enum side older = CLIENT; older <= SERVER; older++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		t.heard[older] += 10;
		t.heard[side_other(older)] += 50;
		for (int i = 0; i < 2; i++) {
			enum side side = i ? side_other(older) : older;
			talk_raw(&t, side, TCP_ACK, t.next[side], bytes_str("ten bytes!"));
		}
		const struct heard *h = engine_run_one(r);
		assert_string_equal(h->turns, older == CLIENT ? "sc." : "cs.");
	}
}

static void forgeries_are_not_believed(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_syn(&t);
	struct packet *p = talk_syn_ack(&t);
	p->seq += 5000; /* answers another SYN */
	p->ack += 1;
	p->mss = 1;
	talk_syn_ack(&t);
	talk_ack(&t, CLIENT);
	talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] + 1000000000, bytes_str("far away"));
	talk_say(&t, CLIENT, "lost");
	segments_drop(&r->in, r->in.n - 1);
	talk_fin(&t, CLIENT);
	talk_raw(&t, CLIENT, TCP_ACK | TCP_FIN, t.next[CLIENT] + 1000,
		 bytes_of(NULL, 0)); /* it has ended before */
	talk_say(&t, SERVER, "221\r\n");
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->gap[CLIENT], 4);
	assert_int_equal(h->gap[SERVER], 0);
	assert_true(heard_equals(h, SERVER, "221\r\n"));
	assert_string_equal(h->turns, "gFs.");
	assert_int_equal(h->conn.side[SERVER].mss, 1460);
}

static void absurd_acknowledgement_loses_nothing(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	talk_say(&t, SERVER, "220\r\n")->ack += 1000000000;
	const struct heard *h = engine_run_one(r);
	assert_string_equal(h->turns, "s.");
	assert_int_equal(h->gap[CLIENT], 0);
}

/* Sent, sent again, asked whether anybody is there, a closed window; and then an answer, or none.
 */
static void unanswered_bytes_are_counted(void **state)
{
	struct engine_run *r = *state;
	for (int answered = 0; answered < 2; answered++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		talk_say(&t, SERVER, "220\r\n");
		int64_t since = t.now;
		uint32_t seq = t.next[CLIENT];
		talk_say(&t, CLIENT, "NOOP\r\n");
		for (int i = 0; i < 4; i++) {
			t.now += 3 * FRAME_SECOND;
			talk_raw(&t, CLIENT, TCP_ACK, seq, bytes_str("NOOP\r\n"));
		}
		talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] - 1, bytes_str("\n")); /* keep-alive */
		if (answered) {
			talk_ack(&t, SERVER)->window = 0;
			talk_raw(&t, CLIENT, TCP_ACK, seq, bytes_str("NOOP\r\n"));
		}
		t.now += r->config.idle;
		struct talk other = talk_v4(&r->in, 2);
		other.now = t.now;
		talk_syn(&other);
		engine_run_batches(r, 1);
		const struct heard *h = r->out.heard[0];
		assert_int_equal(h->conn.side[CLIENT].retransmits, 4 + answered);
		assert_int_equal(h->conn.side[CLIENT].unanswered, answered ? 1 : 4);
		assert_int_equal(h->conn.side[CLIENT].unanswered_since, answered ? 0 : since);
		assert_int_equal(h->conn.side[SERVER].zero_windows, answered);
		assert_end(h, CLOSER_NOBODY, answered ? HOW_IDLE : HOW_SILENCE, HOW_IDLE);
		assert_int_equal(r->stats.retransmits, 4 + answered);
	}
}

static void only_watched_servers_count(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	t.port[SERVER] = 80;
	talk_mail(&t);
	struct talk middle = talk_v4(&r->in, 2);
	talk_say(&middle, SERVER, "no SYN of this was seen");
	engine_run_batches(r, 1);
	assert_int_equal(r->out.n, 0);
	assert_int_equal(r->stats.stray, 9);
	assert_int_equal(r->stats.segments, 9);
}

/* Whatever comes: the transcript insists on the contract. */
static void absurd_segments_keep_the_contract(void **state)
{
	struct engine_run *r = *state;
	struct dice d = dice_new("absurd segments", 11);
	r->config.max_conns = 5;
	for (unsigned n = 0; n < 300; n++)
		talk_absurd(&r->in, &d, n % 7);
	engine_run_batches(r, 16);
	assert_true(r->out.n > 50);
}

/* What lies before the number of an RST or a FIN was said, and was not captured; what an RST
 * acknowledges likewise. */
static void an_end_beyond_what_was_seen_is_a_hole(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * 3 * 2; k++) {
		static const uint32_t aheads[] = {0, 1, 100};
		enum side side = k % 2 ? CLIENT : SERVER;
		uint32_t ahead = aheads[k / 2 % 3], acks = k >= 6 ? 200 : 0;
		struct talk t;
		struct engine_run *r = engine_run_talk(&stream_nids, &t);
		talk_mail(&t);
		t.next[side] += ahead;
		t.heard[side] += acks;
		talk_rst(&t, side);
		struct heard *h = engine_run_one(r);
		assert_int_equal(h->gap[side], ahead);
		assert_int_equal(h->gap[side_other(side)], acks);
		assert_end(h, side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER, HOW_RST, HOW_RST);
		engine_run_free(r);

		r = engine_run_talk(&stream_nids, &t);
		talk_mail(&t);
		t.next[side] += ahead;
		talk_close(&t, side);
		assert_int_equal(engine_run_one(r)->gap[side], ahead);
		engine_run_free(r);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(idle_ones_age_by_the_packets_time),
		TEST(tick_ages_without_packets),
		TEST(full_table_gives_up_half_open_first),
		TEST(many_connections_through_a_small_table),
		TEST(lost_segment_is_a_gap_and_the_rest_is_lost_too),
		TEST(acknowledged_hole_is_declared_after_the_skew),
		TEST(late_bytes_are_not_told_twice),
		TEST(snaplen_and_super_segments),
		TEST(payload_of_a_syn),
		TEST(an_end_beyond_what_was_seen_is_a_hole),
		TEST(scaled_windows_are_understood),
		TEST(limits_of_what_is_held),
		TEST(exhausted_pool_is_counted),
		TEST(libnids_own_limit_is_counted),
		TEST(contradictory_acknowledgements_come_out),
		TEST(forgeries_are_not_believed),
		TEST(absurd_acknowledgement_loses_nothing),
		TEST(unanswered_bytes_are_counted),
		TEST(only_watched_servers_count),
		TEST(absurd_segments_keep_the_contract),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
