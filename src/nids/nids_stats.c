/* nids_stats.c - fills struct conn from the segments: libnids reports none of these facts, nor the
 * place of a FIN. */
#include "nids/nids_conn.h"

/* In bytes. No receiver offers a window this large: a sequence number further ahead is not
 * believed. */
#define REACH ((int64_t)64 << 20)

/* A network does not repeat a packet as fast as a capture point sees it twice. */
#define TWICE_WITHIN (50 * FRAME_MS)

/* Sequence numbers wrap, offsets do not. Of all possible offsets the nearest to dir->end is meant.
 */
int64_t nids_offset(const struct nids_side *side, uint32_t seq)
{
	return (int64_t)side->end + (int32_t)(seq - (side->base + (uint32_t)side->end));
}

uint64_t nids_ack(const struct nids_conn *c, enum side from, const struct packet *p)
{
	const struct nids_side *other = &c->side[side_other(from)];
	if (!(p->flags & TCP_ACK) || !other->known)
		return 0;
	int64_t at = nids_offset(other, p->ack);
	return at < 0 || at > (int64_t)other->end + REACH ? 0 : (uint64_t)at;
}

static uint32_t mixed(uint32_t sum, uint32_t value)
{
	return (sum ^ value) * UINT32_C(0x9e3779b1);
}

/* A captured duplicate has the same numbers and the same IP ID. A retransmission has another IP ID
 * or time stamp, or comes later. */
static bool captured_twice(struct nids_side *dir, const struct packet *p, int64_t last)
{
	uint32_t sign = mixed(
		mixed(mixed(mixed(mixed(0, p->seq), p->ack), p->payload_len), p->tsval), p->tsecr);
	sign = mixed(mixed(sign, (uint32_t)p->flags << 16 | p->window), p->ip_id);
	if ((sign == dir->sign[0] || sign == dir->sign[1]) && p->ts - last < TWICE_WITHIN)
		return true;
	dir->sign[1] = dir->sign[0];
	dir->sign[0] = sign;
	return false;
}

/*
 * Sets where a side's stream begins: behind its SYN, or, without a captured SYN, at its first
 * segment. libnids never follows such a connection, but the number of missing bytes is then known.
 */
static void base_note(struct nids_conn *c, enum side from, const struct packet *p)
{
	struct nids_side *dir = &c->side[from];
	bool syn = p->flags & TCP_SYN;
	if (syn && from == SERVER && p->ack != c->side[CLIENT].base)
		/* This SYN-ACK does not answer the client's SYN: libnids ignores it too. */
		return;
	uint32_t base = p->seq + syn;
	if (dir->known && !(syn && !c->pub.flow[from].syn && dir->accepted == 0))
		return;
	uint32_t before = dir->known ? dir->base - base
				     /* Not 0: a segment was captured before the SYN. */
				     : 0;
	dir->end += before;
	dir->fin_at += dir->fin_seen ? before : 0;
	dir->base = base;
	dir->known = true;
}

/* Ignores a SYN that does not begin this stream. */
static void syn_note(struct nids_conn *c, enum side from, const struct packet *p)
{
	struct conn_side *stats = &c->pub.side[from];
	if (p->seq + 1 != c->side[from].base)
		return;
	if (from == CLIENT)
		c->syn_ts = p->ts;
	else
		c->syn_ack_ts = p->ts;
	if (c->pub.flow[from].syn)
		stats->retransmits++;
	else
		receiver_syn(&c->side[from].receiver, p);
	c->pub.flow[from].syn = true;
	stats->mss = p->mss;
}

/* Measures from SYN to SYN-ACK, and then to the ACK of the handshake. */
static void rtt_note(struct nids_conn *c, enum side from, const struct packet *p)
{
	if (c->syn_ack_ts == 0)
		return;
	if (from == SERVER && (p->flags & TCP_SYN))
		c->pub.rtt = c->syn_ack_ts - c->syn_ts;
	else if (from == CLIENT && c->state == NIDS_HALF_OPEN)
		c->pub.rtt = p->ts - c->syn_ts;
}

static bool is_queued(const struct nids_side *dir, uint64_t from, uint64_t to)
{
	for (const struct nids_mark *m = dir->marks; m && m->from <= from; m = m->next)
		if (m->to >= to)
			return true;
	return false;
}

/*
 * Returns true if the bytes were sent before. A keep-alive does not count: the last byte alone (RFC
 * 9293 3.8.4). A late original that fills a hole does not count either. Only the order of capture
 * is known here: another packet must have brought the same bytes.
 */
static bool is_repeat(const struct nids_side *dir, uint64_t from, uint64_t to)
{
	bool keepalive = to == from + 1 && to == dir->end;
	return !keepalive && (to <= dir->ordered || is_queued(dir, from, to));
}

/* Returns true if seq is the next byte that the receiver expects, and the receiver has acknowledged
 * all before. */
static bool is_next(const struct nids_side *dir, uint32_t seq)
{
	int64_t at = nids_offset(dir, seq);
	return at == (int64_t)dir->ordered && at == (int64_t)dir->answered;
}

