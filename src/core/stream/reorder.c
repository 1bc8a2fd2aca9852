/* reorder.c - puts the bytes of both sides of a connection into causal order: what is held, what
 * is handed on, what is declared lost. */
#include "core/stream/out_of_order.h"

#include <assert.h>

/* The receiver has not acknowledged what it is thought to have dropped. */
static bool is_suspect(const struct direction *h, const struct native_segment *e)
{
	return (e->flags & SEGMENT_SUSPECT) &&
	       !((h->flags & DIRECTION_ACKED) && seq_diff(h->ack, native_segment_end(e)) >= 0);
}

/* A side's stream may go on only when the other side's bytes that it acknowledges have gone before.
 */
static bool blocked(const struct native_conn *c, enum side side, const struct native_segment *e)
{
	const struct direction *other = &c->dir[side_other(side)];
	if (is_suspect(&c->dir[side], e))
		return true;
	if (!(e->flags & TCP_ACK) || (other->flags & DIRECTION_FIN_DONE))
		return false;
	return !(other->flags & DIRECTION_KNOWN) || seq_diff(e->ack, other->nxt) > 0;
}

uint64_t reorder_offset(const struct native_conn *c, enum side of, uint32_t seq)
{
	const struct direction *h = &c->dir[of];
	const struct conn_flow *side = &c->pub.flow[of];
	uint64_t all = side->bytes + side->gap;
	uint32_t behind = h->nxt - seq;
	if (h->flags & DIRECTION_FIN_DONE)
		behind = behind > 0 ? behind - 1 : 0;
	return behind < all ? all - behind : 0;
}

static void gap_declare(struct stream *s, struct native_conn *c, enum side side, uint32_t len,
			int64_t ts)
{
	s->stats.gaps++;
	s->stats.gap_bytes += len;
	s->listener->gap(s->arg, &c->pub, side, len, ts);
	c->pub.flow[side].gap += len;
	direction_advance(&c->dir[side], len);
}

/* Behind a FIN nothing counts: what is held there, a forged RST for instance, was never sent. */
static void behind_fin_free(struct stream *s, struct native_conn *c, struct direction *h)
{
	while ((h->flags & DIRECTION_FIN_DONE) && h->out_of_order) {
		struct native_segment *e = h->out_of_order;
		h->out_of_order = e->next;
		s->stats.refused[RECEIVER_WINDOW] += (e->flags & SEGMENT_SUSPECT) != 0;
		native_segment_free(s, c, e);
	}
}

/* The first closing segment names the closer; the second tells whether the two crossed on the wire.
 */
static void close_record(struct native_conn *c, enum side side, enum how how,
			 const struct native_segment *e)
{
	struct conn_end *end = &c->end;
	if (end->closer == CLOSER_NOBODY) {
		end->closer = side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER;
		end->how = how;
	} else if (end->closer != (side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER)) {
		end->crossed = !(e->flags & TCP_ACK) ||
			       seq_diff(e->ack, c->dir[side_other(side)].nxt) < 0;
	}
}

static void fin_deliver(struct stream *s, struct native_conn *c, enum side side,
			const struct native_segment *e)
{
	struct direction *h = &c->dir[side];
	if (h->flags & DIRECTION_FIN_DONE)
		return;
	h->flags |= DIRECTION_FIN_DONE;
	h->nxt++;
	c->pub.flow[side].fin = true;
	behind_fin_free(s, c, h);
	close_record(c, side, HOW_FIN, e);
	s->listener->fin(s->arg, &c->pub, side, e->ts);
	if (c->closing)
		return;
	if (c->dir[side_other(side)].flags & DIRECTION_FIN_DONE)
		native_close(s, c, HOW_FIN, e->ts);
	else if (side == SERVER)
		native_move(s, c, LIST_FIN_WAIT);
}

static void rst_deliver(struct stream *s, struct native_conn *c, enum side side,
			const struct native_segment *e)
{
	c->pub.flow[side].rst = true;
	if (!c->end.by_rst)
		c->end.rst_by = side;
	c->end.by_rst = true;
	close_record(c, side, HOW_RST, e);
	if (!c->closing)
		native_close(s, c, HOW_RST, e->ts);
}

