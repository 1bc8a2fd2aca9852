/* nids_order.c - causal order across libnids' two streams: libnids orders each direction, but not
 * one against the other. */
/*
 * libnids returns the bytes of a segment as soon as all earlier bytes of the same side are there.
 * If a reply was captured before its command, libnids returns the reply first. Therefore origin_of
 * finds what each piece acknowledged when it was sent. The piece waits until the other side has
 * come that far. If that side has a hole, libnids never skips it: after the skew the missing bytes
 * are declared lost.
 */
#include "nids/nids_conn.h"

#include <assert.h>

/* libnids cannot queue more segments than this: further marks belong to segments that it has
 * dropped. */
enum { MARKS_MAX = 512 };

static uint64_t position(const struct nids_conn *c, enum side side)
{
	return c->pub.flow[side].bytes + c->pub.flow[side].gap;
}

/* Returns true if everything up to ack was delivered or declared lost. A FIN counts as one byte. */
static bool is_clear(const struct nids_conn *c, enum side side, uint64_t ack)
{
	enum side other = side_other(side);
	return ack <= position(c, other) + (c->pub.flow[other].fin ? 1 : 0);
}

/* Sets pub.flow[side].acked. If sequence numbers contradict each other, `acked` is limited to what
 * was delivered. */
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

/* Memory of a waiting item. The header counts too, so that many items of one byte keep to the
 * limit. */
static size_t waiting_size(const struct nids_waiting *w)
{
	return sizeof *w + w->n;
}

/* Delivers the first waiting item of a side without any condition. */
static void waiting_deliver(struct stream *s, struct nids_conn *c, enum side side)
{
	struct nids_side *dir = &c->side[side];
	struct nids_waiting *w = dir->waiting;
	dir->waiting = w->next;
	if (!dir->waiting)
		dir->waiting_last = &dir->waiting;
	c->waiting_bytes -= (uint32_t)waiting_size(w);
	s->stats.held_bytes -= waiting_size(w);
	if (w->fin)
		fin_deliver(s, c, side, w->ack, w->ts);
	else
		data_deliver(s, c, side, bytes_of(w->bytes, w->n), w->ack, w->ts);
	pool_put(s->pool, w, waiting_size(w));
}

/* Delivers the first waiting item of a side if it is clear. Returns false if there is none, or if
 * it must wait longer. */
static bool waiting_step(struct stream *s, struct nids_conn *c, enum side side)
{
	const struct nids_waiting *w = c->side[side].waiting;
	if (!w || !is_clear(c, side, w->ack))
		return false;
	waiting_deliver(s, c, side);
	return true;
}

/* Returns the side whose first waiting item was sent first. Call only if an item waits. */
static enum side waiting_older(const struct nids_conn *c)
{
	const struct nids_waiting *client = c->side[CLIENT].waiting,
				  *server = c->side[SERVER].waiting;
	if (!client || !server)
		return client ? CLIENT : SERVER;
	return server->ts < client->ts ? SERVER : CLIENT;
}

static bool any_waiting(const struct nids_conn *c)
{
	return c->side[CLIENT].waiting || c->side[SERVER].waiting;
}

