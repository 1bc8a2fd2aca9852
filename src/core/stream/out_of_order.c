/* out_of_order.c - the segments of a side that cannot be handed on yet, in the order of their
 * numbers.
 */
#include "core/stream/out_of_order.h"

static size_t segment_size(const struct native_segment *e)
{
	return sizeof *e + e->cap;
}

/* What a segment counts for the bounds of what is held: at least so much, as they are searched in
 * order, and a great many of one byte each would cost the time of as many. */
static size_t segment_charge(const struct native_segment *e)
{
	enum { CHARGE_MIN = 512 };
	size_t size = segment_size(e);
	return size > CHARGE_MIN ? size : CHARGE_MIN;
}

void native_segment_free(struct stream *s, struct native_conn *c, struct native_segment *e)
{
	c->out_of_order_bytes -= (uint32_t)segment_charge(e);
	s->stats.held_bytes -= segment_charge(e);
	pool_put(s->pool, e, segment_size(e));
}

void native_segment_discard(struct stream *s, struct native_conn *c, enum side side,
			    struct native_segment *e)
{
	struct direction *h = &c->dir[side];
	if (e->flags & SEGMENT_SUSPECT)
		s->stats.refused[RECEIVER_WINDOW]++;
	else if (e->flags & TCP_FIN)
		h->flags &= (uint8_t)~DIRECTION_FIN;
	if (e->flags & TCP_RST)
		h->flags &= (uint8_t)~DIRECTION_RST_WAITS;
	native_segment_free(s, c, e);
}

/* Puts a copy of a part of a segment before *at. */
static struct native_segment **segment_part_put(struct stream *s, struct native_conn *c,
						struct native_segment **at,
						const struct native_segment *part,
						const uint8_t *data)
{
	struct native_segment *e = NULL;
	if (s->stats.held_bytes + segment_charge(part) <= s->config.reorder_total &&
	    segment_size(part) <= POOL_MAX)
		e = pool_get(s->pool, segment_size(part));
	if (!e) {
		s->stats.no_memory++;
		return at;
	}
	*e = *part;
	if (part->cap > 0)
		memcpy(e->data, data, part->cap);
	e->next = *at;
	*at = e;
	c->out_of_order_bytes += (uint32_t)segment_charge(e);
	s->stats.held_bytes += segment_charge(e);
	if (s->stats.held_bytes > s->stats.held_peak)
		s->stats.held_peak = s->stats.held_bytes;
	s->stats.out_of_order++;
	return &e->next;
}

/* Counts an overlap in which the later bytes differ from those that are held. */
static void overlap_compare(struct stream *s, struct native_conn *c, enum side side,
			    const struct native_segment *old, const struct native_segment *rest,
			    const uint8_t *data)
{
	uint32_t from = seq_diff(rest->seq, old->seq) > 0 ? rest->seq - old->seq : 0;
	uint32_t skip = seq_diff(old->seq, rest->seq) > 0 ? old->seq - rest->seq : 0;
	if (from >= old->cap || skip >= rest->cap)
		return;
	uint32_t a = old->cap - from, b = rest->cap - skip, n = a < b ? a : b;
	if (memcmp(old->data + from, data + skip, n) != 0) {
		s->stats.conflicts++;
		native_tcp_stats(s, c)[side].conflicts++;
	}
}

/*
 * What stands further on in a stream was not sent before this, so that this, when it was first
 * sent, acknowledged no more than that does: a copy that was sent again later does, and would wait
 * for a reply to itself.
 */
static void ack_lower(struct native_segment *e, const struct native_segment *behind)
{
	if ((e->flags & behind->flags & TCP_ACK) &&
	    !((e->flags | behind->flags) & (TCP_RST | SEGMENT_SUSPECT)) &&
	    seq_diff(e->ack, behind->ack) > 0)
		e->ack = behind->ack;
}

void native_segments_lower_acks(struct direction *h, const struct native_segment *segment)
{
	bool fin = segment->flags & TCP_FIN;
	for (struct native_segment *e = h->out_of_order;
	     e && seq_diff(native_segment_end(e), native_segment_end(segment)) <= 0; e = e->next)
		if (seq_diff(native_segment_end(e), segment->seq) <= 0 ||
		    (fin && e->flags & TCP_FIN))
			ack_lower(e, segment);
}

