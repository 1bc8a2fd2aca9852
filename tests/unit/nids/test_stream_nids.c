/* test_stream_nids.c - libnids as an engine keeps the contract of stream.h: order, facts, ends; and
 * it can be had again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/engine_run.h"
#include "nids/stream_nids.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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

static void dialogue_is_heard_with_its_facts(void **state)
{
	struct engine_run *r = *state;
	struct talk talks[] = {talk_v4(&r->in, 1), talk_v6(&r->in, 2)};
	for (size_t i = 0; i < COUNT(talks); i++) {
		segments_free(&r->in);
		struct talk *t = &talks[i];
		talk_mail(t);
		talk_close(t, SERVER);
		const struct heard *h = engine_run_one(r);
		assert_mail(h);
		assert_string_equal(h->turns, "scscsGF.");
		assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_FIN);
		for (int side = CLIENT; side <= SERVER; side++) {
			assert_true(ip_addr_equal(&h->conn.addr[side], &t->addr[side]));
			assert_int_equal(h->conn.port[side], t->port[side]);
			assert_true(h->conn.flow[side].syn && h->conn.flow[side].fin);
			assert_int_equal(h->conn.side[side].mss, 1460);
			assert_int_equal(h->conn.side[side].retransmits, 0);
		}
		assert_int_equal(h->conn.side[CLIENT].ttl, 64);
		assert_int_equal(h->conn.side[SERVER].ttl, 57);
		assert_int_equal(h->conn.side[CLIENT].packets, 5);
		assert_int_equal(h->conn.side[SERVER].packets, 5);
		assert_int_equal(h->conn.rtt, 2 * t->step);
		assert_int_equal(h->conn.start, r->in.packets[0].ts);
		assert_int_equal(h->closed_ts, r->in.packets[r->in.n - 2].ts);
		assert_int_equal(r->stats.conns, 1);
		assert_int_equal(r->stats.conns_peak, 1);
		assert_int_equal(r->stats.stray, 1); /* the last ACK */
	}
}

static void batches_change_nothing(void **state)
{
	struct engine_run *r = *state;
	struct dice d = {3};
	for (unsigned n = 0; n < 5; n++) {
		struct talk t = talk_v4(&r->in, n);
		talk_random(&t, &d);
	}
	engine_run_batches(r, SIZE_MAX);
	struct transcript whole = r->out;
	r->out = (struct transcript){0};
	static const size_t batches[] = {1, 2, 7, 64};
	for (size_t i = 0; i < COUNT(batches); i++) {
		engine_run_batches(r, batches[i]);
		assert_int_equal(r->out.n, whole.n);
		for (unsigned k = 0; k < whole.n; k++) {
			assert_string_equal(r->out.heard[k]->turns, whole.heard[k]->turns);
			assert_int_equal(r->out.heard[k]->closed_as, whole.heard[k]->closed_as);
			assert_int_equal(r->out.heard[k]->n[CLIENT], whole.heard[k]->n[CLIENT]);
		}
	}
	transcript_free(&whole);
}

/* "one two three four": the four segments in an order, some twice. */
static void reordered_and_repeated_segments_come_out_once(void **state)
{
	struct engine_run *r = *state;
	static const char *const words[] = {"one ", "two ", "three ", "four"};
	static const struct {
		unsigned order[6], n;
		unsigned queued, retransmits;
	} rows[] = {
		{{0, 1, 2, 3}, 4, 0, 0},    {{3, 2, 1, 0}, 4, 3, 0},
		{{1, 0, 3, 2}, 4, 2, 0},    {{0, 0, 1, 2, 3}, 5, 0, 1},
		{{1, 1, 0, 2, 3}, 5, 2, 1}, {{2, 3, 0, 1, 3, 0}, 6, 2, 2},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		for (unsigned k = 0; k < rows[i].n; k++) {
			uint32_t seq = t.next[CLIENT];
			for (unsigned w = 0; w < rows[i].order[k]; w++)
				seq += (uint32_t)strlen(words[w]);
			talk_raw(&t, CLIENT, TCP_ACK, seq, bytes_str(words[rows[i].order[k]]));
		}
		t.next[CLIENT] += (uint32_t)strlen("one two three four");
		t.heard[SERVER] = t.next[CLIENT];
		talk_say(&t, SERVER, "250\r\n");
		const struct heard *h = engine_run_one(r);
		assert_true(heard_equals(h, CLIENT, "one two three four"));
		assert_string_equal(h->turns, "cs.");
		assert_int_equal(h->conn.side[CLIENT].retransmits, rows[i].retransmits);
		assert_int_equal(r->stats.out_of_order, rows[i].queued);
		assert_int_equal(r->stats.duplicates, 0);
	}
}

