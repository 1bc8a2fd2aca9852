/* nids_order.c - causal order over libnids' two streams: it orders each direction, but not the two
 * with each other. */
/*
 * libnids hands out the bytes of a segment as soon as those before it on the same side were there:
 * a reply that was captured before its command comes out before it. So each piece that comes out is
 * looked up for what it acknowledged when it was sent (origin_of), and held until the other side
 * has come that far. Where that side has a hole, libnids will never get over it: after the skew the
 * bytes are declared lost.
 */
#include "nids/nids_conn.h"

#include <assert.h>

/* More marks than libnids can have queued segments: beyond, they stand for segments that it
 * dropped. */
enum { MARKS_MAX = 512 };

static uint64_t position(const struct nids_conn *c, enum side side)
{
	return c->pub.flow[side].bytes + c->pub.flow[side].gap;
}

/* Whether all that is acknowledged has been handed on or declared lost; the FIN counts as one. */
static bool is_clear(const struct nids_conn *c, enum side side, uint64_t ack)
{
	enum side other = side_other(side);
	return ack <= position(c, other) + (c->pub.flow[other].fin ? 1 : 0);
}

/* Where contradictory numbers were let through, no more is said to be acknowledged than was told
 * of. */
static void acked_set(struct nids_conn *c, enum side side, uint64_t ack)
{
	uint64_t there = position(c, side_other(side));
	c->pub.flow[side].acked = ack < there ? ack : there;
}

static void data_deliver(struct stream *s, struct nids_conn *c, enum side side, struct bytes data,
			 uint64_t ack, int64_t ts)
{
	acked_set(c, side, ack);
	s->listener->data(s->arg, &c->pub, side, data, ts);
	c->pub.flow[side].bytes += data.n;
}

void nids_order_closing(struct nids_conn *c, enum side side, enum how how, uint64_t ack)
{
	enum closer closer = side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER;
	if (ack > c->pub.flow[side].acked)
		acked_set(c, side, ack);
	if (c->end.closer == CLOSER_NOBODY) {
		c->end.closer = closer;
		c->end.how = how;
	} else if (c->end.closer != closer) {
		c->end.crossed = ack < position(c, side_other(side)) + 1;
	}
}

static void fin_deliver(struct stream *s, struct nids_conn *c, enum side side, uint64_t ack,
			int64_t ts)
{
	acked_set(c, side, ack);
	c->pub.flow[side].fin = true;
	nids_order_closing(c, side, HOW_FIN, ack);
	s->listener->fin(s->arg, &c->pub, side, ts);
}

/* What a held item costs; many of one byte must not cost more than the limit says. */
static size_t segment_size(const struct nids_waiting *h)
{
	return sizeof *h + h->n;
}

/* Hands on the first held item of a side, whatever it waited for. */
static void segment_deliver(struct stream *s, struct nids_conn *c, enum side side)
{
	struct nids_side *dir = &c->side[side];
	struct nids_waiting *h = dir->out_of_order;
	dir->out_of_order = h->next;
	if (!dir->out_of_order)
		dir->out_of_order_last = &dir->out_of_order;
	c->out_of_order_bytes -= (uint32_t)segment_size(h);
	s->stats.held_bytes -= segment_size(h);
	if (h->fin)
		fin_deliver(s, c, side, h->ack, h->ts);
	else
		data_deliver(s, c, side, bytes_of(h->bytes, h->n), h->ack, h->ts);
	pool_put(s->pool, h, segment_size(h));
}

/* False if there is none, or if it still waits. */
static bool segment_step(struct stream *s, struct nids_conn *c, enum side side)
{
	const struct nids_waiting *h = c->side[side].out_of_order;
	if (!h || !is_clear(c, side, h->ack))
		return false;
	segment_deliver(s, c, side);
	return true;
}

/* The side whose first held item was sent first; the caller knows that there is one. */
static enum side segment_older(const struct nids_conn *c)
{
	const struct nids_waiting *client = c->side[CLIENT].out_of_order,
				  *server = c->side[SERVER].out_of_order;
	if (!client || !server)
		return client ? CLIENT : SERVER;
	return server->ts < client->ts ? SERVER : CLIENT;
}

static bool holds(const struct nids_conn *c)
{
	return c->side[CLIENT].out_of_order || c->side[SERVER].out_of_order;
}

/* Declares a side's bytes lost, up to an offset. libnids may still bring them: they are passed over
 * then. */
