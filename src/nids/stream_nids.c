/* stream_nids.c - libnids as a reassembly engine: what each segment means for its connection, and
 * when a connection ends. */
/*
 * libnids decides which bytes exist and whether an RST counts. Everything else is derived here from
 * the segments. libnids has no FIN event, does not tell who sent an RST, and has no time-outs. It
 * ignores connections that it does not follow. Differences from the native engine: docs/engines.md.
 */
#include "nids/stream_nids.h"

#include "nids/nids_conn.h"
#include "nids/nids_feed.h"

/* libnids allocates its whole table at once, some 300 bytes a connection. */
enum { CONNS_MAX = 100000 };

/* If the time goes back further than this, the clock was stepped: the new time is taken. */
#define STEP_BACK (60 * FRAME_SECOND)

static void on_data(void *arg, uint32_t number, bool from_client, struct bytes data)
{
	struct stream *s = arg;
	nids_order_data(s, s->slots[number].conn, from_client ? CLIENT : SERVER, data);
}

/* libnids has discarded its queue for that side. */
static void on_dropped(void *arg)
{
	struct stream *s = arg;
	s->stats.held_overflow++;
	nids_table_forget(s, s->fed.conn, s->fed.side);
}

static struct stream *nids_new(const struct stream_config *config, struct pool *pool,
			       const struct stream_listener *listener, void *arg)
{
	static const struct nids_feed_listener feed_listener = {on_data, on_dropped};
	struct stream *s = pool_get_large(pool, sizeof *s);
	if (!s)
		return NULL;
	s->config = *config;
	if (s->config.max_conns > CONNS_MAX)
		s->config.max_conns = CONNS_MAX;
	s->pool = pool;
	s->listener = listener;
	s->arg = arg;
	s->now = INT64_MIN / 2; /* half, so that differences of times do not overflow */
	if (nids_table_init(s)) {
		if (nids_feed_open(s->config.max_conns, &feed_listener, s))
			return s;
		nids_table_free(s);
	}
	pool_put_large(pool, s, sizeof *s);
	return NULL;
}

static void nids_free(struct stream *s)
{
	if (!s)
		return;
	nids_table_free(s);
	nids_feed_close();
	pool_put_large(s->pool, s, sizeof *s);
}

static const struct stream_stats *nids_stats(const struct stream *s)
{
	return &s->stats;
}

/* Closes a connection. over: why it is closed now. If there was a FIN or RST, the first one
 * determines how it ended. */
static void conn_close(struct stream *s, struct nids_conn *c, enum how over, int64_t ts)
{
	struct conn *pub = &c->pub;
	nids_feed_forget(c->number);
	nids_order_flush(s, c, ts);
	nids_table_forget(s, c, CLIENT);
	nids_table_forget(s, c, SERVER);
	if (pub->flow[CLIENT].fin && pub->flow[SERVER].fin)
		/* Both FINs were captured, behind bytes that were not. */
		over = HOW_FIN;
	c->end.over = over;
	if (c->end.closer == CLOSER_NOBODY)
		c->end.how = over;
	conn_end_silence(pub, &c->end, ts);
	c->end.half_open = c->state == NIDS_HALF_OPEN || !c->side[SERVER].syn_acked;
	c->end.unanswered = conn_unanswered(pub, over == HOW_EVICTED ? pub->last : ts);
	nids_table_move(s, c, NIDS_LINGER, ts);
	s->listener->close(s->arg, pub, &c->end, ts);
	/* At once: this engine ignores segments after the close. */
	s->listener->release(s->arg, pub);
}

static bool conn_close_if_done(struct stream *s, struct nids_conn *c, int64_t ts)
{
	bool done = c->pub.flow[CLIENT].fin && c->pub.flow[SERVER].fin;
	if (done)
		conn_close(s, c, HOW_FIN, ts);
	return done;
}

/* Returns when the time limit of a connection's state expires. */
static int64_t due_of(struct stream *s, struct nids_conn *c)
{
	if (c->since > s->now)
		/* The clock was stepped back. */
		c->since = s->now;
	return c->since + nids_table_limit(s, c->state);
}

/* The close has the time of the limit, not of its detection: other traffic must not change a
 * record. */
static void conn_aged(struct stream *s, struct nids_conn *c)
{
	if (c->state == NIDS_LINGER) {
		nids_table_remove(s, c);
		return;
	}
	if (c->state == NIDS_HALF_OPEN)
		s->stats.aged_half_open++;
	else
		s->stats.aged_idle++;
	conn_close(s, c, HOW_IDLE, due_of(s, c));
}

