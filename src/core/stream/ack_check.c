/* ack_check.c - what is believed of numbers that lie ahead: acknowledgements of bytes that were not
 * seen, of a capture with holes or forged; RSTs. */
#include "core/stream/out_of_order.h"

/* A window of which the scale is unknown, because the handshake was not seen. */
#define WINDOW_UNKNOWN (1 << 20)

/* Segments of one side overtake each other in a capture by less than this. */
static const int64_t overtaking = 50 * FRAME_MS;

/* Something stands acknowledged that was not seen, and no later bytes of that side prove that there
 * was something. */
static bool is_open(const struct native_conn *c, enum side of)
{
	const struct direction *h = &c->dir[of];
	return (h->flags & DIRECTION_KNOWN) && (h->flags & DIRECTION_ACKED) &&
	       !(h->flags & DIRECTION_FIN_DONE) && !h->out_of_order && seq_diff(h->ack, h->nxt) > 0;
}

/* Since when it stands, on the clock; a claim that was made just now is as old as this segment. */
static bool older_than(const struct stream *s, const struct native_conn *c, enum side of,
		       int64_t ts, int64_t age)
{
	return c->hole_since[of] != 0 && native_clock_at(s, ts) - c->hole_since[of] > age;
}

/* With it goes what the forger sent along, which the receiver did not take either. */
static void claim_drop(struct stream *s, struct native_conn *c, enum side of, uint32_t ack)
{
	struct direction *h = &c->dir[of];
	c->state.claims[of] = CLAIM_NONE;
	h->ack = ack;
	h->end = h->nxt;
	c->hole_since[of] = 0;
	native_segments_drop_claims(s, c, side_other(of));
}

void ack_claim_record(struct stream *s, struct native_conn *c, enum side of, const struct packet *p,
		      bool old)
{
	struct direction *h = &c->dir[of];
	if (!(h->flags & DIRECTION_KNOWN))
		return;
	bool ahead = seq_diff(p->ack, h->nxt) > 0;
	if (!is_open(c, of))
		c->state.claims[of] = ahead ? CLAIM_ONCE : CLAIM_NONE;
	else if (ahead && c->state.claims[of] == CLAIM_ONCE && seq_diff(p->ack, h->ack) >= 0)
		c->state.claims[of] = CLAIM_BELIEVED;
	else if (!ahead && !old && older_than(s, c, of, p->ts, overtaking))
		claim_drop(s, c, of,
			   p->ack); /* whoever has got those bytes does not ask for them */
}

/* Each segment of a side tells, by its number, how much that side has sent; one that was captured
 * late does not. */
void ack_claim_check(struct stream *s, struct native_conn *c, enum side of, const struct packet *p)
{
	struct direction *h = &c->dir[of];
	if (!is_open(c, of)) {
		c->state.claims[of] = CLAIM_NONE;
		return;
	}
	uint32_t end = p->seq + p->payload_len + !!(p->flags & TCP_FIN);
	/* An RST without ACK answers a segment, with the number that this one acknowledged: an old
	 * one, perhaps (RFC 9293 3.10.7.1). */
	bool last = (p->flags & TCP_FIN) || (p->flags & (TCP_RST | TCP_ACK)) == (TCP_RST | TCP_ACK);
	if (seq_diff(p->seq, h->nxt) > 0)
		c->state.claims[of] = CLAIM_BELIEVED;
	else if (p->seq == h->nxt && seq_diff(end, h->ack) < 0 &&
		 (last || older_than(s, c, of, p->ts, s->config.skew)))
		claim_drop(s, c, of, h->nxt);
}

/* RFC 5961 3.2 from outside: exact, as far as the receiver's next number is known to lie between
 * what it acknowledged and what was sent to it; held, if it lies beyond, within the window. */
bool native_rst_valid(const struct native_conn *c, enum side side, const struct packet *p,
		      bool *beyond)
{
	const struct direction *h = &c->dir[side], *other = &c->dir[side_other(side)];
	*beyond = false;
	if (!(h->flags & (DIRECTION_KNOWN | DIRECTION_FLOOR)))
		return (p->flags & TCP_ACK) && (other->flags & DIRECTION_KNOWN);
	/* Nothing was sent behind a FIN: held, it would become a hole there. */
	if ((h->flags & DIRECTION_FIN_DONE) && seq_diff(p->seq, h->nxt) > 0)
		return false;
	uint32_t low = (h->flags & DIRECTION_ACKED) ? h->ack : c->start[side];
	if (seq_diff(p->seq, low) >= 0 && seq_diff(p->seq, h->end) <= 0)
		return true;
	bool scaled = c->pub.flow[CLIENT].syn && c->pub.flow[SERVER].syn;
	int32_t window = scaled && other->window < SEQ_ABSURD ? (int32_t)other->window
							      : WINDOW_UNKNOWN;
	*beyond = seq_diff(p->seq, h->end) > 0 && seq_diff(p->seq, h->end) <= window;
	return *beyond;
}

/*
 * Bytes beyond the right edge of the window that their receiver announced, as far as that is known:
 * both SYNs were seen, so that the scale is. A window update that was not captured, or captured
 * late, would make that wrong: so the receiver's acknowledgement has the last word. More than 64
 * KiB are several segments that a card has put together.
 */
bool native_beyond_window(const struct native_conn *c, enum side side, const struct packet *p)
{
	const struct direction *h = &c->dir[side], *other = &c->dir[side_other(side)];
	const uint8_t known = DIRECTION_KNOWN | DIRECTION_ACKED;
	if (p->payload_len == 0 || p->payload_len > UINT16_MAX || (p->flags & TCP_SYN) ||
	    (h->flags & known) != known || (h->flags & DIRECTION_FIN) || !c->pub.flow[CLIENT].syn ||
	    !c->pub.flow[SERVER].syn)
		return false;
	int32_t ahead = seq_diff(p->seq + p->payload_len, h->ack);
	return ahead > 0 && (uint32_t)ahead > other->window &&
	       seq_diff(p->seq + p->payload_len, h->nxt) > 0;
}

/* Dropped by its receiver, and counted: it changes nothing here either. */
bool native_refused(struct stream *s, const struct native_conn *c, enum side side,
		    const struct packet *p)
{
	const struct direction *h = &c->dir[side];
	uint32_t end = p->seq + p->payload_len + !!(p->flags & TCP_FIN);
	bool taken = (h->flags & DIRECTION_KNOWN) && (h->flags & DIRECTION_ACKED) &&
		     seq_diff(end, h->nxt) > 0 && seq_diff(end, h->ack) <= 0;
	enum receiver_why why = receiver_refuses(&h->receiver, &c->dir[side_other(side)].receiver,
						 p, taken, p->ts - c->pub.start);
	s->stats.refused[why] += why != RECEIVER_TAKES;
	return why != RECEIVER_TAKES;
}

/* An RST ended it, and its side went on; now the other one acknowledges that: it has not got the
 * RST, or has not believed it (RFC 5961), and nor has anything ended. */
bool native_rst_disproved(const struct native_conn *c, enum side side, const struct packet *p)
{
	enum side by = (enum side)c->end.rst_by;
	return c->end.by_rst && side != by && c->tcp_stats[by].reset.after > 0 &&
	       (p->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_diff(p->ack, c->seen[by].end) > 0;
}
