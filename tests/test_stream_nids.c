/* test_stream_nids.c - libnids as an engine keeps the contract of stream.h: causal order, who closed, limits; and it can be had again after free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/segments.h"
#include "lib/transcript.h"
#include "nids/stream_nids.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* One capture, and what the engine made of it. */
struct run {
	struct segments in;
	struct transcript out;
	struct stream_stats stats;
	struct stream_config config;
	struct port_set ports;
};

static int setup(void **state)
{
	struct run *r = calloc(1, sizeof *r);
	port_set_add(&r->ports, 25);
	r->config = stream_config_default();
	r->config.max_conns = 1000;
	r->config.ports = &r->ports;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct run *r = *state;
	segments_free(&r->in);
	transcript_free(&r->out);
	free(r);
	return 0;
}

static void run_in_batches(struct run *r, size_t batch)
{
	transcript_free(&r->out);
	r->stats = transcript_run(&r->out, &stream_nids, &r->config, r->in.packets, r->in.n, batch);
}

/* The only connection that it saw. */
static struct heard *run(struct run *r)
{
	run_in_batches(r, SIZE_MAX);
	assert_int_equal(r->out.n, 1);
	return r->out.heard[0];
}

static void talk_mail(struct talk *t)
{
	talk_handshake(t);
	talk_say(t, SERVER, "220 mx\r\n");
	talk_say(t, CLIENT, "EHLO a\r\n");
	talk_say(t, SERVER, "250 mx\r\n");
	talk_say(t, CLIENT, "QUIT\r\n");
	talk_say(t, SERVER, "221 bye\r\n");
}

static void talk_handshake_scaled(struct talk *t, uint8_t wscale)
{
	struct packet *p = talk_syn(t);
	p->has_wscale = true;
	p->wscale = wscale;
	p = talk_syn_ack(t);
	p->has_wscale = true;
	p->wscale = wscale;
	talk_ack(t, CLIENT);
}

