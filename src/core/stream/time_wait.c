/* time_wait.c - the tuples of connections that are over, for half a minute each: a sixth of the
 * memory that a connection takes. */
#include "core/stream/native_state.h"

enum { ROOM_FIRST = 256 };

bool own_pasts_init(struct stream *s)
{
	s->pasts.ring = pool_get_large(s->pool, ROOM_FIRST * sizeof *s->pasts.ring);
	s->pasts.room = ROOM_FIRST;
	return s->pasts.ring != NULL;
}

void own_pasts_free(struct stream *s)
{
	pool_put_large(s->pool, s->pasts.ring, s->pasts.room * sizeof *s->pasts.ring);
}

static struct own_past *past_at(const struct own_pasts *all, uint32_t nth)
{
	return &all->ring[(all->head + nth) & (all->room - 1)];
}

static bool past_dropped(const struct own_past *past)
{
	return past->port[CLIENT] == 0 && past->port[SERVER] == 0;
}

static uint32_t place_of(const struct own_pasts *all, const struct own_past *past)
{
	return OWN_PAST | (uint32_t)(past - all->ring);
}

void own_past_drop(struct stream *s, struct own_past *past)
{
	flow_remove(&s->flows, past->hash, place_of(&s->pasts, past));
	past->port[CLIENT] = past->port[SERVER] = 0;
}

static void oldest_forget(struct stream *s)
{
	struct own_past *oldest = past_at(&s->pasts, 0);
	if (!past_dropped(oldest))
		own_past_drop(s, oldest);
	s->pasts.head = (s->pasts.head + 1) & (s->pasts.room - 1);
	s->pasts.count--;
}

static bool ring_grow(struct stream *s)
{
	struct own_pasts *all = &s->pasts, bigger = {.room = 2 * all->room};
	if (all->room >= s->config.max_conns)
		return false;
	bigger.ring = pool_get_large(s->pool, bigger.room * sizeof *bigger.ring);
	if (!bigger.ring)
		return false;
	for (uint32_t i = 0; i < all->count; i++) {
		struct own_past *past = past_at(all, i);
		if (past_dropped(past))
			continue;
		flow_change(&s->flows, past->hash, place_of(all, past), OWN_PAST | bigger.count);
		bigger.ring[bigger.count++] = *past;
	}
	pool_put_large(s->pool, all->ring, all->room * sizeof *all->ring);
	*all = bigger;
	return true;
}

void own_past_add(struct stream *s, const struct own_conn *c, int64_t since)
{
	struct own_pasts *all = &s->pasts;
	if (all->count == all->room && !ring_grow(s))
		oldest_forget(s);
	struct own_past *past = past_at(all, all->count);
	memcpy(past->addr, c->pub.addr, sizeof past->addr);
	memcpy(past->port, c->pub.port, sizeof past->port);
	past->start[CLIENT] = c->start[CLIENT];
	past->start[SERVER] = c->start[SERVER];
	past->hash = own_hash(s, c);
	past->since = since;
	flow_change(&s->flows, past->hash, c->index, place_of(all, past));
	if (all->count++ == 0 && since + s->config.linger < s->due)
		s->due = since + s->config.linger;
}

/* -1: the segment is not of this tuple. */
static int past_side(const struct own_past *past, const struct packet *p)
{
	for (enum side side = CLIENT; side <= SERVER; side++) {
		enum side other = side_other(side);
		if (past->port[side] == p->src_port && past->port[other] == p->dst_port &&
		    ip_addr_equal(&past->addr[side], &p->src) &&
		    ip_addr_equal(&past->addr[other], &p->dst))
			return (int)side;
	}
	return -1;
}

struct own_past *own_past_find(struct stream *s, uint32_t hash, const struct packet *p,
			       enum side *side)
{
	uint32_t at = hash, place;
	while ((place = flow_find(&s->flows, hash, &at)) != FLOW_NONE) {
		if (!(place & OWN_PAST))
			continue;
		struct own_past *past = &s->pasts.ring[place & ~OWN_PAST];
		int of = past_side(past, p);
		if (of < 0)
			continue;
		*side = (enum side)of;
		if (past->since + s->config.linger > own_clock_at(s, p->ts))
			return past;
		own_past_drop(s, past);
		return NULL;
	}
	return NULL;
}

void own_pasts_age(struct stream *s)
{
	while (s->pasts.count > 0) {
		struct own_past *oldest = past_at(&s->pasts, 0);
		int64_t over = oldest->since + s->config.linger;
		if (over > s->clock && !past_dropped(oldest)) {
			s->due = over < s->due ? over : s->due;
			return;
		}
		oldest_forget(s);
	}
}