void native_segment_put(struct stream *s, struct native_conn *c, enum side side,
			const struct native_segment *segment, const uint8_t *data)
{
	struct native_segment **at = &c->dir[side].out_of_order, rest = *segment;
	while (*at && seq_diff((*at)->seq + (*at)->len, rest.seq) <= 0) {
		ack_lower(*at, segment);
		at = &(*at)->next;
	}
	if (*at)
		ack_lower(&rest, *at);
	while (*at && rest.len > 0 && seq_diff((*at)->seq, rest.seq + rest.len) < 0) {
		struct native_segment *old = *at;
		ack_lower(old, &rest);
		overlap_compare(s, c, side, old, &rest, data);
		int32_t before = seq_diff(old->seq, rest.seq);
		if (before > 0) {
			struct native_segment part = rest;
			part.len = (uint32_t)before;
			part.cap = part.cap < part.len ? part.cap : part.len;
			part.flags &= TCP_ACK | SEGMENT_SUSPECT;
			at = segment_part_put(s, c, at, &part, data);
		}
		uint32_t covered = old->seq + old->len - rest.seq, captured = rest.cap;
		if (covered >= rest.len) {
			if (covered == rest.len && !(rest.flags & SEGMENT_SUSPECT))
				old->flags |= rest.flags & (TCP_FIN | TCP_RST);
			return;
		}
		native_segment_skip(&rest, covered);
		data += captured - rest.cap;
		at = &(*at)->next;
	}
	segment_part_put(s, c, at, &rest, data);
}

void native_segments_drop_suspects(struct stream *s, struct native_conn *c, enum side side,
				   const struct native_segment *segment)
{
	for (struct native_segment **at = &c->dir[side].out_of_order;
	     *at && seq_diff((*at)->seq, segment->seq + segment->len) < 0;) {
		struct native_segment *e = *at;
		if (!(e->flags & SEGMENT_SUSPECT) || seq_diff(e->seq + e->len, segment->seq) <= 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		native_segment_discard(s, c, side, e);
	}
}

const struct native_segment *native_segments_rst(const struct direction *h)
{
	const struct native_segment *e = h->out_of_order;
	while (e && !(e->flags & TCP_RST))
		e = e->next;
	return e;
}

void native_segments_drop_rst(struct stream *s, struct native_conn *c, enum side side)
{
	struct direction *h = &c->dir[side];
	h->flags &= (uint8_t)~DIRECTION_RST_WAITS;
	for (struct native_segment **at = &h->out_of_order; *at;) {
		struct native_segment *e = *at;
		if (e->flags & TCP_RST)
			s->stats.rst_ignored++;
		e->flags &= (uint8_t)~TCP_RST;
		if (e->len == 0 && !(e->flags & TCP_FIN)) {
			*at = e->next;
			native_segment_free(s, c, e);
		} else {
			at = &e->next;
		}
	}
}

void native_segments_drop_claims(struct stream *s, struct native_conn *c, enum side side)
{
	struct direction *h = &c->dir[side];
	const struct direction *other = &c->dir[side_other(side)];
	for (struct native_segment **at = &h->out_of_order; *at;) {
		struct native_segment *e = *at;
		if (!(e->flags & TCP_ACK) || seq_diff(e->ack, other->nxt) <= 0) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		native_segment_discard(s, c, side, e);
	}
}

/* So far ahead this side could be allowed to send: a window may have been larger than it is now,
 * and without both SYNs its scale is not known. */
static int32_t window_max(const struct native_conn *c, enum side side)
{
	uint8_t scale = c->dir[side_other(side)].wscale;
	if (!c->pub.flow[CLIENT].syn || !c->pub.flow[SERVER].syn)
		return SEQ_ABSURD;
	return 65535 << (scale < WSCALE_MAX ? scale : WSCALE_MAX);
}

/* Whether a FIN that is held contradicts what a segment shows of the same stream. */
static bool fin_elsewhere(const struct native_segment *e, const struct native_segment *segment)
{
	int32_t ahead = seq_diff(e->seq + e->len, segment->seq + segment->len);
	return (e->flags & TCP_FIN) && (segment->flags & TCP_FIN ? ahead != 0 : ahead < 0);
}

void native_segments_drop_disproved(struct stream *s, struct native_conn *c, enum side side,
				    const struct native_segment *segment)
{
	struct direction *h = &c->dir[side];
	if (!(h->flags & DIRECTION_KNOWN) || (h->flags & DIRECTION_FIN_DONE) ||
	    segment->seq != h->nxt)
		return;
	int32_t max = window_max(c, side);
	bool any = false;
	uint32_t top = segment->seq + segment->len;
	for (struct native_segment **at = &h->out_of_order; *at;) {
		struct native_segment *e = *at;
		if (seq_diff(e->seq, segment->seq) <= max && !fin_elsewhere(e, segment)) {
			top = seq_diff(e->seq + e->len, top) > 0 ? e->seq + e->len : top;
			at = &e->next;
			continue;
		}
		*at = e->next;
		native_segment_discard(s, c, side, e);
		any = true;
	}
	if (any && seq_diff(h->end, top) > 0 && !(h->flags & DIRECTION_FIN))
		h->end = top;
}