static void captured_duplicates_are_no_retransmissions(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, CLIENT);
	size_t all = r->in.n;
	for (size_t i = 0; i < 2 * all; i += 2)
		segments_repeat(&r->in, i);
	const struct heard *h = engine_run_one(r);
	assert_mail(h);
	assert_string_equal(h->turns, "scscsFG.");
	assert_int_equal(h->conn.side[CLIENT].retransmits + h->conn.side[SERVER].retransmits, 0);
	assert_int_equal(h->conn.side[CLIENT].packets, 5);
	assert_int_equal(r->stats.duplicates, all - 2); /* what comes after the close is stray */
}

/* A reply that was captured before the command that it answers is handed on behind it; so is a FIN.
 */
static void causal_order_is_made(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, SERVER);
	for (size_t from = r->in.n - 2; from > 3; from--) {
		struct segments bent = {0};
		for (size_t i = 0; i < r->in.n; i++)
			segments_add(&bent, &r->in.packets[i]);
		segments_move(&bent, from, from - 1);
		struct transcript heard = {0};
		struct stream_stats stats =
			transcript_run(&heard, &stream_nids, &r->config, bent.packets, bent.n, 1);
		assert_mail(heard.heard[0]);
		assert_string_equal(heard.heard[0]->turns, "scscsGF.");
		assert_true(stats.held_peak > 0 || r->in.packets[from].payload_len == 0);
		transcript_free(&heard);
		segments_free(&bent);
	}
}

/* What a side had acknowledged when it sent: of segments out of order too. */
struct acked_log {
	uint64_t acked[8];
	unsigned n;
};

static void log_open(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
}

static void log_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	struct acked_log *log = arg;
	(void)data, (void)ts;
	if (side == CLIENT)
		log->acked[log->n++] = conn->flow[CLIENT].acked;
}

static void log_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	log_data(arg, conn, side, bytes_of(NULL, 0), ts);
}

static void log_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)len, (void)ts;
}

static void log_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	(void)arg, (void)conn, (void)end, (void)ts;
}

static void log_release(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
}

static void acknowledgements_are_those_of_the_bytes(void **state)
{
	static const struct stream_listener log_listener = {
		log_open, log_data, log_gap, log_fin, log_close, log_release, NULL};
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	talk_say(&t, SERVER, "220\r\n");
	talk_say(&t, CLIENT, "a");
	uint32_t heard = t.heard[CLIENT];
	talk_say(&t, SERVER, "25");
	t.heard[CLIENT] = heard; /* it was under way when b was sent */
	talk_say(&t, CLIENT, "b");
	talk_say(&t, SERVER, "0\r\n");
	struct packet again = *talk_say(&t, CLIENT, "c");
	segments_move(&r->in, 8, 6); /* c before b, and before the reply that it acknowledges */
	again.ts++;
	again.ip_id += 100;
	again.ack--;
	segments_add(&r->in, &again);
	segments_move(&r->in, 9, 7); /* c is queued twice: what counts is the first */
	talk_close(&t, SERVER);
	struct acked_log log = {.n = 0};
	struct pool *pool = pool_new((size_t)16 << 20);
	struct stream *s = stream_nids.new(&r->config, pool, &log_listener, &log);
	stream_nids.segments(s, r->in.packets, r->in.n);
	stream_nids.finish(s);
	stream_nids.free(s);
	pool_free(pool);
	static const uint64_t want[] = {5, 5, 10, 10};
	assert_int_equal(log.n, COUNT(want));
	assert_memory_equal(log.acked, want, sizeof want);
}

static void first_fin_names_the_closer(void **state)
{
	struct engine_run *r = *state;
	for (enum side first = CLIENT; first <= SERVER; first++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_mail(&t);
		talk_close(&t, first);
		/* In either order of capture: the second one acknowledges the first. */
		for (int swapped = 0; swapped < 2; swapped++) {
			if (swapped)
				segments_move(&r->in, r->in.n - 2, r->in.n - 3);
			const struct heard *h = engine_run_one(r);
			assert_end(h, first == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER, HOW_FIN,
				   HOW_FIN);
			assert_false(h->end.crossed);
			assert_int_equal(h->fins, 2);
			assert_int_equal(h->fin[0], first);
		}
	}
}

static void crossed_fins_are_told(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	uint32_t before = t.heard[SERVER];
	talk_fin(&t, CLIENT);
	t.heard[SERVER] = before;
	talk_fin(&t, SERVER);
	const struct heard *h = engine_run_one(r);
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
	assert_true(h->end.crossed);
}