/* Hands on a segment that begins at nxt and is not blocked. */
static void deliver(struct stream *s, struct native_conn *c, enum side side,
		    const struct native_segment *e, const uint8_t *data)
{
	struct direction *h = &c->dir[side];
	struct conn_flow *stats = &c->pub.flow[side];
	if (e->flags & TCP_ACK)
		stats->acked = reorder_offset(c, side_other(side), e->ack);
	if (e->cap > 0) {
		native_sent_record(c, side, data, e->cap);
		s->listener->data(s->arg, &c->pub, side, bytes_of(data, e->cap), e->ts);
		stats->bytes += e->cap;
		direction_advance(h, e->cap);
	}
	if (e->len > e->cap) {
		stats->cut = true;
		gap_declare(s, c, side, e->len - e->cap, e->ts);
	}
	if (e->flags & TCP_FIN) {
		if (e->flags & SEGMENT_SUSPECT) {
			h->flags |= DIRECTION_FIN;
			c->fin[side] = h->nxt;
		}
		fin_deliver(s, c, side, e);
	}
	if ((e->flags & TCP_RST) && !native_is_closed(c))
		rst_deliver(s, c, side, e);
}

/* Hands on the first held segment of a side, if its turn has come. */
static bool first_deliver(struct stream *s, struct native_conn *c, enum side side)
{
	struct direction *h = &c->dir[side];
	struct native_segment *e = h->out_of_order;
	if (!e || !(h->flags & DIRECTION_KNOWN))
		return false;
	int32_t ahead = seq_diff(e->seq, h->nxt);
	if (ahead > 0 || blocked(c, side, e))
		return false;
	h->out_of_order = e->next;
	struct native_segment *whole = e, part = *e;
	/* It was captured before the segment that came last: a later time is that of a clock that
	 * was stepped back since. */
	if (part.ts > c->pub.last)
		part.ts = c->pub.last;
	uint32_t behind = h->nxt - e->seq, skip = behind < e->len ? behind : e->len;
	native_segment_skip(&part, skip);
	/* Held before the start was known, and of a connection before: this stream does not end
	 * before it begins. */
	if (behind > whole->len && (part.flags & TCP_FIN)) {
		part.flags &= (uint8_t)~TCP_FIN;
		h->flags &= (uint8_t)~DIRECTION_FIN;
	}
	deliver(s, c, side, &part, whole->data + (whole->cap - part.cap));
	native_segment_free(s, c, whole);
	return true;
}

static bool drain(struct stream *s, struct native_conn *c)
{
	bool any = false;
	while (!native_is_closed(c) && (first_deliver(s, c, CLIENT) || first_deliver(s, c, SERVER)))
		any = true;
	return any;
}

/*
 * Bytes of a side that the other has, and that are not here. Only so many as the other side's next
 * segment waits for: what was said before that segment and what was said after it are two holes, or
 * a reply would be taken as lost before its command was seen.
 */
static uint32_t confirmed_hole(const struct native_conn *c, enum side side)
{
	const struct direction *h = &c->dir[side];
	const struct native_segment *waiting = c->dir[side_other(side)].out_of_order;
	if (!(h->flags & DIRECTION_KNOWN) || !(h->flags & DIRECTION_ACKED) ||
	    (h->flags & DIRECTION_FIN_DONE) || seq_diff(h->ack, h->nxt) <= 0)
		return 0;
	uint32_t upto = h->ack;
	if (h->out_of_order && seq_diff(h->out_of_order->seq, upto) < 0)
		upto = h->out_of_order->seq;
	if (waiting && (waiting->flags & TCP_ACK) && seq_diff(waiting->ack, h->nxt) > 0 &&
	    seq_diff(waiting->ack, upto) < 0)
		upto = waiting->ack;
	return seq_diff(upto, h->nxt) > 0 ? upto - h->nxt : 0;
}

/* No SYN told where this side begins: it begins with the lowest number that was seen. */
static bool start_settle(struct native_conn *c, enum side side)
{
	struct direction *h = &c->dir[side];
	if (h->flags & DIRECTION_KNOWN || !(h->flags & DIRECTION_FLOOR))
		return false;
	h->flags |= DIRECTION_KNOWN;
	h->nxt = c->start[side];
	return true;
}

static bool first_is_next(const struct direction *h)
{
	return h->out_of_order && seq_diff(h->out_of_order->seq, h->nxt) <= 0;
}

/*
 * The side that gives way when all must go; -1: nothing is held. Where both hold their next bytes,
 * each of which acknowledges the other's, one of them or both are sent again, and the first copies
 * are missing: they crossed, as nobody repeats what he knows to have arrived. The client goes first
 * then: a command that comes before the reply which its sender had is nothing but pipelining, while
 * a reply before its command would be an accusation. Else it is the side that holds the older
 * segment: the hole before it is declared.
 */
