/* native.c - the native engine: what each segment means for its connection (RFC 9293 3.10 seen
 * from outside, RFC 5961 for RST). */
#include "core/stream/open.h"
#include "core/stream/out_of_order.h"
#include "core/stream/reset.h"
#include "core/stream/tcp_stats.h"
#include "core/stream/timers.h"

/* Segments that are looked up together: enough for their cache misses to overlap, few enough for
 * what is fetched to stay in the first cache. */
enum { BATCH = 32 };

/* Tests compile this file a second time without the prediction (tests/lib/general.c), to see that
 * it changes nothing. */
#ifndef NATIVE_PREDICTS
#define NATIVE_PREDICTS true
#endif

struct stream_config stream_config_default(void)
{
	return (struct stream_config){
		.max_conns = 1000000,
		.reorder_per_conn = 256 << 10,
		.reorder_total = 64 << 20,
		.skew = FRAME_SECOND,
		.half_open =
			75 *
			FRAME_SECOND, /* the longest pause between two SYNs is 64 s (RFC 6298) */
		.idle = 1800 * FRAME_SECOND,
		.fin_wait = 10 * FRAME_SECOND,
		.settle = FRAME_SECOND,
		.linger = 30 * FRAME_SECOND};
}

static struct stream *native_new(const struct stream_config *config, struct pool *pool,
				 const struct stream_listener *listener, void *arg)
{
	struct stream *s = pool_get_large(pool, sizeof *s);
	if (!s)
		return NULL;
	s->config = *config;
	s->pool = pool;
	s->listener = listener;
	s->arg = arg;
	if (native_table_init(s))
		return s;
	native_table_free(s);
	pool_put_large(pool, s, sizeof *s);
	return NULL;
}

static void native_free(struct stream *s)
{
	if (!s)
		return;
	native_table_free(s);
	pool_put_large(s->pool, s, sizeof *s);
}

static const struct stream_stats *native_stats(const struct stream *s)
{
	return &s->stats;
}

static const struct stream_order *native_order(const struct stream *s)
{
	return &s->order;
}

/* A SYN, once it is sure to belong to this connection. False if it does not, or if it is sent again
 * with bytes on an open one (RFC 9293 3.10.7.4: dropped): the caller passes over it. */
static bool syn_take(struct stream *s, struct native_conn *c, enum side side,
		     const struct packet *p)
{
	struct direction *h = &c->dir[side];
	struct conn_flow *flow = &c->pub.flow[side];
	bool moved = (h->flags & DIRECTION_KNOWN) && c->start[side] != p->seq + 1;
	if (moved && (h->nxt != c->start[side] || h->out_of_order || !(p->flags & TCP_ACK)))
		return false;
	/* An answer to another SYN. */
	if ((p->flags & TCP_ACK) && c->pub.flow[side_other(side)].syn &&
	    seq_diff(p->ack, c->dir[side_other(side)].end) > 0)
		return false;
	if (flow->syn && !moved) {
		native_tcp_stats(s, c)[side].retransmits++;
		return p->payload_len == 0 || c->state.list == LIST_HALF_OPEN;
	}
	flow->syn = true;
	receiver_syn(&h->receiver, p);
	c->state.must_check |= (h->receiver.flags & RECEIVER_SIGNED) != 0;
	c->pub.flow[side].mss = p->mss;
	h->wscale = p->has_wscale ? p->wscale : p->marks & MARK_CUT ? WSCALE_MAX : 0;
	/* Captured behind what it begins, it takes none of that back. */
	if (moved || !(h->flags & DIRECTION_KNOWN))
		reorder_start(c, side, p->seq + 1);
	if ((p->flags & TCP_ACK) && !(c->dir[side_other(side)].flags & DIRECTION_KNOWN))
		reorder_start(c, side_other(side), p->ack);
	return true;
}