static void lose(struct stream *s, struct nids_conn *c, enum side side, uint64_t upto, int64_t ts)
{
	struct nids_side *dir = &c->side[side];
	assert(!dir->out_of_order);
	if (dir->fin_seen && upto > dir->fin_at)
		upto = dir->fin_at;
	uint64_t from = position(c, side);
	if (upto <= from)
		return;
	s->stats.gaps++;
	s->stats.gap_bytes += upto - from;
	s->listener->gap(s->arg, &c->pub, side, upto - from, ts);
	c->pub.flow[side].gap += upto - from;
	dir->accepted = upto;
	dir->stalled = true;
}

static void segment_append(struct stream *s, struct nids_conn *c, enum side side,
			   struct nids_waiting *h)
{
	struct nids_side *dir = &c->side[side];
	h->next = NULL;
	*dir->out_of_order_last = h;
	dir->out_of_order_last = &h->next;
	c->out_of_order_bytes += (uint32_t)segment_size(h);
	s->stats.held_bytes += segment_size(h);
	if (s->stats.held_bytes > s->stats.held_peak)
		s->stats.held_peak = s->stats.held_bytes;
}

/* False, and counted, if there is no room for it. */
static bool segment_wait(struct stream *s, struct nids_conn *c, enum side side, struct bytes data,
			 bool fin, uint64_t ack, int64_t ts)
{
	struct nids_waiting *h;
	size_t size = sizeof *h + data.n;
	if (c->out_of_order_bytes + size > s->config.reorder_per_conn ||
	    s->stats.held_bytes + size > s->config.reorder_total) {
		s->stats.held_overflow++;
		return false;
	}
	h = pool_get(s->pool, size);
	if (!h) {
		s->stats.no_memory++;
		return false;
	}
	*h = (struct nids_waiting){.ack = ack, .ts = ts, .n = (uint32_t)data.n, .fin = fin};
	if (data.n > 0)
		memcpy(h->bytes, data.p, data.n);
	segment_append(s, c, side, h);
	return true;
}

/* Before an item of a side is handed on: what it acknowledges is handed on, whatever that waits
 * for, or declared lost. */
static void make_clear(struct stream *s, struct nids_conn *c, enum side side, uint64_t ack,
		       int64_t ts)
{
	enum side other = side_other(side);
	struct nids_side *dir = &c->side[other];
	while (dir->out_of_order && !is_clear(c, side, ack))
		segment_deliver(s, c, other);
	if (is_clear(c, side, ack))
		return;
	lose(s, c, other, ack, ts);
	/* The loss may have uncovered a FIN; where it is acknowledged too, it comes before what
	 * acknowledges it. */
	if (dir->fin_seen && !dir->fin_taken && dir->accepted >= dir->fin_at &&
	    !is_clear(c, side, ack)) {
		dir->fin_taken = true;
		fin_deliver(s, c, other, dir->fin_ack, dir->fin_ts);
	}
}

/* Hands on the first held item of a side, with what must go before it. */
static void force(struct stream *s, struct nids_conn *c, enum side side, int64_t ts)
{
	make_clear(s, c, side, c->side[side].out_of_order->ack, ts);
	segment_deliver(s, c, side);
}

/* The next item of a side, bytes or FIN: handed on, or held for its turn. */
static void take(struct stream *s, struct nids_conn *c, enum side side, struct bytes data, bool fin,
		 uint64_t ack, int64_t ts)
{
	bool now = !c->side[side].out_of_order && is_clear(c, side, ack);
	/* No room: what is held of this side goes first, or the order of its own bytes would be
	 * lost. */
	if (!now && !segment_wait(s, c, side, data, fin, ack, ts)) {
		while (c->side[side].out_of_order)
			force(s, c, side, ts);
		make_clear(s, c, side, ack, ts);
		now = true;
	}
	if (now && fin)
		fin_deliver(s, c, side, ack, ts);
	else if (now)
		data_deliver(s, c, side, data, ack, ts);
}

/* It is the first of its side, of a connection whose other SYN was seen: how much was said before
 * it is not known until this one comes too. */
static bool is_adrift(const struct nids_conn *c, enum side side)
{
	return !c->pub.flow[side].syn && c->pub.flow[side_other(side)].syn &&
	       c->side[side].fin_at == 0;
}

/* FINs whose turn has come. last: nothing more comes. */
static void fins_take(struct stream *s, struct nids_conn *c, bool last)
{
	for (enum side side = CLIENT; side <= SERVER; side++) {
		struct nids_side *dir = &c->side[side];
		if (!dir->fin_seen || dir->fin_taken || dir->accepted < dir->fin_at ||
		    (!last && is_adrift(c, side)))
			continue;
		dir->fin_taken = true;
		take(s, c, side, bytes_of(NULL, 0), true, dir->fin_ack, dir->fin_ts);
	}
}