static int first_yields(const struct native_conn *c)
{
	const struct native_segment *client = c->dir[CLIENT].out_of_order,
				    *server = c->dir[SERVER].out_of_order;
	if (!client || !server)
		return client ? CLIENT : server ? SERVER : -1;
	bool circle = first_is_next(&c->dir[CLIENT]) && first_is_next(&c->dir[SERVER]);
	return !circle && server->ts < client->ts ? SERVER : CLIENT;
}

/* What its first held segment acknowledges cannot come before it, or never comes: all that has come
 * is what it acknowledges. */
static void ack_settle(struct native_conn *c, enum side side)
{
	const struct direction *other = &c->dir[side_other(side)];
	struct native_segment *e = c->dir[side].out_of_order;
	if (other->flags & DIRECTION_KNOWN)
		e->ack = other->nxt;
	else
		e->flags &= (uint8_t)~TCP_ACK;
}

/* Nobody has acknowledged what is held first: whether its receiver had it, and what else was said
 * in its place, is not known. */
static void suspect_end(struct stream *s, struct native_conn *c, enum side side, int64_t ts)
{
	struct direction *h = &c->dir[side];
	struct native_segment *e = h->out_of_order;
	int32_t len = seq_diff(e->seq + e->len, h->nxt);
	h->out_of_order = e->next;
	native_segment_discard(s, c, side, e);
	if (len > 0 && !(h->flags & DIRECTION_FIN_DONE))
		gap_declare(s, c, side, (uint32_t)len, ts);
}

/* One step towards holding nothing, the best founded first. False when nothing is left. */
static bool force_step(struct stream *s, struct native_conn *c, int64_t ts)
{
	if (start_settle(c, CLIENT) || start_settle(c, SERVER) || drain(s, c))
		return true;
	for (enum side side = CLIENT; side <= SERVER; side++) {
		uint32_t hole = confirmed_hole(c, side);
		if (hole > 0) {
			gap_declare(s, c, side, hole, ts);
			return true;
		}
	}

	int side = first_yields(c);
	if (side < 0)
		return false;
	struct direction *h = &c->dir[side];
	if (is_suspect(h, h->out_of_order)) {
		suspect_end(s, c, (enum side)side, ts);
		return true;
	}
	if (seq_diff(h->out_of_order->seq, h->nxt) > 0)
		gap_declare(s, c, (enum side)side, h->out_of_order->seq - h->nxt, ts);
	else
		ack_settle(c, (enum side)side);
	return true;
}

/* What can be handed on now was taken by the receiver; of what is held in its place, what waits for
 * bytes that nobody has seen was perhaps never taken. */