/* Returns true if an item has waited longer than the skew. */
static bool waiting_due(const struct stream *s, const struct nids_conn *c)
{
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (c->side[side].waiting && c->side[side].waiting->ts + s->config.skew <= s->now)
			return true;
	return false;
}

/* Returns the connection whose time limit expired first, or NULL. */
static struct nids_conn *first_due(struct stream *s)
{
	struct nids_conn *first = NULL;
	for (enum nids_list list = NIDS_HALF_OPEN; list <= NIDS_LINGER; list++) {
		struct nids_conn *c = s->lists[list].head;
		if (c && due_of(s, c) <= s->now && (!first || due_of(s, c) < due_of(s, first)))
			first = c;
	}
	return first;
}

static void age(struct stream *s, int64_t now)
{
	struct nids_conn *c;
	if (now > s->now || now < s->now - STEP_BACK)
		s->now = now;
	s->latest = now;
	while ((c = s->lists[NIDS_WAIT].head) && waiting_due(s, c)) {
		nids_order_expire(s, c, s->now);
		conn_close_if_done(s, c, s->now);
	}
	while ((c = first_due(s)))
		conn_aged(s, c);
}

/* Returns the time for closing a connection before its time limit: that of the latest frame. A
 * small step back of the clock changes neither the time of the capture nor a record. */
static int64_t time_now(const struct stream *s, const struct nids_conn *c)
{
	int64_t last = c->pub.last < s->now ? c->pub.last : s->now;
	return last > s->latest ? last : s->latest;
}

/* Evicts a closed connection, else a half-open one, else one that waits for the client's FIN, else
 * the longest idle. */
static void evict(struct stream *s)
{
	static const enum nids_list order[] = {NIDS_LINGER, NIDS_HALF_OPEN, NIDS_FIN_WAIT,
					       NIDS_OPEN};
	struct nids_conn *c = NULL;
	for (size_t i = 0; i < sizeof order / sizeof *order && !c; i++)
		c = s->lists[order[i]].head;
	if (!c)
		return;
	if (c->state != NIDS_LINGER) {
		if (c->state == NIDS_HALF_OPEN)
			s->stats.evicted_half_open++;
		else
			s->stats.evicted_idle++;
		conn_close(s, c, HOW_EVICTED, time_now(s, c));
	}
	nids_table_remove(s, c);
}

static bool is_monitored(const struct stream *s, const struct packet *p)
{
	return !s->config.ports || port_set_has(s->config.ports, p->dst_port) ||
	       port_set_has(s->config.ports, p->src_port);
}

/* libnids begins a connection with a SYN only. The SYN determines the client, whichever end has the
 * monitored port. */