/*
 * A packet that the capture has twice: the same numbers, identification and time stamp as the last
 * of its side, at once. (A true retransmission has at least another IP ID or time stamp, or comes
 * much later.)
 */
static inline bool captured_twice(const struct stream *s, const struct native_conn *c,
				  struct direction *h, const struct packet *p)
{
	uint32_t sign = native_packet_hash(s, p);
	bool twice = sign == h->sign && p->ts - c->pub.last < 50 * FRAME_MS;
	h->sign = sign;
	return twice;
}

/* Did this side go as far before? What it has sent and the other side has acknowledged may have
 * been captured late all the same, so that `end` does not tell. */
static inline bool seen_before(const struct direction *h, uint32_t end)
{
	const struct native_segment *last = h->out_of_order;
	while (last && last->next)
		last = last->next;
	if (last)
		return seq_diff(end, last->seq + last->len) <= 0;
	return (h->flags & DIRECTION_KNOWN) && seq_diff(end, h->nxt) <= 0;
}

/* What the numbers of a segment tell: repeats, unanswered bytes, windows. pause: so long nobody had
 * said anything. */
static inline void tcp_stats_take(struct stream *s, struct native_conn *c, enum side side,
				  const struct packet *p, bool old, int64_t pause)
{
	struct direction *h = &c->dir[side];
	if (!(p->flags & TCP_RST))
		tcp_stats_sender(s, c, side, p, old);
	tcp_stats_segment(c, side, (uint32_t)p->window << (p->flags & TCP_SYN ? 0 : h->wscale));
	if (p->payload_len == 0)
		return;
	uint32_t end = p->seq + p->payload_len;
	bool repeat = !old && seen_before(h, end);
	bool keepalive = p->payload_len == 1 && p->seq + 1 == h->nxt;
	if (!keepalive)
		tcp_stats_size(h, p, repeat);
	if (repeat && !keepalive) {
		native_tcp_stats(s, c)[side].retransmits++;
		h->unanswered += h->unanswered < UINT16_MAX;
		h->tries += h->tries < UINT8_MAX && pause >= CONN_TRY_PAUSE;
		s->stats.retransmits++;
	}
	tcp_stats_unanswered(h, p->ts);
}

/*
 * It acknowledges less than the other side's SYN: it is of a connection before on the same ports,
 * or forged, and its receiver drops all of it (RFC 5961 5.2). By more than one, for there are
 * captures made by hand that do not count the SYN; and but for an RST, which may acknowledge
 * anything.
 */
static inline bool is_foreign(const struct native_conn *c, enum side side, const struct packet *p)
{
	const struct direction *other = &c->dir[side_other(side)];
	const struct conn_flow *flow = &c->pub.flow[side_other(side)];
	int32_t behind = seq_diff(other->nxt, p->ack);
	if (behind <= 0 || (p->flags & (TCP_ACK | TCP_RST)) != TCP_ACK || !flow->syn)
		return false;
	return (uint64_t)behind >
	       flow->bytes + flow->gap + !!(other->flags & DIRECTION_FIN_DONE) + 1;
}

/* Half a circle away a number is neither ahead nor behind: kept, it would be a hole of two
 * gigabytes once more bytes have come. */
static inline bool ack_is_absurd(const struct native_conn *c, enum side of, uint32_t ack)
{
	const struct direction *h = &c->dir[of];
	uint32_t from = h->flags & DIRECTION_KNOWN ? h->nxt : c->start[of];
	return (h->flags & (DIRECTION_KNOWN | DIRECTION_FLOOR)) &&
	       (seq_diff(ack, h->end) > SEQ_ABSURD || seq_diff(ack, from) < -SEQ_ABSURD);
}

