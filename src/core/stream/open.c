/* open.c - which connection a segment goes to: one that is there, a new one, or none. */
#include "core/stream/open.h"
#include "core/stream/reset.h"

static bool is_monitored(const struct stream *s, uint16_t port)
{
	return !s->config.ports || port_set_has(s->config.ports, port);
}

/* Whether the client sent this segment: a SYN tells, whichever end has the monitored port, which
 * may be a client's by chance. -1: neither end has one. */
static int client_end(const struct stream *s, const struct packet *p)
{
	bool src = is_monitored(s, p->src_port), dst = is_monitored(s, p->dst_port);
	if (!src && !dst)
		return -1;
	if (p->flags & TCP_SYN)
		return !(p->flags & TCP_ACK);
	return src && dst ? p->dst_port <= p->src_port : dst;
}

/* A connection begins with a SYN, or, where that was not captured, with bytes. Lone
 * acknowledgements, FINs and RSTs of connections that died before begin none. */
static struct native_conn *conn_begin(struct stream *s, uint32_t hash, const struct packet *p)
{
	bool syn = p->flags & TCP_SYN;
	int from_client = client_end(s, p);
	if (from_client < 0 || (p->flags & TCP_RST) || (!syn && p->payload_len == 0)) {
		s->stats.stray++;
		return NULL;
	}
	struct native_conn *c = native_add(s, hash, p, from_client);
	if (!c)
		return NULL;
	s->stats.midstream += !syn;
	s->listener->open(s->arg, &c->pub);
	return c;
}

/* A new connection on the tuple of one that is over, or that it shows to be. */
static struct native_conn *conn_again(struct stream *s, struct native_conn *old, uint32_t hash,
				      const struct packet *p)
{
	if (!native_is_closed(old))
		native_close(s, old, HOW_IDLE, p->ts);
	native_release(s, old);
	enum side side;
	struct time_wait *past = time_wait_find(s, hash, p, &side);
	if (past)
		time_wait_drop(s, past);
	struct native_conn *c = conn_begin(s, hash, p);
	if (c)
		c->pub.reused = true;
	return c;
}

/* A SYN of another number on a closed tuple begins a new connection; everything else there is a
 * straggler. */
static bool begins_anew(const struct packet *p, uint32_t start)
{
	return (p->flags & TCP_SYN) && !(p->flags & TCP_RST) && p->seq + 1 != start;
}

/*
 * A SYN of another number on a live tuple: a new connection of which the old one's end was not
 * captured, or a forgery. On a half-open tuple it is believed at once, else only when the other
 * side's SYN acknowledges it.
 */
static bool live_over(struct native_conn *c, enum side side, const struct packet *p)
{
	const struct direction *h = &c->dir[side];
	if (!(p->flags & TCP_SYN) || !(h->flags & DIRECTION_KNOWN) || p->seq + 1 == c->start[side])
		return false;
	if (p->flags & TCP_ACK)
		return c->has_new_syn && p->ack == c->new_syn + 1;
	if (c->state.list == LIST_HALF_OPEN && c->dir[side_other(side)].packets == 0)
		return true;
	c->has_new_syn = true;
	c->new_syn = p->seq;
	return false;
}

/* A segment of no connection that is under way or just closed: it may belong to one that has been
 * over for longer. */
static struct native_conn *conn_new(struct stream *s, uint32_t hash, const struct packet *p,
				    enum side *side)
{
	struct time_wait *past = s->time_wait.count > 0 ? time_wait_find(s, hash, p, side) : NULL;
	if (past && !begins_anew(p, past->start[*side])) {
		s->stats.stray++;
		return NULL;
	}
	if (past)
		time_wait_drop(s, past);
	struct native_conn *c = conn_begin(s, hash, p);
	if (c)
		c->pub.reused = past != NULL;
	return c;
}

struct native_conn *native_conn_for(struct stream *s, struct native_conn *c, uint32_t hash,
				    enum side side, const struct packet *p)
{
	while (c && native_deadline(s, c) <= native_clock_at(s, p->ts)) {
		native_expire(s, c);
		c = c->state.list == LIST_FREE ? NULL : c;
	}
	if (!c)
		return conn_new(s, hash, p, &side);
	if (native_is_closed(c) && !begins_anew(p, c->start[side])) {
		native_straggler_take(s, c, side, p);
		return NULL;
	}
	return native_is_closed(c) || live_over(c, side, p) ? conn_again(s, c, hash, p) : c;
}