static struct nids_conn *conn_begin(struct stream *s, uint32_t hash, const struct packet *p,
				    bool reused)
{
	bool syn = (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	if (!syn || !is_monitored(s, p)) {
		s->stats.stray++;
		return NULL;
	}
	if (nids_table_full(s))
		evict(s);
	struct nids_conn *c = nids_table_add(s, hash, p);
	if (c) {
		c->pub.reused = reused;
		s->listener->open(s->arg, &c->pub);
	}
	return c;
}

/* On the tuple of a closed connection only another SYN begins a connection; all else are late
 * segments. */
static struct nids_conn *conn_again(struct stream *s, struct nids_conn *old, uint32_t hash,
				    const struct packet *p)
{
	bool syn = (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	if (!syn || p->seq + 1 == old->side[CLIENT].base) {
		s->stats.stray++;
		return NULL;
	}
	nids_table_remove(s, old);
	return conn_begin(s, hash, p, true);
}

static void segment_feed(struct stream *s, struct nids_conn *c, enum side side,
			 const struct packet *p)
{
	struct nids_side *dir = &c->side[side];
	uint32_t seq = p->seq + !!(p->flags & TCP_SYN);
	int64_t at = dir->known ? nids_offset(dir, seq) : -1;
	s->fed.conn = c;
	s->fed.side = side;
	s->fed.from = at < 0 ? 0 : (uint64_t)at;
	s->fed.to = at < 0 ? 0 : s->fed.from + p->payload_cap;
	s->fed.ack = nids_ack(c, side, p);
	s->fed.ts = p->ts;
	const struct nids_segment segment = {
		.number = c->number,
		.from_client = side == CLIENT,
		.seq = p->seq,
		.ack = p->ack,
		.window = p->window,
		.flags = p->flags,
		.has_wscale = p->has_wscale,
		.wscale = p->wscale,
		.payload = bytes_of(p->payload, p->payload_cap),
		.ts = p->ts,
	};
	nids_feed_segment(&segment);
	/* libnids has not returned the bytes: it has queued or ignored them, which looks the same
	 * from outside. */
	if (s->fed.to > s->fed.from && s->fed.from > dir->ordered)
		nids_order_mark(s, c, side,
				&(struct nids_mark){.from = s->fed.from,
						    .to = s->fed.to,
						    .ack = s->fed.ack,
						    .ts = p->ts});
}

/* Returns true if the RST ended the connection. libnids decides: it has freed the stream, or not.
 */
static bool rst_take(struct stream *s, struct nids_conn *c, enum side side, const struct packet *p)
{
	if (nids_feed_knows(c->number)) {
		s->stats.rst_ignored++;
		return false;
	}
	nids_stats_reset(c, side, p);
	/* Flush first: a FIN that waits came before the RST. */
	nids_order_flush(s, c, p->ts);
	c->pub.flow[side].rst = true;
	c->end.by_rst = true;
	c->end.rst_by = side;
	c->end.refused = c->state == NIDS_HALF_OPEN && side == SERVER && !c->pub.flow[SERVER].syn;
	nids_order_closing(c, side, HOW_RST, s->fed.ack);
	conn_close(s, c, HOW_RST, p->ts);
	return true;
}

/* Returns true, and counts that, if the receiver drops the segment. libnids gets no options, and
 * would accept it. */
static bool is_refused(struct stream *s, const struct nids_conn *c, enum side side,
		       const struct packet *p)
{
	const struct nids_side *dir = &c->side[side];
	int64_t end =
		dir->known ? nids_offset(dir, p->seq + p->payload_len + !!(p->flags & TCP_FIN)) : 0;
	bool taken = dir->known && end > (int64_t)dir->ordered && end <= (int64_t)dir->answered;
	enum receiver_why why = receiver_refuses(&dir->receiver,
						 &c->side[side_other(side)].receiver, p, taken,
						 p->ts - c->pub.start);
	s->stats.refused[why] += why != RECEIVER_TAKES;
	return why != RECEIVER_TAKES;
}

static void segment_take(struct stream *s, struct nids_conn *c, enum side side,
			 const struct packet *p)
{
	if (is_refused(s, c, side, p))
		return;
	nids_stats_record(s, c, side, p);
	segment_feed(s, c, side, p);
	if ((p->flags & TCP_RST) && rst_take(s, c, side, p))
		return;
	nids_order_settle(s, c, p->ts);
	if (conn_close_if_done(s, c, p->ts))
		return;
	if (c->state == NIDS_FIN_WAIT)
		return; /* the time limit runs from the FIN */
	bool half_open = c->state == NIDS_HALF_OPEN && (p->flags & (TCP_SYN | TCP_RST));
	nids_table_move(s, c,
			half_open                  ? NIDS_HALF_OPEN
			: c->side[SERVER].fin_seen ? NIDS_FIN_WAIT
						   : NIDS_OPEN,
			p->ts);
}

static enum side side_of(const struct nids_conn *c, const struct packet *p)
{
	return c->pub.port[CLIENT] == p->src_port && ip_addr_equal(&c->pub.addr[CLIENT], &p->src)
		       ? CLIENT
		       : SERVER;
}

static void nids_segments(struct stream *s, const struct packet *packets, size_t n)
{
	for (const struct packet *p = packets; p < packets + n; p++) {
		uint32_t hash = flow_hash(s->config.seed, p);
		s->stats.segments++;
		age(s, p->ts);
		if (receiver_no_ack(p)) {
			s->stats.refused[RECEIVER_NO_ACK]++;
			continue;
		}
		struct nids_conn *c = nids_table_find(s, hash, p);
		if (!c)
			c = conn_begin(s, hash, p, false);
		else if (c->state == NIDS_LINGER)
			c = conn_again(s, c, hash, p);
		if (c)
			segment_take(s, c, side_of(c, p), p);
	}
}

/* libnids does not handle ICMP. */
static void nids_icmp(struct stream *s, const struct packet_icmp *icmp)
{
	(void)s;
	(void)icmp;
}

static void nids_tick(struct stream *s, int64_t now)
{
	age(s, now);
}

static void nids_finish(struct stream *s)
{
	for (struct nids_conn *c; (c = s->lists[NIDS_START].head);)
		conn_close(s, c, HOW_CAPTURE_END, time_now(s, c));
}

const struct stream_engine stream_nids = {
	.name = "nids",
	.new = nids_new,
	.segments = nids_segments,
	.icmp = nids_icmp,
	.tick = nids_tick,
	.finish = nids_finish,
	.free = nids_free,
	.stats = nids_stats,
};