/* The segment's acknowledgement, unless it is absurd. */
static inline bool ack_take(struct stream *s, struct native_conn *c, enum side side,
			    const struct packet *p, bool old)
{
	enum side other = side_other(side);
	struct direction *h = &c->dir[other];
	if (!(p->flags & TCP_ACK) || ack_is_absurd(c, other, p->ack))
		return false;
	/* Whoever acknowledges what came behind a FIN has not got that FIN. */
	if (c->went_on >> other & 1 && seq_diff(p->ack, h->nxt) > 0 && !(p->flags & TCP_RST))
		c->pub.retracted = true;
	if (seq_diff(p->ack, h->nxt) > 0 || c->state.claims[other])
		ack_claim_record(s, c, other, p, old);
	bool moves = !(h->flags & DIRECTION_ACKED) || seq_diff(p->ack, h->ack) > 0;
	reorder_acked(c, other, p->ack);
	if (moves)
		tcp_stats_size_acked(h, &c->largest_acked[other]);
	if (seq_diff(h->ack, h->end) >= 0)
		h->unanswered_since = 0;
	return true;
}

/* Where a segment ends, beyond what was seen before. */
static void end_take(struct native_conn *c, enum side side, uint32_t seq, uint32_t end)
{
	struct direction *h = &c->dir[side];
	uint32_t *start = &c->start[side];
	if (!(h->flags & (DIRECTION_KNOWN | DIRECTION_FLOOR))) {
		*start = seq;
		h->end = end;
		h->flags |= DIRECTION_FLOOR;
	}
	if (!(h->flags & DIRECTION_KNOWN) && seq_diff(seq, *start) < 0)
		*start = seq;
	if (seq_diff(end, h->end) > 0)
		h->end = end;
}

/* Takes the FIN of a segment that ends, without it, at end; one that is no FIN any more loses the
 * flag. Returns false if the segment lies behind the FIN. */
static bool fin_take(struct native_conn *c, enum side side, struct native_segment *e, uint32_t end)
{
	struct direction *h = &c->dir[side];
	if (h->flags & DIRECTION_FIN) {
		bool done = h->flags & DIRECTION_FIN_DONE, behind = seq_diff(end, c->fin[side]) > 0;
		c->went_on |= (uint8_t)((done && e->len > 0 && behind) << side);
		if (behind || done)
			return false;
		e->flags &= TCP_ACK;
	}
	if ((e->flags & TCP_FIN) && !((h->flags & DIRECTION_KNOWN) && seq_diff(end, h->nxt) < 0)) {
		h->flags |= DIRECTION_FIN;
		c->fin[side] = end;
	} else {
		e->flags &= TCP_ACK;
	}
	return true;
}

/* Bytes and FIN. What lies wholly before nxt was handed on; what lies behind the FIN was never
 * sent. */
static void data_take(struct stream *s, struct native_conn *c, enum side side,
		      const struct packet *p, bool acks, bool old)
{
	struct direction *h = &c->dir[side];
	struct native_segment e = {.ts = p->ts,
				   .seq = p->seq + !!(p->flags & TCP_SYN),
				   .len = p->payload_len,
				   .cap = p->payload_cap,
				   .ack = p->ack};
	e.flags = (acks ? TCP_ACK : 0) | (p->flags & TCP_FIN);
	uint32_t end = e.seq + e.len;
	/* So far behind it is no repeat, and where it ends would look like ahead. */
	int32_t ahead = h->flags & DIRECTION_KNOWN ? seq_diff(e.seq, h->nxt) : 0;
	if (ahead > SEQ_ABSURD || ahead < -SEQ_ABSURD) {
		s->stats.stray++;
		return;
	}
	if (end - h->ack > c->dir[side_other(side)].window && native_beyond_window(c, side, p)) {
		e.flags |= SEGMENT_SUSPECT;
		reorder_push(s, c, side, &e, p->payload);
		return;
	}
	if (h->out_of_order && !old)
		native_segments_drop_disproved(s, c, side, &e);
	if (h->out_of_order && acks)
		native_segments_lower_acks(h, &e);
	if (!fin_take(c, side, &e, end))
		return;
	end_take(c, side, e.seq, end + !!(e.flags & TCP_FIN));
	if ((h->flags & DIRECTION_KNOWN) && seq_diff(end, h->nxt) <= 0 && !(e.flags & TCP_FIN))
		return;
	if (e.len > 0 || (e.flags & TCP_FIN))
		reorder_push(s, c, side, &e, p->payload);
}