/* Declares a side's bytes lost up to an offset. If libnids returns them later, they are ignored. */
static void declare_lost(struct stream *s, struct nids_conn *c, enum side side, uint64_t upto,
			 int64_t ts)
{
	struct nids_side *dir = &c->side[side];
	assert(!dir->waiting);
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

static void waiting_append(struct stream *s, struct nids_conn *c, enum side side,
			   struct nids_waiting *w)
{
	struct nids_side *dir = &c->side[side];
	w->next = NULL;
	*dir->waiting_last = w;
	dir->waiting_last = &w->next;
	c->waiting_bytes += (uint32_t)waiting_size(w);
	s->stats.held_bytes += waiting_size(w);
	if (s->stats.held_bytes > s->stats.held_peak)
		s->stats.held_peak = s->stats.held_bytes;
}

/* Copies bytes or a FIN to the end of a side's waiting items. Returns false, and counts that, if
 * there is no room. */
static bool waiting_copy(struct stream *s, struct nids_conn *c, enum side side, struct bytes data,
			 bool fin, uint64_t ack, int64_t ts)
{
	struct nids_waiting *w;
	size_t size = sizeof *w + data.n;
	if (c->waiting_bytes + size > s->config.reorder_per_conn ||
	    s->stats.held_bytes + size > s->config.reorder_total) {
		s->stats.held_overflow++;
		return false;
	}
	w = pool_get(s->pool, size);
	if (!w) {
		s->stats.no_memory++;
		return false;
	}
	*w = (struct nids_waiting){.ack = ack, .ts = ts, .n = (uint32_t)data.n, .fin = fin};
	if (data.n > 0)
		memcpy(w->bytes, data.p, data.n);
	waiting_append(s, c, side, w);
	return true;
}

/* Call before an item of a side is delivered. Delivers what the item acknowledges even if that
 * still waits, or declares it lost. */
static void make_clear(struct stream *s, struct nids_conn *c, enum side side, uint64_t ack,
		       int64_t ts)
{
	enum side other = side_other(side);
	struct nids_side *dir = &c->side[other];
	while (dir->waiting && !is_clear(c, side, ack))
		waiting_deliver(s, c, other);
	if (is_clear(c, side, ack))
		return;
	declare_lost(s, c, other, ack, ts);
	/* The loss may have uncovered a FIN. If the FIN is acknowledged too, it comes before the
	 * item. */
	if (dir->fin_seen && !dir->fin_taken && dir->accepted >= dir->fin_at &&
	    !is_clear(c, side, ack)) {
		dir->fin_taken = true;
		fin_deliver(s, c, other, dir->fin_ack, dir->fin_ts);
	}
}

/* Delivers the first waiting item of a side, after all that it acknowledges. */
static void deliver_forced(struct stream *s, struct nids_conn *c, enum side side, int64_t ts)
{
	make_clear(s, c, side, c->side[side].waiting->ack, ts);
	waiting_deliver(s, c, side);
}

/* Delivers the next bytes or FIN of a side, or appends them to what waits. */
static void take(struct stream *s, struct nids_conn *c, enum side side, struct bytes data, bool fin,
		 uint64_t ack, int64_t ts)
{
	bool now = !c->side[side].waiting && is_clear(c, side, ack);
	/* No room: all that waits on this side goes first, to keep the order of its own bytes. */
	if (!now && !waiting_copy(s, c, side, data, fin, ack, ts)) {
		while (c->side[side].waiting)
			deliver_forced(s, c, side, ts);
		make_clear(s, c, side, ack, ts);
		now = true;
	}
	if (now && fin)
		fin_deliver(s, c, side, ack, ts);
	else if (now)
		data_deliver(s, c, side, data, ack, ts);
}

/* Returns true if a side's first captured segment is a FIN, and only the other side's SYN was
 * captured. How much the side sent before is unknown until its SYN comes too. */
static bool start_unknown(const struct nids_conn *c, enum side side)
{
	return !c->pub.flow[side].syn && c->pub.flow[side_other(side)].syn &&
	       c->side[side].fin_at == 0;
}

/* Takes the FINs that are due. last: no more segments come. */
static void fins_take(struct stream *s, struct nids_conn *c, bool last)
{
	for (enum side side = CLIENT; side <= SERVER; side++) {
		struct nids_side *dir = &c->side[side];
		if (!dir->fin_seen || dir->fin_taken || dir->accepted < dir->fin_at ||
		    (!last && start_unknown(c, side)))
			continue;
		dir->fin_taken = true;
		take(s, c, side, bytes_of(NULL, 0), true, dir->fin_ack, dir->fin_ts);
	}
}

/* If the other side has stalled, an item does not wait for it: libnids hardly ever returns the
 * missing bytes later. */
void nids_order_settle(struct stream *s, struct nids_conn *c, int64_t ts)
{
	for (;;) {
		fins_take(s, c, false);
		if (waiting_step(s, c, CLIENT) || waiting_step(s, c, SERVER))
			continue;
		enum side side = waiting_older(c);
		if (!any_waiting(c) || !c->side[side_other(side)].stalled)
			break;
		deliver_forced(s, c, side, ts);
	}
	nids_table_wait(s, c, any_waiting(c));
}

void nids_order_mark(struct stream *s, struct nids_conn *c, enum side side,
		     const struct nids_mark *mark)
{
	struct nids_side *dir = &c->side[side];
	struct nids_mark *m = dir->mark_count < MARKS_MAX ? pool_get(s->pool, sizeof *m) : NULL;
	if (!m)
		return; /* the bytes then count as sent with the segment that releases them */
	struct nids_mark **at = &dir->marks;
	/* Of two segments with the same beginning, libnids takes the bytes of the first. */
	while (*at && (*at)->from <= mark->from)
		at = &(*at)->next;
	*m = *mark;
	m->next = *at;
	*at = m;
	dir->mark_count++;
	s->stats.out_of_order++;
}

/* Removes the marks whose bytes libnids has all returned. */
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

/* Finds the segment that brought the byte at an offset: the current segment, or else the first one
 * with that byte in libnids' queue. Sets *ack and *ts to what is known of the segment. */
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
		/* The bytes came too late: they were declared lost before. */
		data = bytes_from(data, dir->accepted - at);
		at = dir->accepted;
	}
	if (dir->fin_seen && at + data.n > dir->fin_at)
		data = bytes_first(data, dir->fin_at > at ? dir->fin_at - at : 0);
	if (data.n == 0)
		return;
	sent_bytes_record(&dir->sent, dir->base + (uint32_t)at, data.p, (uint32_t)data.n,
			  dir->answered < at);
	dir->accepted = at + data.n;
	dir->stalled = false; /* the missing bytes came late, and libnids has passed its hole */
	take(s, c, side, data, false, ack, ts);
	nids_order_settle(s, c, s->fed.ts);
}

void nids_order_expire(struct stream *s, struct nids_conn *c, int64_t now)
{
	while (any_waiting(c)) {
		enum side side = waiting_older(c);
		if (c->side[side].waiting->ts + s->config.skew > now)
			break;
		deliver_forced(s, c, side, now);
	}
	/* Moves the connection to the end of the list, behind older ones. */
	nids_table_wait(s, c, false);
	nids_order_settle(s, c, now);
}

/* A FIN that becomes due may have to wait for the other FIN. So a second round may be needed, but
 * never a third. */
void nids_order_flush(struct stream *s, struct nids_conn *c, int64_t ts)
{
	do {
		while (any_waiting(c))
			deliver_forced(s, c, waiting_older(c), ts);
		declare_lost(s, c, CLIENT, c->side[CLIENT].end, ts);
		declare_lost(s, c, SERVER, c->side[SERVER].end, ts);
		fins_take(s, c, true);
	} while (any_waiting(c));
	nids_table_wait(s, c, false);
}