static void waiting_displace(struct stream *s, struct native_conn *c, enum side side, uint32_t end)
{
	struct direction *h = &c->dir[side];
	for (struct native_segment **at = &h->out_of_order; *at && seq_diff((*at)->seq, end) < 0;) {
		struct native_segment *e = *at;
		if (!blocked(c, side, e)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		native_segment_discard(s, c, side, e);
	}
}

void reorder_push(struct stream *s, struct native_conn *c, enum side side,
		  const struct native_segment *segment, const uint8_t *data)
{
	struct direction *h = &c->dir[side];
	struct native_segment e = *segment;
	int32_t behind = (h->flags & DIRECTION_KNOWN) ? seq_diff(h->nxt, e.seq) : -1;
	if (behind > 0) {
		uint32_t captured = e.cap;
		native_segment_skip(&e, (uint32_t)behind < e.len ? (uint32_t)behind : e.len);
		data += captured - e.cap;
	}
	bool next = behind >= 0 && !blocked(c, side, &e);
	if (h->out_of_order && !(e.flags & SEGMENT_SUSPECT))
		native_segments_drop_suspects(s, c, side, &e);
	if (next)
		waiting_displace(s, c, side, e.seq + e.len);
	bool fits = !h->out_of_order || seq_diff(e.seq + e.len, h->out_of_order->seq) <= 0;
	if (next && fits) {
		deliver(s, c, side, &e, data);
		return;
	}
	native_segment_put(s, c, side, &e, data);
	if (c->out_of_order_bytes <= s->config.reorder_per_conn)
		return;
	s->stats.held_overflow++;
	while (c->out_of_order_bytes > s->config.reorder_per_conn / 2 && !native_is_closed(c) &&
	       force_step(s, c, e.ts))
		;
}

void reorder_acked(struct native_conn *c, enum side of, uint32_t ack)
{
	struct direction *h = &c->dir[of];
	bool first = !(h->flags & DIRECTION_ACKED);
	if (first || seq_diff(ack, h->ack) > 0) {
		h->ack = ack;
		h->flags |= DIRECTION_ACKED;
	}
	if (!(h->flags & DIRECTION_KNOWN) &&
	    (!(h->flags & DIRECTION_FLOOR) || seq_diff(ack, c->start[of]) < 0)) {
		c->start[of] = ack;
		h->end = h->flags & DIRECTION_FLOOR ? h->end : ack;
		h->flags |= DIRECTION_FLOOR;
	}
	if (seq_diff(ack, h->end) > 0)
		h->end = ack;
	if (first && ack == c->start[of])
		h->flags |= DIRECTION_SYN_ACKED;
}

void reorder_start(struct native_conn *c, enum side side, uint32_t start)
{
	struct direction *h = &c->dir[side];
	c->start[side] = h->nxt = start;
	/* What was seen or acknowledged before is of this stream only if it can lie behind its
	 * start. */
	if (!(h->flags & DIRECTION_FLOOR) || h->end - start > SEQ_ABSURD)
		h->end = start;
	if (h->ack - start > SEQ_ABSURD)
		h->flags &= (uint8_t) ~(DIRECTION_ACKED | DIRECTION_SYN_ACKED);
	h->flags |= DIRECTION_KNOWN;
}

/* Is something of this side waited for? Remembers since when, on the clock. */
static bool hole_record(struct native_conn *c, enum side side, int64_t clock)
{
	struct direction *h = &c->dir[side];
	bool unknown = !(h->flags & DIRECTION_KNOWN) && (h->flags & DIRECTION_FLOOR);
	if (!unknown && confirmed_hole(c, side) == 0) {
		c->hole_since[side] = 0;
		return false;
	}
	uint32_t at = unknown ? 0 : h->nxt;
	if (c->hole_since[side] == 0 || c->hole_at[side] != at) {
		c->hole_since[side] = clock;
		c->hole_at[side] = at;
	}
	return true;
}

/* Nothing is held, and nothing that was acknowledged is missing: the usual case, told without a
 * look at what is seldom needed. */
static bool nothing_waits(const struct native_conn *c)
{
	const struct direction *a = &c->dir[CLIENT], *b = &c->dir[SERVER];
	return !a->out_of_order && !b->out_of_order && !c->state.waiting &&
	       (a->flags & b->flags & DIRECTION_KNOWN) && seq_diff(a->ack, a->nxt) <= 0 &&
	       seq_diff(b->ack, b->nxt) <= 0;
}

void reorder_settle(struct stream *s, struct native_conn *c, int64_t ts)
{
	if (nothing_waits(c))
		return;
	drain(s, c);
	if (native_is_closed(c))
		return;
	int64_t clock = native_clock_at(s, ts);
	bool client = hole_record(c, CLIENT, clock) && ack_claim_believed(c, CLIENT);
	bool server = hole_record(c, SERVER, clock) && ack_claim_believed(c, SERVER);
	native_wait(s, c, client || server);
}

void reorder_expire(struct stream *s, struct native_conn *c, int64_t now)
{
	native_wait(s, c, false);
	for (enum side side = CLIENT; side <= SERVER && !native_is_closed(c); side++) {
		if (c->hole_since[side] == 0 || c->hole_since[side] + s->config.skew > s->clock)
			continue;
		uint32_t hole = ack_claim_believed(c, side) ? confirmed_hole(c, side) : 0;
		if (!start_settle(c, side) && hole > 0)
			gap_declare(s, c, side, hole, now);
		c->hole_since[side] = 0;
		drain(s, c);
	}
	if (!native_is_closed(c))
		reorder_settle(s, c, now);
}

void native_close(struct stream *s, struct native_conn *c, enum how how, int64_t ts)
{
	assert(!c->closing);
	c->closing = true;
	while (force_step(s, c, ts))
		;
	native_end_complete(s, c, how, ts);
	native_wait(s, c, false);
	s->listener->close(s->arg, &c->pub, &c->end, ts);
	native_move(s, c, LIST_CLOSED);
}
