/* out_of_order.c - the segments of a side that cannot be handed on yet, in the order of their
 * numbers.
 */
#include "core/stream/out_of_order.h"

static size_t held_size(const struct held *e)
{
	return sizeof *e + e->cap;
}

/* What a segment counts for the bounds of what is held: at least so much, as they are searched in
 * order, and a great many of one byte each would cost the time of as many. */
static size_t held_charge(const struct held *e)
{
	enum { LEAST = 512 };
	size_t size = held_size(e);
	return size > LEAST ? size : LEAST;
}

void own_held_free(struct stream *s, struct own_conn *c, struct held *e)
{
	c->held_bytes -= (uint32_t)held_charge(e);
	s->stats.held_bytes -= held_charge(e);
	pool_put(s->pool, e, held_size(e));
}

void own_held_forget(struct stream *s, struct own_conn *c, enum side side, struct held *e)
{
	struct half *h = &c->half[side];
	if (e->flags & HELD_DOUBT)
		s->stats.refused[RECEIVER_WINDOW]++;
	else if (e->flags & TCP_FIN)
		h->flags &= (uint8_t)~HALF_FIN;
	if (e->flags & TCP_RST)
		h->flags &= (uint8_t)~HALF_RST_HELD;
	own_held_free(s, c, e);
}

/* Puts a copy of a part of a segment before *at. */
static struct held **hold_part(struct stream *s, struct own_conn *c, struct held **at,
			       const struct held *part, const uint8_t *data)
{
	struct held *e = NULL;
	if (s->stats.held_bytes + held_charge(part) <= s->config.held_total &&
	    held_size(part) <= POOL_MAX)
		e = pool_get(s->pool, held_size(part));
	if (!e) {
		s->stats.no_memory++;
		return at;
	}
	*e = *part;
	if (part->cap > 0)
		memcpy(e->data, data, part->cap);
	e->next = *at;
	*at = e;
	c->held_bytes += (uint32_t)held_charge(e);
	s->stats.held_bytes += held_charge(e);
	if (s->stats.held_bytes > s->stats.held_peak)
		s->stats.held_peak = s->stats.held_bytes;
	s->stats.out_of_order++;
	return &e->next;
}

/* Counts an overlap in which the later bytes differ from those that are held. */
static void overlap_compare(struct stream *s, struct own_conn *c, enum side side,
			    const struct held *old, const struct held *rest, const uint8_t *data)
{
	uint32_t from = seq_diff(rest->seq, old->seq) > 0 ? rest->seq - old->seq : 0;
	uint32_t skip = seq_diff(old->seq, rest->seq) > 0 ? old->seq - rest->seq : 0;
	if (from >= old->cap || skip >= rest->cap)
		return;
	uint32_t a = old->cap - from, b = rest->cap - skip, n = a < b ? a : b;
	if (memcmp(old->data + from, data + skip, n) != 0) {
		s->stats.conflicts++;
		own_sides(s, c)[side].conflicts++;
	}
}

/*
 * What stands further on in a stream was not sent before this, so that this, when it was first
 * sent, acknowledged no more than that does: a copy that was sent again later does, and would wait
 * for a reply to itself.
 */
static void ack_lower(struct held *e, const struct held *behind)
{
	if ((e->flags & behind->flags & TCP_ACK) &&
	    !((e->flags | behind->flags) & (TCP_RST | HELD_DOUBT)) &&
	    seq_diff(e->ack, behind->ack) > 0)
		e->ack = behind->ack;
}

void own_held_sent(struct half *h, const struct held *segment)
{
	bool fin = segment->flags & TCP_FIN;
	for (struct held *e = h->held; e && seq_diff(own_held_end(e), own_held_end(segment)) <= 0;
	     e = e->next)
		if (seq_diff(own_held_end(e), segment->seq) <= 0 || (fin && e->flags & TCP_FIN))
			ack_lower(e, segment);
}

