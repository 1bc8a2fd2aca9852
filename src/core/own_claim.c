/* own_claim.c - what is believed of numbers that lie ahead: acknowledgements of bytes that were not seen, of a capture with holes or forged; RSTs. */
#include "core/own.h"

/* A window of which the scale is unknown, because the handshake was not seen. */
#define WINDOW_UNKNOWN (1 << 20)

/* Segments of one side overtake each other in a capture by less than this. */
static const int64_t overtaking = 50 * FRAME_MS;

/* Something stands acknowledged that was not seen, and no later bytes of that side prove that there was something. */
static bool is_open(const struct own_conn *c, enum side of)
{
	const struct half *h = &c->half[of];
	return (h->flags & HALF_KNOWN) && (h->flags & HALF_ACKED) && !(h->flags & HALF_FIN_DONE) && !h->held &&
	       seq_diff(h->ack, h->nxt) > 0;
}

/* Since when it stands, on the clock; a claim that was made just now is as old as this segment. */
static bool older_than(const struct stream *s, const struct own_conn *c, enum side of, int64_t ts, int64_t age)
{
	return c->hole_since[of] != 0 && own_clock_at(s, ts) - c->hole_since[of] > age;
}

/* With it goes what the forger sent along, which the receiver did not take either. */
static void claim_drop(struct stream *s, struct own_conn *c, enum side of, uint32_t ack)
{
	struct half *h = &c->half[of];
	c->claims[of] = CLAIM_NONE;
	h->ack = ack;
	h->end = h->nxt;
	c->hole_since[of] = 0;
	own_order_forget_claims(s, c, side_other(of));
}

void own_claim_made(struct stream *s, struct own_conn *c, enum side of, const struct packet *p, bool old)
{
	struct half *h = &c->half[of];
	if (!(h->flags & HALF_KNOWN))
		return;
	bool ahead = seq_diff(p->ack, h->nxt) > 0;
	if (!is_open(c, of))
		c->claims[of] = ahead ? CLAIM_ONCE : CLAIM_NONE;
	else if (ahead && c->claims[of] == CLAIM_ONCE && seq_diff(p->ack, h->ack) >= 0)
		c->claims[of] = CLAIM_BELIEVED;
	else if (!ahead && !old && older_than(s, c, of, p->ts, overtaking))
		claim_drop(s, c, of, p->ack); /* whoever has got those bytes does not ask for them */
}

/* Each segment of a side tells, by its number, how much that side has sent; one that was captured late does not. */
void own_claim_heard(struct stream *s, struct own_conn *c, enum side of, const struct packet *p)
{
	struct half *h = &c->half[of];
	if (!is_open(c, of)) {
		c->claims[of] = CLAIM_NONE;
		return;
	}
	uint32_t end = p->seq + p->payload_len + !!(p->flags & TCP_FIN);
	/* An RST without ACK answers a segment, with the number that this one acknowledged: an old one, perhaps (RFC 9293 3.10.7.1). */
	bool last = (p->flags & TCP_FIN) || (p->flags & (TCP_RST | TCP_ACK)) == (TCP_RST | TCP_ACK);
	if (seq_diff(p->seq, h->nxt) > 0)
		c->claims[of] = CLAIM_BELIEVED;
	else if (p->seq == h->nxt && seq_diff(end, h->ack) < 0 && (last || older_than(s, c, of, p->ts, s->config.skew)))
		claim_drop(s, c, of, h->nxt);
}

/* RFC 5961 3.2 from outside: exact, as far as the receiver's next number is known to lie between what it acknowledged and what was sent to it; held, if it lies beyond, within the window. */
bool own_rst_believed(const struct own_conn *c, enum side side, const struct packet *p, bool *beyond)
{
	const struct half *h = &c->half[side], *other = &c->half[side_other(side)];
	*beyond = false;
	if (!(h->flags & (HALF_KNOWN | HALF_FLOOR)))
		return (p->flags & TCP_ACK) && (other->flags & HALF_KNOWN);
	/* Nothing was sent behind a FIN: held, it would become a hole there. */
	if ((h->flags & HALF_FIN_DONE) && seq_diff(p->seq, h->nxt) > 0)
		return false;
	uint32_t low = (h->flags & HALF_ACKED) ? h->ack : c->start[side];
	if (seq_diff(p->seq, low) >= 0 && seq_diff(p->seq, h->end) <= 0)
		return true;
	bool scaled = c->pub.flow[CLIENT].syn && c->pub.flow[SERVER].syn;
	int32_t window = scaled && other->window < SEQ_ABSURD ? (int32_t)other->window : WINDOW_UNKNOWN;
	*beyond = seq_diff(p->seq, h->end) > 0 && seq_diff(p->seq, h->end) <= window;
	return *beyond;
}