/* Returns true if the receiver drops the segment (RFC 5961 5.2, RFC 9293 3.10.7.4). Either it is a
 * SYN on an open connection, or it acknowledges bytes from before the connection. An
 * acknowledgement one below the start is accepted: see is_foreign in native.c. */
static bool is_dropped(const struct nids_conn *c, enum side from, const struct packet *p)
{
	const struct nids_side *other = &c->side[side_other(from)];
	if (p->flags & TCP_SYN)
		return c->state != NIDS_HALF_OPEN;
	return (p->flags & TCP_ACK) && other->known && nids_offset(other, p->ack) < -1;
}

/* Counts a retransmission with other bytes. libnids keeps the first bytes, but the receiver may
 * have taken the later ones. */
static void recent_look(struct stream *s, struct nids_conn *c, enum side from,
			const struct packet *p)
{
	struct nids_side *dir = &c->side[from];
	uint32_t next = dir->base + (uint32_t)dir->accepted,
		 acked = dir->base + (uint32_t)dir->answered;
	if (p->payload_len == 0 || seq_diff(p->seq, next) >= 0 || is_dropped(c, from, p) ||
	    !sent_bytes_differ(&dir->sent, p, acked))
		return;
	s->stats.conflicts++;
	c->pub.side[from].conflicts++;
	c->pub.disputed = true;
}

static void data_note(struct stream *s, struct nids_conn *c, enum side from, const struct packet *p,
		      int64_t pause)
{
	struct nids_side *dir = &c->side[from];
	struct conn_side *stats = &c->pub.side[from];
	int64_t at = nids_offset(dir, p->seq + !!(p->flags & TCP_SYN));
	if (at < 0 || at > (int64_t)dir->end + REACH)
		return;
	/* A bare ACK counts too: its sequence number shows that all bytes before it were sent. */
	uint64_t to = (uint64_t)at + p->payload_len;
	c->pub.flow[from].cut |= p->payload_cap < p->payload_len;
	if (p->payload_len > 0 && is_repeat(dir, (uint64_t)at, to)) {
		stats->retransmits++;
		stats->unanswered++;
		stats->tries += stats->tries < UINT8_MAX && pause >= CONN_TRY_PAUSE;
		s->stats.retransmits++;
	}
	if (to > dir->answered && p->payload_len > 0 && stats->unanswered_since == 0)
		stats->unanswered_since = p->ts;
	if (to > dir->end)
		dir->end = to;
	/* The first FIN counts. A FIN before delivered bytes is absurd. */
	if ((p->flags & TCP_FIN) && !dir->fin_seen && to >= dir->accepted) {
		dir->fin_seen = true;
		dir->fin_at = to;
		dir->fin_ack = nids_ack(c, from, p);
		dir->fin_ts = p->ts;
	}
}

/* Bytes that were acknowledged no longer wait for an answer. */
static void ack_note(struct nids_conn *c, enum side from, const struct packet *p)
{
	struct nids_side *other = &c->side[side_other(from)];
	uint64_t ack = nids_ack(c, from, p);
	other->syn_acked |= (p->flags & TCP_ACK) &&
			    (!other->known || nids_offset(other, p->ack) == 0);
	if (ack > other->answered)
		other->answered = ack;
	if (other->answered >= other->end)
		c->pub.side[side_other(from)].unanswered_since = 0;
}

static void end_reach(struct nids_side *dir, int64_t at)
{
	if (at > (int64_t)dir->end && at <= (int64_t)dir->end + REACH)
		dir->end = (uint64_t)at;
}

void nids_stats_reset(struct nids_conn *c, enum side from, const struct packet *p)
{
	struct nids_side *dir = &c->side[from], *other = &c->side[side_other(from)];
	if (dir->known)
		end_reach(dir, nids_offset(dir, p->seq));
	end_reach(other, (int64_t)nids_ack(c, from, p));
	c->pub.side[from].reset.bare = !(p->flags & TCP_ACK);
}

void nids_stats_record(struct stream *s, struct nids_conn *c, enum side from,
		       const struct packet *p)
{
	struct conn_side *stats = &c->pub.side[from];
	base_note(c, from, p);
	if (c->side[from].known)
		recent_look(s, c, from, p);
	if (captured_twice(&c->side[from], p, c->pub.last)) {
		s->stats.duplicates++;
		return;
	}
	int64_t pause = p->ts - c->pub.last;
	c->pub.last = p->ts;
	if (stats->packets++ == 0)
		stats->ttl = p->ttl;
	c->pub.side[side_other(from)].unanswered = 0;
	c->pub.side[side_other(from)].tries = 0;
	if (p->window == 0 && !(p->flags & (TCP_SYN | TCP_RST)))
		stats->zero_windows++;
	if (p->flags & TCP_SYN)
		syn_note(c, from, p);
	rtt_note(c, from, p);
	ack_note(c, from, p);
	receiver_note(&c->side[from].receiver, p,
		      c->side[from].known && !(p->flags & TCP_RST) &&
			      is_next(&c->side[from], p->seq));
	if (!(p->flags & TCP_RST) && c->side[from].known)
		data_note(s, c, from, p, pause);
}