/* Hands on what has become possible. A side that has stalled is not waited for: libnids will hardly
 * bring its bytes again. */
void nids_order_settle(struct stream *s, struct nids_conn *c, int64_t ts)
{
	for (;;) {
		fins_take(s, c, false);
		if (segment_step(s, c, CLIENT) || segment_step(s, c, SERVER))
			continue;
		enum side side = segment_older(c);
		if (!holds(c) || !c->side[side_other(side)].stalled)
			break;
		force(s, c, side, ts);
	}
	nids_table_wait(s, c, holds(c));
}

void nids_order_mark(struct stream *s, struct nids_conn *c, enum side side,
		     const struct nids_mark *mark)
{
	struct nids_side *dir = &c->side[side];
	struct nids_mark *m = dir->mark_count < MARKS_MAX ? pool_get(s->pool, sizeof *m) : NULL;
	if (!m)
		return; /* the bytes will count as sent with the segment that brings them out */
	struct nids_mark **at = &dir->marks;
	/* Of two that begin alike libnids takes the bytes of the first. */
	while (*at && (*at)->from <= mark->from)
		at = &(*at)->next;
	*m = *mark;
	m->next = *at;
	*at = m;
	dir->mark_count++;
	s->stats.out_of_order++;
}

/* Marks whose bytes have all come out. */
static void marks_trim(struct stream *s, struct nids_side *dir)
{
	for (struct nids_mark **at = &dir->marks, *m; (m = *at) && m->from <= dir->ordered;) {
		if (m->to > dir->ordered) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		dir->mark_count--;
		pool_put(s->pool, m, sizeof *m);
	}
}

/* Which segment brought the byte at an offset: the one that is being fed, or else the first in
 * libnids' queue that has it. */
static void origin_of(const struct stream *s, const struct nids_side *dir, uint64_t at,
		      uint64_t *ack, int64_t *ts)
{
	*ack = s->fed.ack;
	*ts = s->fed.ts;
	if (s->fed.from <= at && at < s->fed.to)
		return;
	for (const struct nids_mark *m = dir->marks; m && m->from <= at; m = m->next) {
		if (m->to > at) {
			*ack = m->ack;
			*ts = m->ts;
			return;
		}
	}
}

void nids_order_data(struct stream *s, struct nids_conn *c, enum side side, struct bytes data)
{
	struct nids_side *dir = &c->side[side];
	uint64_t at = dir->ordered, ack;
	int64_t ts;
	origin_of(s, dir, at, &ack, &ts);
	dir->ordered += data.n;
	marks_trim(s, dir);
	if (dir->accepted > at) {
		data = bytes_from(data, dir->accepted - at); /* too late: declared lost before */
		at = dir->accepted;
	}
	if (dir->fin_seen && at + data.n > dir->fin_at)
		data = bytes_first(data, dir->fin_at > at ? dir->fin_at - at : 0);
	if (data.n == 0)
		return;
	sent_bytes_record(&dir->sent, dir->base + (uint32_t)at, data.p, (uint32_t)data.n,
			  dir->answered < at);
	dir->accepted = at + data.n;
	dir->stalled = false; /* libnids is over its hole: the bytes that were missing came late */
	take(s, c, side, data, false, ack, ts);
	nids_order_settle(s, c, s->fed.ts);
}

void nids_order_expire(struct stream *s, struct nids_conn *c, int64_t now)
{
	while (holds(c)) {
		enum side side = segment_older(c);
		if (c->side[side].out_of_order->ts + s->config.skew > now)
			break;
		force(s, c, side, now);
	}
	/* To the end of the list, where the younger ones stand. */
	nids_table_wait(s, c, false);
	nids_order_settle(s, c, now);
}

/* A FIN that becomes possible may have to wait for the other one, so it takes a second round, and
 * never a third. */
void nids_order_flush(struct stream *s, struct nids_conn *c, int64_t ts)
{
	do {
		while (holds(c))
			force(s, c, segment_older(c), ts);
		lose(s, c, CLIENT, c->side[CLIENT].end, ts);
		lose(s, c, SERVER, c->side[SERVER].end, ts);
		fins_take(s, c, true);
	} while (holds(c));
	nids_table_wait(s, c, false);
}