static void half_close_goes_on(void **state)
{
	struct engine_run *r = *state;
	for (enum side first = CLIENT; first <= SERVER; first++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_mail(&t);
		talk_fin(&t, first);
		talk_say(&t, side_other(first), "more");
		talk_say(&t, side_other(first), " and more");
		talk_fin(&t, side_other(first));
		const struct heard *h = engine_run_one(r);
		assert_string_equal(h->turns, first == CLIENT ? "scscsFsG." : "scscsGcF.");
		assert_int_equal(h->n[side_other(first)], first == CLIENT ? 38 : 27);
		assert_false(h->end.crossed);
	}
}

static void bytes_with_the_fin_come_before_it(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	struct packet *p = talk_say(&t, CLIENT, "last");
	p->flags |= TCP_FIN;
	t.heard[SERVER] = ++t.next[CLIENT];
	talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] - 1, bytes_str("never sent"));
	talk_fin(&t, SERVER);
	const struct heard *h = engine_run_one(r);
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\nQUIT\r\nlast"));
	assert_string_equal(h->turns, "scscscFG.");
	assert_true(h->conn.flow[CLIENT].fin && h->conn.flow[SERVER].fin);
}

/* Captured before the SYN-ACK it says nothing of where its stream began, and ends no stream of
 * which nothing has come. */
static void a_fin_before_the_syn_ack(void **state)
{
	enum { SYN_ACK = 1, SERVER_FIN = 8 };
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, SERVER);
	segments_move(&r->in, SERVER_FIN, SYN_ACK);
	const struct heard *h = engine_run_one(r);
	assert_mail(h);
	assert_string_equal(h->turns, "scscsGF.");
	assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_FIN);
}

/* Of a refused connection the FIN may be all that came, and of one whose SYN-ACK was lost: it is
 * told in the end. */
static void a_fin_without_a_syn_ack(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_syn(&t);
	talk_fin(&t, SERVER);
	const struct heard *h = engine_run_one(r);
	assert_int_equal(h->n[SERVER], 0);
	assert_true(h->conn.flow[SERVER].fin);
	assert_int_equal(h->end.closer, CLOSER_SERVER);
}

static void resets_have_a_sender(void **state)
{
	struct engine_run *r = *state;
	for (enum side side = CLIENT; side <= SERVER; side++) {
		enum closer closer = side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER;
		for (int fin = 0; fin < 2; fin++) {
			segments_free(&r->in);
			struct talk t = talk_v4(&r->in, 1);
			talk_mail(&t);
			if (fin)
				talk_fin(&t, side_other(side));
			talk_rst(&t, side);
			talk_say(&t, side_other(side), "too late");
			const struct heard *h = engine_run_one(r);
			assert_mail(h);
			assert_true(h->end.by_rst);
			assert_int_equal(h->end.rst_by, side);
			assert_true(h->conn.flow[side].rst);
			assert_false(h->conn.flow[side_other(side)].rst);
			if (fin)
				assert_end(h,
					   closer == CLOSER_CLIENT ? CLOSER_SERVER : CLOSER_CLIENT,
					   HOW_FIN, HOW_RST);
			else
				assert_end(h, closer, HOW_RST, HOW_RST);
			assert_int_equal(r->stats.stray, 1);
		}
	}
}

static void reset_outside_the_window_is_ignored(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	talk_raw(&t, SERVER, TCP_RST, t.next[SERVER] + 100000, bytes_of(NULL, 0));
	talk_say(&t, SERVER, "220\r\n");
	const struct heard *h = engine_run_one(r);
	assert_true(heard_equals(h, SERVER, "220\r\n"));
	assert_end(h, CLOSER_NOBODY, HOW_CAPTURE_END, HOW_CAPTURE_END);
	assert_false(h->conn.flow[SERVER].rst);
	assert_int_equal(r->stats.rst_ignored, 1);
}

static void refusal_and_silence_are_told_apart(void **state)
{
	struct engine_run *r = *state;
	struct talk refused = talk_v4(&r->in, 1), silent = talk_v4(&r->in, 2),
		    late = talk_v4(&r->in, 3);
	talk_syn(&refused);
	talk_raw(&refused, SERVER, TCP_RST | TCP_ACK, 0, bytes_of(NULL, 0));
	talk_syn(&silent);
	silent.now += FRAME_SECOND;
	talk_raw(&silent, CLIENT, TCP_SYN, silent.isn[CLIENT], bytes_of(NULL, 0));
	late.now = silent.now + r->config.half_open;
	talk_syn(&late);
	engine_run_batches(r, 1);
	assert_int_equal(r->out.n, 3);
	const struct heard *h = r->out.heard[0];
	assert_end(h, CLOSER_SERVER, HOW_RST, HOW_RST);
	assert_true(h->end.refused);
	assert_false(h->end.unanswered);
	h = r->out.heard[1];
	assert_end(h, CLOSER_NOBODY, HOW_IDLE, HOW_IDLE);
	assert_true(h->end.unanswered);
	assert_false(h->end.refused);
	assert_int_equal(h->closed_ts, h->conn.last + r->config.half_open);
	assert_int_equal(h->conn.side[CLIENT].retransmits, 1);
	h = r->out.heard[2];
	assert_false(h->end.unanswered); /* not watched for long enough */
	assert_end(h, CLOSER_NOBODY, HOW_CAPTURE_END, HOW_CAPTURE_END);
	assert_int_equal(r->stats.aged_half_open, 1);
}

