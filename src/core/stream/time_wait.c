/* time_wait.c - the tuples of connections that are over, for half a minute each: a sixth of the
 * memory that a connection takes. */
#include "core/stream/native_state.h"

enum { CAPACITY_FIRST = 256 };

bool time_wait_init(struct stream *s)
{
	s->time_wait.ring = pool_get_large(s->pool, CAPACITY_FIRST * sizeof *s->time_wait.ring);
	s->time_wait.capacity = CAPACITY_FIRST;
	return s->time_wait.ring != NULL;
}

void time_wait_free(struct stream *s)
{
	pool_put_large(s->pool, s->time_wait.ring,
		       s->time_wait.capacity * sizeof *s->time_wait.ring);
}

static struct time_wait *past_at(const struct time_wait_ring *all, uint32_t nth)
{
	return &all->ring[(all->head + nth) & (all->capacity - 1)];
}

static bool time_wait_unused(const struct time_wait *past)
{
	return past->port[CLIENT] == 0 && past->port[SERVER] == 0;
}

static uint32_t place_of(const struct time_wait_ring *all, const struct time_wait *past)
{
	return FLOW_TIME_WAIT | (uint32_t)(past - all->ring);
}

void time_wait_drop(struct stream *s, struct time_wait *past)
{
	flow_remove(&s->flows, past->hash, place_of(&s->time_wait, past));
	past->port[CLIENT] = past->port[SERVER] = 0;
}

static void oldest_forget(struct stream *s)
{
	struct time_wait *oldest = past_at(&s->time_wait, 0);
	if (!time_wait_unused(oldest))
		time_wait_drop(s, oldest);
	s->time_wait.head = (s->time_wait.head + 1) & (s->time_wait.capacity - 1);
	s->time_wait.count--;
}

static bool ring_grow(struct stream *s)
{
	struct time_wait_ring *all = &s->time_wait, bigger = {.capacity = 2 * all->capacity};
	if (all->capacity >= s->config.max_conns)
		return false;
	bigger.ring = pool_get_large(s->pool, bigger.capacity * sizeof *bigger.ring);
	if (!bigger.ring)
		return false;
	for (uint32_t i = 0; i < all->count; i++) {
		struct time_wait *past = past_at(all, i);
		if (time_wait_unused(past))
			continue;
		flow_change(&s->flows, past->hash, place_of(all, past),
			    FLOW_TIME_WAIT | bigger.count);
		bigger.ring[bigger.count++] = *past;
	}
	pool_put_large(s->pool, all->ring, all->capacity * sizeof *all->ring);
	*all = bigger;
	return true;
}

void time_wait_add(struct stream *s, const struct native_conn *c, int64_t since)
{
	struct time_wait_ring *all = &s->time_wait;
	if (all->count == all->capacity && !ring_grow(s))
		oldest_forget(s);
	struct time_wait *past = past_at(all, all->count);
	memcpy(past->addr, c->pub.addr, sizeof past->addr);
	memcpy(past->port, c->pub.port, sizeof past->port);
	past->start[CLIENT] = c->start[CLIENT];
	past->start[SERVER] = c->start[SERVER];
	past->hash = native_hash(s, c);
	past->since = since;
	flow_change(&s->flows, past->hash, c->index, place_of(all, past));
	if (all->count++ == 0 && since + s->config.linger < s->due)
		s->due = since + s->config.linger;
}

/* -1: the segment is not of this tuple. */
static int past_side(const struct time_wait *past, const struct packet *p)
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

struct time_wait *time_wait_find(struct stream *s, uint32_t hash, const struct packet *p,
				 enum side *side)
{
	uint32_t at = hash, place;
	while ((place = flow_find(&s->flows, hash, &at)) != FLOW_NONE) {
		if (!(place & FLOW_TIME_WAIT))
			continue;
		struct time_wait *past = &s->time_wait.ring[place & ~FLOW_TIME_WAIT];
		int of = past_side(past, p);
		if (of < 0)
			continue;
		*side = (enum side)of;
		if (past->since + s->config.linger > native_clock_at(s, p->ts))
			return past;
		time_wait_drop(s, past);
		return NULL;
	}
	return NULL;
}

void time_wait_age(struct stream *s)
{
	while (s->time_wait.count > 0) {
		struct time_wait *oldest = past_at(&s->time_wait, 0);
		int64_t over = oldest->since + s->config.linger;
		if (over > s->clock && !time_wait_unused(oldest)) {
			s->due = over < s->due ? over : s->due;
			return;
		}
		oldest_forget(s);
	}
}
