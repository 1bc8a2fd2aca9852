/* tcp_stats.h - facts about a segment's sender: time to live, IP identification, sizes, windows.
 * Only src/core/stream/native.c includes this header. */
#ifndef SMTPWATCH_CORE_STREAM_TCP_STATS_H
#define SMTPWATCH_CORE_STREAM_TCP_STATS_H

#include "core/stream/native_state.h"

/* Returns true if a packet's IP identification is not new: the packet was captured late, or twice.
 * Stacks that set the identification count upwards. */
static inline bool tcp_stats_id_old(const struct direction *h, const struct packet *p)
{
	return p->ip_id != 0 && h->ip_id != 0 && (int16_t)(p->ip_id - h->ip_id) <= 0 &&
	       (int16_t)(p->ip_id - h->ip_id) > -1000;
}

/* Records facts about a segment's sender that do not depend on sequence numbers. old: the segment
 * was captured late, and its IP identification is not recorded. */
static inline void tcp_stats_sender(struct stream *s, struct native_conn *c, enum side side,
				    const struct packet *p, bool old)
{
	struct direction *h = &c->dir[side];
	/* Outside of what was seen; the range of a first packet is 0 to 0. */
	if ((uint8_t)(p->ttl - h->ttl_low) > (uint8_t)(h->ttl_high - h->ttl_low)) {
		if (h->packets == 0)
			c->pub.flow[side].ttl = h->ttl_low = h->ttl_high = p->ttl;
		if (p->ttl < h->ttl_low)
			h->ttl_low = p->ttl;
		if (p->ttl > h->ttl_high)
			h->ttl_high = p->ttl;
	}
	if (!old)
		h->ip_id = p->ip_id;
	h->options = (uint8_t)(p->has_tsopt * OPTION_TSOPT | p->df * OPTION_DF);
	h->flags &= (uint8_t)~DIRECTION_WINDOW_CLOSED;
	if (p->window == 0 && !(p->flags & TCP_SYN)) {
		h->flags |= DIRECTION_WINDOW_CLOSED;
		struct conn_side *stats = &native_tcp_stats(s, c)[side];
		stats->zero_windows += stats->zero_windows < UINT16_MAX;
	}
}

/* Records the size of a segment, to learn which sizes arrive. The acknowledgement of one segment at
 * a time is awaited; a larger segment replaces a smaller one. repeat: a retransmission. */
static inline void tcp_stats_size(struct direction *h, const struct packet *p, bool repeat)
{
	uint16_t len = p->payload_len < UINT16_MAX ? (uint16_t)p->payload_len : UINT16_MAX;
	if (len > h->largest)
		h->largest = len;
	if (repeat && len == h->largest)
		h->stuck += h->stuck < UINT8_MAX;
	if (!repeat && len > h->probe_len) {
		h->probe = p->seq + p->payload_len;
		h->probe_len = len;
	}
}

/* Call when h->ack has advanced: records the size of the awaited segment if it was acknowledged. */
static inline void tcp_stats_size_acked(struct direction *h, uint16_t *largest_acked)
{
	h->stuck = 0;
	if (h->probe_len == 0 || seq_diff(h->ack, h->probe) < 0)
		return;
	if (h->probe_len > *largest_acked)
		*largest_acked = h->probe_len;
	h->probe_len = 0;
}

/* Counts a segment of this side, and ends the other side's wait for an answer. window: scaled. */
static inline void tcp_stats_segment(struct native_conn *c, enum side side, uint32_t window)
{
	c->dir[side].packets++;
	c->dir[side].window = window;
	c->dir[side_other(side)].unanswered = c->dir[side_other(side)].tries = 0;
}

/* Records that bytes of this side are unacknowledged since ts, unless earlier ones are. */
static inline void tcp_stats_unanswered(struct direction *h, int64_t ts)
{
	if (h->unanswered_since == 0)
		h->unanswered_since = ts;
}

/* Compares a segment's bytes with those that this side sent before, and counts a difference as a
 * conflict. Call for each segment that is not the usual one. On an open connection a SYN brings no
 * bytes (RFC 9293 3.10.7.4). */
static inline void native_retransmission_check(struct stream *s, struct native_conn *c,
					       enum side side, const struct packet *p)
{
	const struct direction *h = &c->dir[side];
	if (p->payload_len == 0 || seq_diff(p->seq, h->nxt) >= 0 ||
	    ((p->flags & TCP_SYN) && c->state.list != LIST_HALF_OPEN) ||
	    !sent_bytes_differ(&c->sent[side], p, h->flags & DIRECTION_ACKED ? h->ack : p->seq))
		return;
	s->stats.conflicts++;
	native_tcp_stats(s, c)[side].conflicts++;
	c->pub.disputed = true;
}

#endif