static inline void rtt_take(struct native_conn *c, enum side side, const struct packet *p,
			    bool acks)
{
	if (c->pub.rtt == 0 && side == CLIENT && acks && c->pub.flow[CLIENT].syn &&
	    c->pub.flow[SERVER].syn)
		c->pub.rtt = p->ts - c->pub.start;
}

static void segment_take(struct stream *s, struct native_conn *c, enum side side,
			 const struct packet *p)
{
	struct direction *h = &c->dir[side];
	if ((c->state.must_check || receiver_suspect(&h->receiver, p)) &&
	    native_refused(s, c, side, p))
		return;
	if (is_foreign(c, side, p)) {
		s->stats.stray++;
		return;
	}
	native_retransmission_check(s, c, side, p);
	if (captured_twice(s, c, h, p)) {
		s->stats.duplicates++;
		return;
	}
	int64_t pause = p->ts - c->pub.last;
	c->pub.last = p->ts;
	if ((p->flags & TCP_SYN) && !syn_take(s, c, side, p)) {
		s->stats.stray++;
		return;
	}
	if (!(p->flags & TCP_RST) && (h->flags & DIRECTION_RST_WAITS))
		native_rst_check(s, c, side, p);
	bool old = tcp_stats_id_old(h, p);
	tcp_stats_take(s, c, side, p, old, pause);
	receiver_note(&h->receiver, p,
		      p->seq == h->nxt && p->seq == h->ack && !(p->flags & TCP_RST));
	bool acks = ack_take(s, c, side, p, old);
	if (c->state.claims[side] && !old)
		ack_claim_check(s, c, side, p);
	if (c->state.list == LIST_HALF_OPEN && !(p->flags & (TCP_SYN | TCP_RST)))
		native_move(s, c, LIST_OPEN);
	rtt_take(c, side, p, acks);
	if (p->flags & TCP_RST)
		native_rst_take(s, c, side, p);
	else
		data_take(s, c, side, p, acks, old);
	if (!native_is_closed(c))
		reorder_settle(s, c, p->ts);
}

/*
 * The usual case, told in one look (header prediction: V. Jacobson, "4BSD TCP header prediction",
 * 1990): the next bytes in order, or none, on an open connection of which nothing is missing, held
 * or over, and an acknowledgement of what was handed on.
 */