static void assert_mail(const struct heard *h)
{
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\nQUIT\r\n"));
	assert_true(heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n221 bye\r\n"));
	assert_int_equal(h->gap[CLIENT] + h->gap[SERVER], 0);
}

static void assert_end(const struct heard *h, enum closer closer, enum how how, enum how over)
{
	assert_int_equal(h->end.closer, closer);
	assert_int_equal(h->end.how, how);
	assert_int_equal(h->end.over, over);
}

static void dialogue_is_heard_with_its_facts(void **state)
{
	struct run *r = *state;
	struct talk talks[] = {talk_v4(&r->in, 1), talk_v6(&r->in, 2)};
	for (size_t i = 0; i < COUNT(talks); i++) {
		segments_free(&r->in);
		struct talk *t = &talks[i];
		talk_mail(t);
		talk_close(t, SERVER);
		const struct heard *h = run(r);
		assert_mail(h);
		assert_string_equal(h->turns, "scscsGF.");
		assert_end(h, CLOSER_SERVER, HOW_FIN, HOW_FIN);
		for (int side = CLIENT; side <= SERVER; side++) {
			assert_true(ip_addr_equal(&h->conn.addr[side], &t->addr[side]));
			assert_int_equal(h->conn.port[side], t->port[side]);
			assert_true(h->conn.side[side].syn && h->conn.side[side].fin);
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
	struct run *r = *state;
	struct dice d = {3};
	for (unsigned n = 0; n < 5; n++) {
		struct talk t = talk_v4(&r->in, n);
		talk_random(&t, &d);
	}
	run_in_batches(r, SIZE_MAX);
	struct transcript whole = r->out;
	r->out = (struct transcript){0};
	static const size_t batches[] = {1, 2, 7, 64};
	for (size_t i = 0; i < COUNT(batches); i++) {
		run_in_batches(r, batches[i]);
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
	struct run *r = *state;
	static const char *const words[] = {"one ", "two ", "three ", "four"};
	static const struct {
		unsigned order[6], n;
		unsigned queued, retransmits;
	} rows[] = {
		{{0, 1, 2, 3}, 4, 0, 0},    {{3, 2, 1, 0}, 4, 3, 0},    {{1, 0, 3, 2}, 4, 2, 0},
		{{0, 0, 1, 2, 3}, 5, 0, 1}, {{1, 1, 0, 2, 3}, 5, 2, 1}, {{2, 3, 0, 1, 3, 0}, 6, 2, 2},
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
		const struct heard *h = run(r);
		assert_true(heard_equals(h, CLIENT, "one two three four"));
		assert_string_equal(h->turns, "cs.");
		assert_int_equal(h->conn.side[CLIENT].retransmits, rows[i].retransmits);
		assert_int_equal(r->stats.out_of_order, rows[i].queued);
		assert_int_equal(r->stats.duplicates, 0);
	}
}

static void captured_duplicates_are_no_retransmissions(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, CLIENT);
	size_t all = r->in.n;
	for (size_t i = 0; i < 2 * all; i += 2)
		segments_repeat(&r->in, i);
	const struct heard *h = run(r);
	assert_mail(h);
	assert_string_equal(h->turns, "scscsFG.");
	assert_int_equal(h->conn.side[CLIENT].retransmits + h->conn.side[SERVER].retransmits, 0);
	assert_int_equal(h->conn.side[CLIENT].packets, 5);
	assert_int_equal(r->stats.duplicates, all - 2); /* what comes after the close is stray */
}

/* A reply that was captured before the command that it answers is handed on behind it; so is a FIN. */
static void causal_order_is_made(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_close(&t, SERVER);
	for (size_t from = r->in.n - 2; from > 3; from--) {
		struct segments bent = {0};
		for (size_t i = 0; i < r->in.n; i++)
			segments_add(&bent, &r->in.packets[i]);
		segments_move(&bent, from, from - 1);
		struct transcript heard = {0};
		struct stream_stats stats = transcript_run(&heard, &stream_nids, &r->config, bent.packets, bent.n, 1);
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
		log->acked[log->n++] = conn->side[CLIENT].acked;
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

static void acknowledgements_are_those_of_the_bytes(void **state)
{
	static const struct stream_listener log_listener = {log_open, log_data, log_gap, log_fin, log_close};
	struct run *r = *state;
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
	struct run *r = *state;
	for (enum side first = CLIENT; first <= SERVER; first++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_mail(&t);
		talk_close(&t, first);
		/* In either order of capture: the second one acknowledges the first. */
		for (int swapped = 0; swapped < 2; swapped++) {
			if (swapped)
				segments_move(&r->in, r->in.n - 2, r->in.n - 3);
			const struct heard *h = run(r);
			assert_end(h, first == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER, HOW_FIN, HOW_FIN);
			assert_false(h->end.crossed);
			assert_int_equal(h->fins, 2);
			assert_int_equal(h->fin[0], first);
		}
	}
}

static void crossed_fins_are_told(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	uint32_t before = t.heard[SERVER];
	talk_fin(&t, CLIENT);
	t.heard[SERVER] = before;
	talk_fin(&t, SERVER);
	const struct heard *h = run(r);
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
	assert_true(h->end.crossed);
}

static void half_close_goes_on(void **state)
{
	struct run *r = *state;
	for (enum side first = CLIENT; first <= SERVER; first++) {
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_mail(&t);
		talk_fin(&t, first);
		talk_say(&t, side_other(first), "more");
		talk_say(&t, side_other(first), " and more");
		talk_fin(&t, side_other(first));
		const struct heard *h = run(r);
		assert_string_equal(h->turns, first == CLIENT ? "scscsFsG." : "scscsGcF.");
		assert_int_equal(h->n[side_other(first)], first == CLIENT ? 38 : 27);
		assert_false(h->end.crossed);
	}
}

static void bytes_with_the_fin_come_before_it(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	struct packet *p = talk_say(&t, CLIENT, "last");
	p->flags |= TCP_FIN;
	t.heard[SERVER] = ++t.next[CLIENT];
	talk_raw(&t, CLIENT, TCP_ACK, t.next[CLIENT] - 1, bytes_str("never sent"));
	talk_fin(&t, SERVER);
	const struct heard *h = run(r);
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\nQUIT\r\nlast"));
	assert_string_equal(h->turns, "scscscFG.");
	assert_true(h->conn.side[CLIENT].fin && h->conn.side[SERVER].fin);
}

static void resets_have_a_sender(void **state)
{
	struct run *r = *state;
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
			const struct heard *h = run(r);
			assert_mail(h);
			assert_true(h->end.by_rst);
			assert_int_equal(h->end.rst_by, side);
			assert_true(h->conn.side[side].rst);
			assert_false(h->conn.side[side_other(side)].rst);
			if (fin)
				assert_end(h, closer == CLOSER_CLIENT ? CLOSER_SERVER : CLOSER_CLIENT, HOW_FIN, HOW_RST);
			else
				assert_end(h, closer, HOW_RST, HOW_RST);
			assert_int_equal(r->stats.stray, 1);
		}
	}
}

static void reset_outside_the_window_is_ignored(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake(&t);
	talk_raw(&t, SERVER, TCP_RST, t.next[SERVER] + 100000, bytes_of(NULL, 0));
	talk_say(&t, SERVER, "220\r\n");
	const struct heard *h = run(r);
	assert_true(heard_equals(h, SERVER, "220\r\n"));
	assert_end(h, CLOSER_NOBODY, HOW_CAPTURE_END, HOW_CAPTURE_END);
	assert_false(h->conn.side[SERVER].rst);
	assert_int_equal(r->stats.rst_ignored, 1);
}

static void refusal_and_silence_are_told_apart(void **state)
{
	struct run *r = *state;
	struct talk refused = talk_v4(&r->in, 1), silent = talk_v4(&r->in, 2), late = talk_v4(&r->in, 3);
	talk_syn(&refused);
	talk_raw(&refused, SERVER, TCP_RST | TCP_ACK, 0, bytes_of(NULL, 0));
	talk_syn(&silent);
	silent.now += FRAME_SECOND;
	talk_raw(&silent, CLIENT, TCP_SYN, silent.isn[CLIENT], bytes_of(NULL, 0));
	late.now = silent.now + r->config.half_open;
	talk_syn(&late);
	run_in_batches(r, 1);
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
	struct run *r = *state;
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
	run_in_batches(r, 1);
	assert_int_equal(r->out.n, 2);
	assert_mail(r->out.heard[0]);
	assert_mail(r->out.heard[1]);
	assert_false(r->out.heard[0]->conn.reused);
	assert_true(r->out.heard[1]->conn.reused);
	assert_int_equal(r->stats.stray, 2);
}

static void open_sessions_finish_in_order_of_start(void **state)
{
	struct run *r = *state;
	struct talk t[4];
	for (unsigned i = 0; i < COUNT(t); i++) {
		t[i] = talk_v4(&r->in, i);
		talk_handshake(&t[i]);
	}
	for (unsigned i = COUNT(t); i-- > 0;) {
		t[i].now = t[0].now + (int64_t)(10 - i) * FRAME_SECOND;
		talk_say(&t[i], SERVER, "220\r\n");
	}
	run_in_batches(r, 1);
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
	struct run *r = *state;
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
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	talk_send(&t, CLIENT, bytes_str("held by libnids"));
	segments_drop(&r->in, r->in.n - 1);
	talk_send(&t, CLIENT, bytes_str("behind a hole"));
	talk_say(&t, SERVER, "and held by us");
	struct pool *pool = pool_new((size_t)64 << 20);
	struct stream *s = stream_nids.new(&r->config, pool, &transcript_listener, &r->out);
	stream_nids.segments(s, r->in.packets, r->in.n);
	assert_int_equal(stream_nids.stats(s)->held_bytes, strlen("and held by us"));
	stream_nids.free(s);
	assert_int_equal(pool_used(pool), 0);
	assert_int_equal(r->out.closed, 0);
	pool_free(pool);
}

static void idle_ones_age_by_the_packets_time(void **state)
{
	struct run *r = *state;
	struct talk idle = talk_v4(&r->in, 1), half = talk_v4(&r->in, 2), other = talk_v4(&r->in, 3);
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
	run_in_batches(r, 1);
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
	struct run *r = *state;
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
	struct run *r = *state;
	r->config.max_conns = 4;
	struct talk t[7];
	for (unsigned i = 0; i < COUNT(t); i++)
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
	run_in_batches(r, 1);
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
	struct run *r = *state;
	r->config.max_conns = 50;
	for (unsigned n = 0; n < 3000; n++) {
		struct talk t = talk_v4(&r->in, n);
		talk_mail(&t);
		if (n % 3)
			talk_close(&t, n % 2 ? CLIENT : SERVER);
	}
	run_in_batches(r, 64);
	assert_int_equal(r->out.n, 3000);
	for (unsigned n = 0; n < 3000; n++)
		assert_mail(r->out.heard[n]);
}

static void lost_segment_is_a_gap_and_the_rest_is_lost_too(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	talk_mail(&t);
	segments_drop(&r->in, 4); /* EHLO a */
	talk_close(&t, CLIENT);
	const struct heard *h = run(r);
	assert_int_equal(h->n[CLIENT], 0);
	assert_int_equal(h->gap[CLIENT], strlen("EHLO a\r\nQUIT\r\n"));
	assert_true(heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n221 bye\r\n"));
	/* The FINs were seen, and who was first. */
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
	assert_string_equal(h->turns, "sgsgsFG.");
	assert_int_equal(r->stats.gaps, 2);
	assert_int_equal(r->stats.gap_bytes, 14);
}

/* The other side goes on: after the skew its bytes are handed on, and what they acknowledge is declared lost. */
static void acknowledged_hole_is_declared_after_the_skew(void **state)
{
	struct run *r = *state;
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

/* A hole that is filled after it was declared: the late bytes are passed over, what follows is handed on. */
static void late_bytes_are_not_told_twice(void **state)
{
	struct run *r = *state;
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
	const struct heard *h = run(r);
	assert_int_equal(h->gap[CLIENT], 4);
	assert_true(heard_equals(h, CLIENT, "twothree"));
	assert_string_equal(h->turns, "gscs.");
}

static void snaplen_and_super_segments(void **state)
{
	struct run *r = *state;
	static char big[200000];
	memset(big, 'x', sizeof big);
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake_scaled(&t, 4);
	talk_send(&t, CLIENT, bytes_of(big, sizeof big));
	struct packet *p = talk_send(&t, SERVER, bytes_str("250 ok, and more"));
	p->payload_cap = 6;
	talk_close(&t, CLIENT);
	const struct heard *h = run(r);
	assert_int_equal(h->n[CLIENT], sizeof big);
	assert_memory_equal(h->bytes[CLIENT], big, sizeof big);
	assert_true(heard_equals(h, SERVER, "250 ok"));
	assert_int_equal(h->gap[SERVER], 10);
	assert_true(h->conn.side[SERVER].cut);
	assert_false(h->conn.side[CLIENT].cut);
	assert_end(h, CLOSER_CLIENT, HOW_FIN, HOW_FIN);
}

/* Data on a SYN that the server does not take is sent again, and then counts. */
static void payload_of_a_syn(void **state)
{
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	struct packet *p = talk_syn(&t);
	p->payload = (const uint8_t *)"EHLO";
	p->payload_len = p->payload_cap = 4;
	talk_syn_ack(&t);
	talk_ack(&t, CLIENT);
	talk_say(&t, CLIENT, "EHLO a\r\n");
	const struct heard *h = run(r);
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\n"));
}

/* Windows beyond 64 KB: the scale of the SYNs is passed on. */
static void scaled_windows_are_understood(void **state)
{
	struct run *r = *state;
	static char chunk[1460];
	struct talk t = talk_v4(&r->in, 1);
	t.window = 1000;
	talk_handshake_scaled(&t, 7);
	for (int i = 0; i < 60; i++)
		talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	talk_close(&t, CLIENT);
	const struct heard *h = run(r);
	assert_int_equal(h->n[CLIENT], 60 * sizeof chunk);
}

static void limits_of_what_is_held(void **state)
{
	struct run *r = *state;
	for (int total = 0; total < 2; total++) {
		r->config.held_per_conn = total ? 1000 : 20;
		r->config.held_total = total ? 20 : 1000;
		segments_free(&r->in);
		struct talk t = talk_v4(&r->in, 1);
		talk_handshake(&t);
		talk_say(&t, CLIENT, "lost");
		segments_drop(&r->in, 3);
		for (int i = 0; i < 3; i++)
			talk_say(&t, SERVER, "ten bytes!");
		const struct heard *h = run(r);
		assert_true(heard_equals(h, SERVER, "ten bytes!ten bytes!ten bytes!"));
		assert_int_equal(h->gap[CLIENT], 4);
		assert_string_equal(h->turns, "gs.");
		assert_int_equal(r->stats.held_overflow, 1);
		assert_int_equal(r->stats.held_peak, 20);
		assert_int_equal(r->stats.held_bytes, 0);
	}
}

/* More than 64 KB behind a hole: libnids throws it all away, and it is counted. */
static void libnids_own_limit_is_counted(void **state)
{
	struct run *r = *state;
	static char chunk[1460];
	struct talk t = talk_v4(&r->in, 1);
	talk_handshake_scaled(&t, 4);
	struct packet late = *talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	segments_drop(&r->in, 3);
	for (int i = 0; i < 60; i++)
		talk_send(&t, CLIENT, bytes_of(chunk, sizeof chunk));
	late.ts = t.now;
	segments_add(&r->in, &late);
	const struct heard *h = run(r);
	assert_int_equal(r->stats.held_overflow, 1);
	assert_true(h->n[CLIENT] < 60 * sizeof chunk);
	assert_int_equal(h->n[CLIENT] + h->gap[CLIENT], 61 * sizeof chunk);
}

/* Each acknowledges the other's segment, and the second one even more: the older goes first, with what it needs. */
static void contradictory_acknowledgements_come_out(void **state)
{
	struct run *r = *state;
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
		const struct heard *h = run(r);
		assert_string_equal(h->turns, older == CLIENT ? "sc." : "cs.");
	}
}

static void forgeries_are_not_believed(void **state)
{
	struct run *r = *state;
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
	talk_raw(&t, CLIENT, TCP_ACK | TCP_FIN, t.next[CLIENT] + 1000, bytes_of(NULL, 0)); /* it has ended before */
	talk_say(&t, SERVER, "221\r\n");
	const struct heard *h = run(r);
	assert_int_equal(h->gap[CLIENT], 4);
	assert_int_equal(h->gap[SERVER], 0);
	assert_true(heard_equals(h, SERVER, "221\r\n"));
	assert_string_equal(h->turns, "gFs.");
	assert_int_equal(h->conn.side[SERVER].mss, 1460);
}

/* Sent, sent again, asked whether anybody is there, a closed window; and then an answer, or none. */
static void unanswered_bytes_are_counted(void **state)
{
	struct run *r = *state;
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
		run_in_batches(r, 1);
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
	struct run *r = *state;
	struct talk t = talk_v4(&r->in, 1);
	t.port[SERVER] = 80;
	talk_mail(&t);
	struct talk middle = talk_v4(&r->in, 2);
	talk_say(&middle, SERVER, "no SYN of this was seen");
	run_in_batches(r, 1);
	assert_int_equal(r->out.n, 0);
	assert_int_equal(r->stats.stray, 9);
	assert_int_equal(r->stats.segments, 9);
}

/* Whatever comes: the transcript insists on the contract. */
static void absurd_segments_keep_the_contract(void **state)
{
	struct run *r = *state;
	struct dice d = dice_new("absurd segments", 11);
	static uint8_t payload[3000];
	for (unsigned n = 0; n < 300; n++) {
		struct talk t = n % 2 ? talk_v4(&r->in, n % 7) : talk_v6(&r->in, n % 7);
		if (dice_roll(&d, 3))
			talk_handshake(&t);
		for (uint32_t left = dice_roll(&d, 40); left > 0; left--) {
			enum side from = dice_roll(&d, 2) ? CLIENT : SERVER;
			uint32_t seq = t.next[from] + dice_roll(&d, 2000) - 200;
			t.heard[from] = t.next[side_other(from)] + dice_roll(&d, 1500) - 200;
			t.window = (uint16_t)dice_roll(&d, 65536);
			struct packet *p = talk_raw(&t, from, (uint8_t)(dice_roll(&d, 12) ? TCP_ACK : dice_roll(&d, 64)), seq,
						    bytes_of(payload, dice_roll(&d, 8) ? dice_roll(&d, 600) : 0));
			t.next[from] += dice_roll(&d, 3) ? p->payload_len : 0;
			p->payload_cap -= dice_roll(&d, 20) ? 0 : dice_roll(&d, p->payload_cap + 1);
			t.now += dice_roll(&d, 30) ? 0 : (int64_t)dice_roll(&d, 1000) * FRAME_SECOND;
			t.now -= dice_roll(&d, 50) ? 0 : (int64_t)dice_roll(&d, 1000) * FRAME_SECOND;
		}
	}
	r->config.max_conns = 5;
	run_in_batches(r, 16);
	assert_true(r->out.n > 50);
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
		TEST(resets_have_a_sender),
		TEST(reset_outside_the_window_is_ignored),
		TEST(refusal_and_silence_are_told_apart),
		TEST(tuple_can_be_used_again),
		TEST(open_sessions_finish_in_order_of_start),
		TEST(one_at_a_time_and_again),
		TEST(free_without_finish),
		TEST(idle_ones_age_by_the_packets_time),
		TEST(tick_ages_without_packets),
		TEST(full_table_gives_up_half_open_first),
		TEST(many_connections_through_a_small_table),
		TEST(lost_segment_is_a_gap_and_the_rest_is_lost_too),
		TEST(acknowledged_hole_is_declared_after_the_skew),
		TEST(late_bytes_are_not_told_twice),
		TEST(snaplen_and_super_segments),
		TEST(payload_of_a_syn),
		TEST(scaled_windows_are_understood),
		TEST(limits_of_what_is_held),
		TEST(libnids_own_limit_is_counted),
		TEST(contradictory_acknowledgements_come_out),
		TEST(forgeries_are_not_believed),
		TEST(unanswered_bytes_are_counted),
		TEST(only_watched_servers_count),
		TEST(absurd_segments_keep_the_contract),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
