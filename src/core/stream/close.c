/* close.c - a connection's last facts at its close, and its release. */
#include "core/stream/native_state.h"

/* Bytes, without the FIN, that a side sent and the other did not acknowledge. */
static uint32_t unacked(const struct native_conn *c, enum side side)
{
	const struct direction *h = &c->dir[side];
	int32_t n = (h->flags & DIRECTION_ACKED) ? seq_diff(h->end, h->ack)
						 : seq_diff(h->end, c->start[side]);
	n -= (h->flags & DIRECTION_FIN) && n > 0;
	return n > 0 ? (uint32_t)n : 0;
}

/* Publishes what was counted of a side, in its direction and beside it (which may be NULL). The
 * result takes the direction's place. */
static void tcp_stats_publish(struct native_conn *c, enum side side, const struct conn_side *beside)
{
	const struct direction h = c->dir[side];
	uint32_t left = unacked(c, side);
	struct conn_side *stats = &c->tcp_stats[side];
	*stats = beside ? *beside : (struct conn_side){0};
	stats->mss = c->pub.flow[side].mss;
	stats->largest_acked = c->largest_acked[side];
	stats->ttl = c->pub.flow[side].ttl;
	stats->packets = h.packets;
	stats->unacked = left;
	stats->unanswered = h.unanswered;
	stats->tries = h.tries;
	stats->unanswered_since = h.unanswered_since;
	stats->largest = h.largest;
	stats->stuck = h.stuck;
	stats->ip_id = h.ip_id;
	stats->ttl_low = h.ttl_low;
	stats->ttl_high = h.ttl_high;
	stats->tsopt = h.options & OPTION_TSOPT;
	stats->df = (h.options & OPTION_DF) != 0;
	stats->window_closed = h.flags & DIRECTION_WINDOW_CLOSED;
	c->seen[side] = (struct native_seen){h.end, h.flags & DIRECTION_KNOWN};
}

static void sides_publish(struct stream *s, struct native_conn *c)
{
	struct conn_side *beside = c->pub.side == s->spare ? NULL : c->pub.side;
	for (enum side side = CLIENT; side <= SERVER; side++)
		tcp_stats_publish(c, side, beside ? &beside[side] : NULL);
	pool_put(s->pool, beside, sizeof s->spare);
	c->pub.side = c->tcp_stats;
}

void native_end_complete(struct stream *s, struct native_conn *c, enum how how, int64_t ts)
{
	struct conn_end *end = &c->end;
	const uint8_t server = c->dir[SERVER].flags;
	bool both_fins = c->pub.flow[CLIENT].fin && c->pub.flow[SERVER].fin,
	     answered = server & DIRECTION_ACKED;
	end->over = end->by_rst ? HOW_RST : both_fins ? HOW_FIN : how;
	sides_publish(s, c);
	if (end->closer == CLOSER_NOBODY)
		end->how = how;
	conn_end_silence(&c->pub, end, ts);
	end->half_open = c->state.list == LIST_HALF_OPEN || !(server & DIRECTION_SYN_ACKED);
	end->unanswered = !answered &&
			  conn_unanswered(&c->pub, how == HOW_EVICTED ? c->pub.last : ts);
	s->stats.conns_open--;
}

void native_late_take(struct stream *s, struct native_conn *c, enum side side,
		      const struct packet *p)
{
	struct native_seen *seen = &c->seen[side];
	bool by_client = side == SERVER && c->end.by_rst && c->end.rst_by == CLIENT &&
			 !c->pub.flow[SERVER].fin;
	bool brings = p->payload_len > 0 && (p->flags & (TCP_ACK | TCP_RST | TCP_SYN)) == TCP_ACK;
	if (!s->listener->late || !by_client || !brings || !seen->known || p->seq != seen->end ||
	    p->payload_cap < p->payload_len)
		return;
	struct conn_flow *client = &c->pub.flow[CLIENT], *server = &c->pub.flow[SERVER];
	if (seq_diff(p->ack, c->seen[CLIENT].end) >= -(int32_t)client->fin)
		server->acked = client->bytes + client->gap;
	s->listener->late(s->arg, &c->pub, bytes_of(p->payload, p->payload_len), p->ts);
	server->bytes += p->payload_len;
	c->tcp_stats[SERVER].unacked += p->payload_len;
	seen->end += p->payload_len;
}

/*
 * Connections are released in the order of their close, a second later, each by itself, when all
 * that is kept of them has long left the cache. So each release fetches for those behind it: the
 * connection of the fourth, of the others a step each of what the listener needs.
 */
static void releases_prefetch(const struct stream *s)
{
	uint32_t index = s->lists[LIST_CLOSED].head;
	for (int step = 2; step >= 0 && index != FLOW_NONE; step--) {
		const struct native_conn *c = native_at(s, index);
		if (step == 2)
			flow_prefetch(&s->flows, native_hash(s, c));
		if (s->prefetch)
			s->prefetch(&(struct stream_expected){&c->pub, COMING_RELEASE}, 1, step);
		index = c->in_list.next;
	}
	if (index != FLOW_NONE)
		pool_prefetch(native_at(s, index), sizeof(struct native_conn));
}

void native_release(struct stream *s, struct native_conn *c)
{
	s->listener->release(s->arg, &c->pub);
	if (s->order.step >> STREAM_STEP_BITS != UINT64_MAX >> STREAM_STEP_BITS)
		time_wait_add(s, c, c->since + s->config.settle);
	else
		flow_remove(&s->flows, native_hash(s, c),
			    c->index); /* the capture is over: nobody asks any more */
	native_number_free(s, c);
	releases_prefetch(s);
}
