/* reset.c - RST: which one counts at once, which is held, which is doubted; and what comes
 * behind the close. */
#include "core/stream/reset.h"
#include "core/stream/out_of_order.h"

static void rst_note(struct stream *s, struct own_conn *c, enum side side, const struct packet *p,
		     struct own_seen seen)
{
	struct conn_rst *rst = &own_sides(s, c)[side].reset;
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

void own_reset_take(struct stream *s, struct own_conn *c, enum side side, const struct packet *p)
{
	struct half *h = &c->half[side];
	bool beyond;
	/* A refused Fast Open acknowledges the SYN without its data. */
	bool of_syn = (p->flags & TCP_ACK) && seq_diff(p->ack, c->start[CLIENT]) >= 0 &&
		      seq_diff(p->ack, c->half[CLIENT].end) <= 0;
	if (side == SERVER && c->course.list == LIST_HALF_OPEN && !c->pub.flow[SERVER].syn &&
	    of_syn) {
		c->end.refused = true;
		own_order_start(c, SERVER, p->seq);
	} else if (!own_rst_believed(c, side, p, &beyond)) {
		s->stats.rst_ignored++;
		return;
	} else if (beyond) {
		h->flags |= HALF_RST_HELD;
		if (c->course.list != LIST_FIN_WAIT)
			own_move(s, c, LIST_FIN_WAIT);
	}
	rst_note(s, c, side, p, (struct own_seen){h->end, h->flags & HALF_KNOWN});
	/* Where nothing else tells, this side's stream begins with the RST: what is held must have
	 * a place. */
	if (!(h->flags & (HALF_KNOWN | HALF_FLOOR)))
		own_order_start(c, side, p->seq);
	struct held e = {
		.ts = p->ts, .seq = p->seq, .ack = p->ack, .flags = p->flags & (TCP_ACK | TCP_RST)};
	if (h->flags & HALF_KNOWN && seq_diff(e.seq, h->nxt) < 0)
		e.seq = h->nxt;
	own_order_push(s, c, side, &e, p->payload);
}

void own_reset_doubt(struct stream *s, struct own_conn *c, enum side side, const struct packet *p)
{
	struct half *h = &c->half[side];
	const struct held *rst = own_held_rst(h);
	if (rst && seq_diff(p->seq + p->payload_len, rst->seq) <= 0 &&
	    p->ts - rst->ts < s->config.skew)
		return;
	own_held_forget_rst(s, c, side);
	if (c->course.list == LIST_FIN_WAIT && !c->pub.flow[SERVER].fin)
		own_move(s, c, LIST_OPEN);
}

void own_straggler_take(struct stream *s, struct own_conn *c, enum side side,
			const struct packet *p)
{
	struct conn_side *facts = &own_sides(s, c)[side];
	s->stats.stray++;
	if (p->flags & TCP_RST)
		rst_note(s, c, side, p, c->seen[side]);
	else if (facts->reset.seen && p->payload_len > 0 &&
		 seq_diff(p->seq + p->payload_len, c->seen[side].end) > 0)
		facts->reset.after += facts->reset.after < UINT16_MAX;
	c->pub.belied |= own_rst_belied(c, side, p);
	own_end_late(s, c, side, p);
}
