/* own_life.c - how long a connection of the own engine lives: ageing by capture time, eviction where there is no room. */
#include "core/own.h"

#include <stdlib.h>

/* How many of the oldest are looked at to find the longest idle: lists are not reordered at each packet, which would cost two cache misses. */
enum { EVICT_LOOK = 64 };

/* A clock that falls back further than this was stepped: the new time is taken. */
#define STEP_BACK (60 * FRAME_SECOND)

/* The longest idle of the oldest in a list; the busy ones among them go to the end, so that the next look finds others. */
static struct own_conn *longest_idle(struct stream *s, enum own_list list)
{
	struct own_conn *idle = NULL;
	uint32_t index = s->lists[list].head;
	for (int i = 0; i < EVICT_LOOK && index != FLOW_NONE; i++) {
		struct own_conn *c = own_at(s, index);
		index = c->in_list.next;
		if (!idle || c->pub.last < idle->pub.last)
			idle = c;
		if (c->pub.last > c->since)
			own_move(s, c, list);
	}
	return idle;
}

static void evict(struct stream *s)
{
	static const enum own_list order[] = {LIST_CLOSED, LIST_HALF_OPEN, LIST_FIN_WAIT, LIST_OPEN};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct own_conn *c = longest_idle(s, order[i]);
		if (!c)
			continue;
		if (order[i] == LIST_HALF_OPEN)
			s->stats.evicted_half_open++;
		else if (!own_closed(c))
			s->stats.evicted_idle++;
		if (!own_closed(c))
			own_close(s, c, HOW_EVICTED, s->now);
		own_release(s, c);
		return;
	}
}

struct own_conn *own_add(struct stream *s, uint32_t hash, const struct packet *p, bool from_client)
{
	uint32_t index = own_number_take(s);
	if (index == FLOW_NONE) {
		evict(s);
		index = own_number_take(s);
	}
	struct own_conn *c = index == FLOW_NONE ? NULL : own_enter(s, index, hash, p, from_client);
	if (!c) {
		s->stats.no_memory++;
		return NULL;
	}
	s->stats.conns++;
	if (++s->stats.conns_open > s->stats.conns_peak)
		s->stats.conns_peak = s->stats.conns_open;
	return c;
}

/* The end is dated when it was due, not when it was noticed: no other traffic may change a record. */
void own_aged(struct stream *s, struct own_conn *c)
{
	int64_t ts = own_ends(s, c);
	if (c->list == LIST_HALF_OPEN)
		s->stats.aged_half_open++;
	else if (c->list == LIST_OPEN)
		s->stats.aged_idle++;
	if (c->list == LIST_CLOSED)
		own_release(s, c);
	else
		own_close(s, c, HOW_IDLE, ts);
}

/* Looks at the head of a list; false if it is not due. */
static bool list_age(struct stream *s, enum own_list list)
{
	uint32_t index = s->lists[list].head;
	if (index == FLOW_NONE)
		return false;
	struct own_conn *c = own_at(s, index);
	int64_t *since = list == LIST_WAIT ? &c->wait_since : &c->since;
	if (*since > s->now)
		*since = s->now; /* the clock was stepped back */
	if (*since + own_list_limit(s, list) > s->now) {
		own_due_by(s, list, *since);
		return false;
	}
	if (list == LIST_WAIT)
		own_order_expire(s, c, s->now);
	else if (own_ends(s, c) > s->now)
		own_move(s, c, list);
	else
		own_aged(s, c);
	return true;
}

void own_age_now(struct stream *s, int64_t now)
{
	bool stepped = now < s->now - STEP_BACK;
	if (now > s->now || stepped)
		s->now = now;
	if (s->now < s->due && !stepped)
		return;
	s->due = INT64_MAX;
	for (enum own_list list = LIST_WAIT; list < OWN_LISTS; list++)
		while (list_age(s, list))
			;
	own_pasts_age(s);
}

static int by_start(const void *a, const void *b)
{
	const struct own_conn *x = *(struct own_conn *const *)a, *y = *(struct own_conn *const *)b;
	if (x->pub.start != y->pub.start)
		return x->pub.start < y->pub.start ? -1 : 1;
	int order = memcmp(x->pub.addr, y->pub.addr, sizeof x->pub.addr);
	return order ? order : memcmp(x->pub.port, y->pub.port, sizeof x->pub.port);
}

static void release_all(struct stream *s)
{
	while (s->lists[LIST_CLOSED].head != FLOW_NONE)
		own_release(s, own_at(s, s->lists[LIST_CLOSED].head));
}

/* The connections that stand in a list, or in any that are open (LIST_FREE), in the order of their start. */
static size_t collect(const struct stream *s, enum own_list list, struct own_conn **out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < s->conns; i++) {
		struct own_conn *c = own_at(s, i);
		bool open = c->list != LIST_FREE && !own_closed(c);
		if (list == LIST_FREE ? open : c->list == list)
			out[n++] = c;
	}
	if (n > 1)
		qsort(out, n, sizeof *out, by_start);
	return n;
}

/* First those whose server has closed, as they have ended before the capture does; each of the others is let go at once, so that their number costs nothing. */
void own_end_all(struct stream *s)
{
	size_t room = s->conns * sizeof(struct own_conn *);
	struct own_conn **some = room ? pool_get_large(s->pool, room) : NULL;
	size_t n = some ? collect(s, LIST_FIN_WAIT, some) : 0;
	for (size_t i = 0; i < n; i++)
		own_close(s, some[i], HOW_CAPTURE_END, s->now);
	release_all(s);
	n = some ? collect(s, LIST_FREE, some) : 0;
	for (size_t i = 0; i < n; i++) {
		own_close(s, some[i], HOW_CAPTURE_END, s->now);
		release_all(s);
	}
	pool_put_large(s->pool, some, room);
	for (uint32_t i = 0; !some && i < s->conns; i++)
		if (own_at(s, i)->list != LIST_FREE && !own_closed(own_at(s, i)))
			own_close(s, own_at(s, i), HOW_CAPTURE_END, s->now);
	release_all(s);
}