void own_held_put(struct stream *s, struct own_conn *c, enum side side, const struct held *segment,
		  const uint8_t *data)
{
	struct held **at = &c->half[side].held, rest = *segment;
	while (*at && seq_diff((*at)->seq + (*at)->len, rest.seq) <= 0) {
		ack_lower(*at, segment);
		at = &(*at)->next;
	}
	if (*at)
		ack_lower(&rest, *at);
	while (*at && rest.len > 0 && seq_diff((*at)->seq, rest.seq + rest.len) < 0) {
		struct held *old = *at;
		ack_lower(old, &rest);
		overlap_compare(s, c, side, old, &rest, data);
		int32_t before = seq_diff(old->seq, rest.seq);
		if (before > 0) {
			struct held part = rest;
			part.len = (uint32_t)before;
			part.cap = part.cap < part.len ? part.cap : part.len;
			part.flags &= TCP_ACK | HELD_DOUBT;
			at = hold_part(s, c, at, &part, data);
		}
		uint32_t covered = old->seq + old->len - rest.seq, captured = rest.cap;
		if (covered >= rest.len) {
			if (covered == rest.len && !(rest.flags & HELD_DOUBT))
				old->flags |= rest.flags & (TCP_FIN | TCP_RST);
			return;
		}
		own_held_skip(&rest, covered);
		data += captured - rest.cap;
		at = &(*at)->next;
	}
	hold_part(s, c, at, &rest, data);
}

void own_held_displace_doubts(struct stream *s, struct own_conn *c, enum side side,
			      const struct held *segment)
{
	for (struct held **at = &c->half[side].held;
	     *at && seq_diff((*at)->seq, segment->seq + segment->len) < 0;) {
		struct held *e = *at;
		if (!(e->flags & HELD_DOUBT) || seq_diff(e->seq + e->len, segment->seq) <= 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		own_held_forget(s, c, side, e);
	}
}

const struct held *own_held_rst(const struct half *h)
{
	const struct held *e = h->held;
	while (e && !(e->flags & TCP_RST))
		e = e->next;
	return e;
}

void own_held_forget_rst(struct stream *s, struct own_conn *c, enum side side)
{
	struct half *h = &c->half[side];
	h->flags &= (uint8_t)~HALF_RST_HELD;
	for (struct held **at = &h->held; *at;) {
		struct held *e = *at;
		if (e->flags & TCP_RST)
			s->stats.rst_ignored++;
		e->flags &= (uint8_t)~TCP_RST;
		if (e->len == 0 && !(e->flags & TCP_FIN)) {
			*at = e->next;
			own_held_free(s, c, e);
		} else {
			at = &e->next;
		}
	}
}

void own_held_forget_claims(struct stream *s, struct own_conn *c, enum side side)
{
	struct half *h = &c->half[side];
	const struct half *other = &c->half[side_other(side)];
	for (struct held **at = &h->held; *at;) {
		struct held *e = *at;
		if (!(e->flags & TCP_ACK) || seq_diff(e->ack, other->nxt) <= 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		own_held_forget(s, c, side, e);
	}
}

/* So far ahead this side could be allowed to send: a window may have been larger than it is now,
 * and without both SYNs its scale is not known. */
static int32_t window_most(const struct own_conn *c, enum side side)
{
	uint8_t scale = c->half[side_other(side)].wscale;
	if (!c->pub.flow[CLIENT].syn || !c->pub.flow[SERVER].syn)
		return SEQ_ABSURD;
	return 65535 << (scale < WSCALE_MOST ? scale : WSCALE_MOST);
}

/* Whether a FIN that is held contradicts what a segment shows of the same stream. */
static bool fin_elsewhere(const struct held *e, const struct held *segment)
{
	int32_t ahead = seq_diff(e->seq + e->len, segment->seq + segment->len);
	return (e->flags & TCP_FIN) && (segment->flags & TCP_FIN ? ahead != 0 : ahead < 0);
}

void own_held_belie(struct stream *s, struct own_conn *c, enum side side,
		    const struct held *segment)
{
	struct half *h = &c->half[side];
	if (!(h->flags & HALF_KNOWN) || (h->flags & HALF_FIN_DONE) || segment->seq != h->nxt)
		return;
	int32_t most = window_most(c, side);
	bool any = false;
	uint32_t top = segment->seq + segment->len;
	for (struct held **at = &h->held; *at;) {
		struct held *e = *at;
		if (seq_diff(e->seq, segment->seq) <= most && !fin_elsewhere(e, segment)) {
			top = seq_diff(e->seq + e->len, top) > 0 ? e->seq + e->len : top;
			at = &e->next;
			continue;
		}
		*at = e->next;
		own_held_forget(s, c, side, e);
		any = true;
	}
	if (any && seq_diff(h->end, top) > 0 && !(h->flags & HALF_FIN))
		h->end = top;
}