static inline bool predicted(const struct stream *s, const struct native_conn *c, enum side side,
			     const struct packet *p)
{
	const struct direction *h = &c->dir[side], *other = &c->dir[side_other(side)];
	const uint8_t odd = DIRECTION_FIN | DIRECTION_RST_WAITS;
	return NATIVE_PREDICTS && native_is_usual(c) &&
	       (p->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK &&
	       receiver_usual(&h->receiver, p) && (h->flags & other->flags & DIRECTION_KNOWN) &&
	       !((h->flags | other->flags) & odd) && p->seq == h->nxt && h->end == h->nxt &&
	       !h->out_of_order && !other->out_of_order && other->nxt - p->ack <= SEQ_ABSURD &&
	       !is_foreign(c, side, p) && p->seq + p->payload_len - h->ack <= other->window &&
	       p->payload_cap == p->payload_len && p->ts - c->pub.last < s->config.idle;
}

/* What is left of ack_take: it acknowledges nothing that is absurd, or was not seen. */
static inline void predicted_ack(struct native_conn *c, enum side of, uint32_t ack)
{
	struct direction *h = &c->dir[of];
	if (!(h->flags & DIRECTION_ACKED) || seq_diff(ack, h->ack) > 0) {
		if (!(h->flags & DIRECTION_ACKED) && ack == c->start[of])
			h->flags |= DIRECTION_SYN_ACKED;
		h->ack = ack;
		h->flags |= DIRECTION_ACKED;
		tcp_stats_size_acked(h, &c->largest_acked[of]);
	}
	if (seq_diff(h->ack, h->end) >= 0)
		h->unanswered_since = 0;
}

/* Likewise of tcp_stats_take: no repeat, no SYN, no RST. */
static inline void predicted_take(struct stream *s, struct native_conn *c, enum side side,
				  const struct packet *p)
{
	struct direction *h = &c->dir[side];
	struct conn_flow *flow = &c->pub.flow[side];
	if (captured_twice(s, c, h, p)) {
		s->stats.duplicates++;
		return;
	}
	c->pub.last = p->ts;
	receiver_note(&h->receiver, p, p->seq == h->ack);
	tcp_stats_sender(s, c, side, p, tcp_stats_id_old(h, p));
	tcp_stats_segment(c, side, (uint32_t)p->window << h->wscale);
	if (p->payload_len > 0) {
		tcp_stats_size(h, p, false);
		tcp_stats_unanswered(h, p->ts);
	}
	predicted_ack(c, side_other(side), p->ack);
	rtt_take(c, side, p, true);
	if (p->payload_len == 0)
		return;
	native_sent_record(c, side, p->payload, p->payload_len);
	flow->acked = reorder_offset(c, side_other(side), p->ack);
	s->listener->data(s->arg, &c->pub, side, bytes_of(p->payload, p->payload_len), p->ts);
	flow->bytes += p->payload_len;
	direction_advance(h, p->payload_len);
	h->end = h->nxt;
}

/* candidate: the connection that the flow table has under the hash, or NULL. */
static inline void segment(struct stream *s, uint32_t hash, struct native_conn *candidate,
			   const struct packet *p)
{
	s->stats.segments++;
	native_age(s, p->ts, p->number);
	native_step(s, p->number, NATIVE_STEP_SEGMENT, 0, 0);
	struct native_conn *c = candidate;
	int of = c && c->state.list != LIST_FREE ? native_side(c, p) : -1;
	enum side side = (enum side)of;
	if (of < 0)
		c = native_find(s, hash, p, &side);
	if (c && predicted(s, c, side, p)) {
		predicted_take(s, c, side, p);
		return;
	}
	if (native_without_ack(s, p))
		return;
	c = native_conn_for(s, c, hash, side, p);
	if (c)
		segment_take(s, c, (enum side)native_side(c, p), p);
}

/* What a segment will touch of its connection: more at its beginning and its end, when it also
 * leaves its neighbours in a list. */
static inline void conn_prefetch(const struct native_conn *c, const struct packet *p)
{
	pool_prefetch(c, offsetof(struct native_conn, hole_since));
	if (p->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		__builtin_prefetch(&c->hole_since, 1);
}

static inline void neighbours_prefetch(const struct stream *s, const struct native_conn *c)
{
	if (c->in_list.prev != FLOW_NONE)
		__builtin_prefetch(&native_at(s, c->in_list.prev)->in_list, 1);
	if (c->in_list.next != FLOW_NONE)
		__builtin_prefetch(&native_at(s, c->in_list.next)->in_list, 1);
}

/* The upper half of the hash tells the shard, as the lower one does the slot. */
static inline bool is_owned(const struct stream *s, uint32_t hash)
{
	return s->config.shards <= 1 ||
	       (uint64_t)(hash >> 16) * s->config.shards >> 16 == s->config.shard;
}

/* What the listener keeps of the connections, and what that points to; of those that end, also
 * their neighbours. */
static void listener_prefetch(struct stream *s, struct stream_expected *expected, size_t n)
{
	size_t opens = 0;
	for (size_t i = 0; i < n; i++) {
		/* The listener's view is the connection's first member. */
		const struct native_conn *c = (const void *)expected[i].conn;
		if (expected[i].coming == COMING_END)
			neighbours_prefetch(s, c);
		if (c->pub.user && c->state.list == LIST_OPEN)
			expected[opens++] = expected[i];
	}
	for (int step = 0; step < 3 && s->prefetch; step++)
		s->prefetch(expected, opens, step);
}

/* What the flow table has under a hash. Of a connection that is over, nobody looks at anything but
 * for an exception. */
static inline struct native_conn *candidate_of(const struct stream *s, uint32_t hash)
{
	uint32_t at = hash, number = flow_find(&s->flows, hash, &at);
	return number & FLOW_TIME_WAIT ? NULL : native_at(s, number);
}

/*
 * Several passes over a batch, each of which fetches what the next one reads, so that the cache
 * misses of one segment's look-up overlap with those of the others: the slot, the connection, what
 * the listener keeps of it, and what that points to.
 */
static void batch_take(struct stream *s, const struct packet *packets, size_t n)
{
	uint32_t hash[BATCH];
	struct native_conn *candidate[BATCH];
	struct stream_expected expected[BATCH];
	size_t n_expected = 0;
	for (size_t i = 0; i < n; i++) {
		hash[i] = flow_hash(s->config.seed, &packets[i]);
		flow_prefetch(&s->flows, hash[i]);
	}
	for (size_t i = 0; i < n; i++) {
		const struct packet *p = &packets[i];
		struct native_conn *c = is_owned(s, hash[i]) ? candidate_of(s, hash[i]) : NULL;
		candidate[i] = c;
		if (!c)
			continue;
		bool turn = p->flags & (TCP_FIN | TCP_RST), again = i > 0 && c == candidate[i - 1];
		conn_prefetch(c, p);
		if (turn || (p->payload_len > 0 && !again))
			expected[n_expected++] =
				(struct stream_expected){&c->pub, turn ? COMING_END : COMING_BYTES};
	}
	listener_prefetch(s, expected, n_expected);
	for (size_t i = 0; i < n; i++)
		if (is_owned(s, hash[i]))
			segment(s, hash[i], candidate[i], &packets[i]);
		else
			native_age(s, packets[i].ts, packets[i].number);
}

static void native_segments(struct stream *s, const struct packet *packets, size_t n)
{
	for (size_t i = 0; i < n; i += BATCH)
		batch_take(s, packets + i, n - i < BATCH ? n - i : BATCH);
}

/* An ICMP error belongs to the side that sent the segment which it quotes. */
static void native_icmp(struct stream *s, const struct packet_icmp *icmp)
{
	struct packet quoted = {.src = icmp->src,
				.dst = icmp->dst,
				.src_port = icmp->src_port,
				.dst_port = icmp->dst_port};
	enum side side;
	struct native_conn *c = native_find(s, flow_hash(s->config.seed, &quoted), &quoted, &side);
	if (!c)
		return;
	struct conn_side *stats = &native_tcp_stats(s, c)[side];
	if (!icmp->too_big) {
		stats->unreachable += stats->unreachable < UINT16_MAX;
		return;
	}
	stats->too_big += stats->too_big < UINT16_MAX;
	stats->mtu = icmp->mtu < UINT16_MAX ? (uint16_t)icmp->mtu : UINT16_MAX;
}

void stream_native_prefetch(struct stream *s, stream_prefetch *prefetch)
{
	s->prefetch = prefetch;
}

static void native_tick(struct stream *s, int64_t now)
{
	native_age(s, now, 0);
}

const struct stream_engine stream_native = {
	.name = "native",
	.new = native_new,
	.segments = native_segments,
	.icmp = native_icmp,
	.tick = native_tick,
	.finish = native_end_all,
	.free = native_free,
	.stats = native_stats,
	.open = native_open,
	.order = native_order,
};