static void tuple_can_be_used_again(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, CLIENT);
	segments_add(&r->in, &r->in.packets[0]); /* the first SYN once more: a straggler */
	for (int side = CLIENT; side <= SERVER; side++) {
		t.isn[side] += 1000000;
		t.next[side] = t.isn[side] + 1;
	}
	talk_mail(&t);
	talk_rst(&t, CLIENT);
	engine_run_batches(r, 1);
	assert_int_equal(r->out.n, 2);
	assert_mail(r->out.heard[0]);
	assert_mail(r->out.heard[1]);
	assert_false(r->out.heard[0]->conn.reused);
	assert_true(r->out.heard[1]->conn.reused);
	assert_int_equal(r->stats.stray, 2);
}

static void open_sessions_finish_in_order_of_start(void **state)
{
	struct engine_run *r = *state;
	struct talk t[4];
	for (unsigned i = 0; i < COUNT(t); i++) {
		t[i] = talk_v4(&r->in, i);
		talk_handshake(&t[i]);
	}
	for (unsigned i = COUNT(t); i-- > 0;) {
		t[i].now = t[0].now + (int64_t)(10 - i) * FRAME_SECOND;
		talk_say(&t[i], SERVER, "220\r\n");
	}
	engine_run_batches(r, 1);
	assert_int_equal(r->out.n, COUNT(t));
	for (unsigned i = 0; i < COUNT(t); i++) {
		assert_int_equal(r->out.heard[i]->closed_as, i);
		assert_end(r->out.heard[i], CLOSER_NOBODY, HOW_CAPTURE_END, HOW_CAPTURE_END);
		assert_true(heard_equals(r->out.heard[i], SERVER, "220\r\n"));
	}
	assert_int_equal(r->stats.conns_peak, COUNT(t));
}

static void one_at_a_time_and_again(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	struct pool *pool = pool_new((size_t)64 << 20);
	for (int round = 0; round < 3; round++) {
		struct transcript heard = {0};
		struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &heard);
		assert_non_null(s);
		size_t used = pool_used(pool);
		assert_null(stream_nids.new(&r->config, pool, &transcript_listener, &heard));
		assert_int_equal(pool_used(pool), used);
		stream_nids.segments(s, r->in.packets, r->in.n);
		stream_nids.finish(s);
		stream_nids.free(s);
		assert_int_equal(pool_used(pool), 0);
		assert_mail(heard.heard[0]);
		transcript_free(&heard);
	}
	pool_free(pool);
	pool = pool_new(1000);
	assert_null(stream_nids.new(&r->config, pool, &transcript_listener, &r->out));
	pool_free(pool);
	stream_nids.free(NULL);
}

/* Freed in the middle of things, as when the program gives up: no calls, no leaks. */
static void free_without_finish(void **state)
{
	struct engine_run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_send(&t, CLIENT, bytes_str("held by libnids"));
	segments_drop(&r->in, r->in.n - 1);
	talk_send(&t, CLIENT, bytes_str("behind a hole"));
	talk_say(&t, SERVER, "and held by us");
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &r->out);
	stream_nids.segments(s, r->in.packets, r->in.n);
	assert_true(stream_nids.stats(s)->held_bytes > strlen("and held by us"));
	stream_nids.free(s);
	assert_int_equal(pool_used(pool), 0);
	assert_int_equal(r->out.closed, 0);
	pool_free(pool);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(dialogue_is_heard_with_its_facts),
		TEST(batches_change_nothing),
		TEST(reordered_and_repeated_segments_come_out_once),
		TEST(captured_duplicates_are_no_retransmissions),
		TEST(causal_order_is_made),
		TEST(acknowledgements_are_those_of_the_bytes),
		TEST(first_fin_names_the_closer),
		TEST(crossed_fins_are_told),
		TEST(half_close_goes_on),
		TEST(bytes_with_the_fin_come_before_it),
		TEST(a_fin_before_the_syn_ack),
		TEST(a_fin_without_a_syn_ack),
		TEST(resets_have_a_sender),
		TEST(reset_outside_the_window_is_ignored),
		TEST(refusal_and_silence_are_told_apart),
		TEST(tuple_can_be_used_again),
		TEST(open_sessions_finish_in_order_of_start),
		TEST(one_at_a_time_and_again),
		TEST(free_without_finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
