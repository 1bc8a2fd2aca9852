/* reset.c - RST: which one counts at once, which is held, which is doubted; and what comes
 * behind the close. */
#include "core/stream/reset.h"
#include "core/stream/out_of_order.h"

static void rst_note(struct stream *s, struct native_conn *c, enum side side,
		     const struct packet *p, struct native_seen seen)
{
	struct conn_rst *rst = &native_tcp_stats(s, c)[side].reset;
	if (!rst->seen)
		*rst = (struct conn_rst){.ts = p->ts,
					 .ip_id = p->ip_id,
					 .window = p->window,
					 .ttl = p->ttl,
					 .seen = true,
					 .overtook = seen.known && seq_diff(p->seq, seen.end) < 0,
					 .tsopt = p->has_tsopt,
					 .bare = !(p->flags & TCP_ACK)};
}

void native_rst_take(struct stream *s, struct native_conn *c, enum side side,
		     const struct packet *p)
{
	struct direction *h = &c->dir[side];
	bool beyond;
	/* A refused Fast Open acknowledges the SYN without its data. */
	bool of_syn = (p->flags & TCP_ACK) && seq_diff(p->ack, c->start[CLIENT]) >= 0 &&
		      seq_diff(p->ack, c->dir[CLIENT].end) <= 0;
	if (side == SERVER && c->state.list == LIST_HALF_OPEN && !c->pub.flow[SERVER].syn &&
	    of_syn) {
		c->end.refused = true;
		reorder_start(c, SERVER, p->seq);
	} else if (!native_rst_valid(c, side, p, &beyond)) {
		s->stats.rst_ignored++;
		return;
	} else if (beyond) {
		h->flags |= DIRECTION_RST_WAITS;
		if (c->state.list != LIST_FIN_WAIT)
			native_move(s, c, LIST_FIN_WAIT);
	}
	rst_note(s, c, side, p, (struct native_seen){h->end, h->flags & DIRECTION_KNOWN});
	/* Where nothing else tells, this side's stream begins with the RST: what is held must have
	 * a place. */
	if (!(h->flags & (DIRECTION_KNOWN | DIRECTION_FLOOR)))
		reorder_start(c, side, p->seq);
	struct native_segment e = {
		.ts = p->ts, .seq = p->seq, .ack = p->ack, .flags = p->flags & (TCP_ACK | TCP_RST)};
	if (h->flags & DIRECTION_KNOWN && seq_diff(e.seq, h->nxt) < 0)
		e.seq = h->nxt;
	reorder_push(s, c, side, &e, p->payload);
}

void native_rst_check(struct stream *s, struct native_conn *c, enum side side,
		      const struct packet *p)
{
	struct direction *h = &c->dir[side];
	const struct native_segment *rst = native_segments_rst(h);
	if (rst && seq_diff(p->seq + p->payload_len, rst->seq) <= 0 &&
	    p->ts - rst->ts < s->config.skew)
		return;
	native_segments_drop_rst(s, c, side);
	if (c->state.list == LIST_FIN_WAIT && !c->pub.flow[SERVER].fin)
		native_move(s, c, LIST_OPEN);
}

void native_straggler_take(struct stream *s, struct native_conn *c, enum side side,
			   const struct packet *p)
{
	struct conn_side *stats = &native_tcp_stats(s, c)[side];
	s->stats.stray++;
	if (p->flags & TCP_RST)
		rst_note(s, c, side, p, c->seen[side]);
	else if (stats->reset.seen && p->payload_len > 0 &&
		 seq_diff(p->seq + p->payload_len, c->seen[side].end) > 0)
		stats->reset.after += stats->reset.after < UINT16_MAX;
	c->pub.retracted |= native_rst_disproved(c, side, p);
	native_late_take(s, c, side, p);
}
