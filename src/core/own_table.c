/* own_table.c - the connections of the own engine: numbered memory, lists by state, ageing, eviction. */
#include "core/own.h"

#include <assert.h>

/* How many of the oldest are looked at to find the longest idle: lists are not reordered at each packet, which would cost two cache misses. */
enum { EVICT_LOOK = 64 };

/* A clock that falls back further than this was stepped: the new time is taken. */
#define STEP_BACK (60 * FRAME_SECOND)

static uint32_t chunk_count(const struct stream *s)
{
	return (s->config.max_conns + OWN_CHUNK - 1) / OWN_CHUNK;
}

bool own_table_init(struct stream *s)
{
	for (int i = 0; i < OWN_LISTS; i++)
		s->lists[i] = (struct own_queue){FLOW_NONE, FLOW_NONE, 0};
	s->now = s->due = INT64_MIN / 2; /* half: differences of times must not overflow */
	s->chunks = pool_get_large(s->pool, chunk_count(s) * sizeof *s->chunks);
	return s->chunks && flow_table_init(&s->flows, s->pool);
}

void own_table_free(struct stream *s)
{
	for (uint32_t i = 0; i < s->conns; i += OWN_CHUNK)
		pool_put(s->pool, s->chunks[i / OWN_CHUNK], OWN_CHUNK * sizeof(struct own_conn));
	if (s->chunks) {
		pool_put_large(s->pool, s->chunks, chunk_count(s) * sizeof *s->chunks);
		flow_table_free(&s->flows);
	}
}

bool own_matches(const struct own_conn *own, const struct packet *p)
{
	const struct conn *c = &own->pub;
	if (own->list == LIST_FREE)
		return false;
	if (c->port[CLIENT] == p->src_port && c->port[SERVER] == p->dst_port && ip_addr_equal(&c->addr[CLIENT], &p->src) &&
	    ip_addr_equal(&c->addr[SERVER], &p->dst))
		return true;
	return c->port[SERVER] == p->src_port && c->port[CLIENT] == p->dst_port && ip_addr_equal(&c->addr[SERVER], &p->src) &&
	       ip_addr_equal(&c->addr[CLIENT], &p->dst);
}

struct own_conn *own_find(const struct stream *s, uint32_t hash, const struct packet *p)
{
	uint32_t at = hash, index;
	while ((index = flow_find(&s->flows, hash, &at)) != FLOW_NONE) {
		struct own_conn *c = own_at(s, index);
		if (own_matches(c, p))
			return c;
	}
	return NULL;
}

/* Which of a connection's two links serves a list. */
static struct own_link *link_of(const struct stream *s, uint32_t index, enum own_list list)
{
	struct own_conn *c = own_at(s, index);
	return list == LIST_WAIT ? &c->in_wait : &c->in_list;
}

static void queue_append(struct stream *s, enum own_list list, uint32_t index)
{
	struct own_queue *q = &s->lists[list];
	*link_of(s, index, list) = (struct own_link){q->tail, FLOW_NONE};
	if (q->tail == FLOW_NONE)
		q->head = index;
	else
		link_of(s, q->tail, list)->next = index;
	q->tail = index;
	q->n++;
}

static void queue_remove(struct stream *s, enum own_list list, uint32_t index)
{
	struct own_queue *q = &s->lists[list];
	struct own_link *l = link_of(s, index, list);
	if (l->prev == FLOW_NONE)
		q->head = l->next;
	else
		link_of(s, l->prev, list)->next = l->next;
	if (l->next == FLOW_NONE)
		q->tail = l->prev;
	else
		link_of(s, l->next, list)->prev = l->prev;
	q->n--;
}

/* After how long in a list a connection is looked at. Open ones are not moved at each packet, so they are looked at more often than they can be idle. */
static int64_t list_limit(const struct stream *s, enum own_list list)
{
	const struct stream_config *c = &s->config;
	const int64_t limit[OWN_LISTS] = {[LIST_HALF_OPEN] = c->half_open, [LIST_OPEN] = c->idle / 4, [LIST_FIN_WAIT] = c->fin_wait,
					  [LIST_LINGER] = c->linger,       [LIST_CLOSED] = c->settle, [LIST_WAIT] = c->skew};
	return limit[list];
}

int64_t own_ends(const struct stream *s, const struct own_conn *c)
{
	if (c->list == LIST_OPEN)
		return c->pub.last + s->config.idle;
	return (c->list == LIST_HALF_OPEN ? c->pub.last : c->since) + list_limit(s, c->list);
}

static void due_by(struct stream *s, enum own_list list, int64_t since)
{
	int64_t due = since + list_limit(s, list);
	if (due < s->due)
		s->due = due;
}

void own_wait(struct stream *s, struct own_conn *c, bool wait)
{
	if (c->waiting == wait)
		return;
	c->waiting = wait;
	if (!wait) {
		queue_remove(s, LIST_WAIT, c->index);
		return;
	}
	c->wait_since = s->now;
	queue_append(s, LIST_WAIT, c->index);
	due_by(s, LIST_WAIT, s->now);
}

void own_move(struct stream *s, struct own_conn *c, enum own_list list)
{
	if (c->list != LIST_FREE)
		queue_remove(s, c->list, c->index);
	if (list == LIST_FREE) {
		own_wait(s, c, false);
		flow_remove(&s->flows, c->hash, c->index);
	}
	c->list = (uint8_t)list;
	c->since = s->now;
	queue_append(s, list, c->index);
	if (list != LIST_FREE)
		due_by(s, list, s->now);
}

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
	static const enum own_list order[] = {LIST_LINGER, LIST_CLOSED, LIST_HALF_OPEN, LIST_FIN_WAIT, LIST_OPEN};
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
		if (c->list == LIST_CLOSED)
			own_release(s, c);
		own_move(s, c, LIST_FREE);
		return;
	}
}

/* A number for a new connection: a freed one, else a fresh one. */
static uint32_t number_take(struct stream *s)
{
	uint32_t index = s->lists[LIST_FREE].head;
	if (index != FLOW_NONE) {
		queue_remove(s, LIST_FREE, index);
		return index;
	}
	if (s->conns == s->config.max_conns)
		return FLOW_NONE;
	if (s->conns % OWN_CHUNK == 0) {
		struct own_conn *chunk = pool_get(s->pool, OWN_CHUNK * sizeof *chunk);
		if (!chunk)
			return FLOW_NONE;
		s->chunks[s->conns / OWN_CHUNK] = chunk;
	}
	return s->conns++;
}

static void conn_init(struct own_conn *c, const struct packet *p, bool from_client)
{
	enum side from = from_client ? CLIENT : SERVER, to = side_other(from);
	memset(c, 0, sizeof *c);
	c->pub.addr[from] = p->src;
	c->pub.addr[to] = p->dst;
	c->pub.port[from] = p->src_port;
	c->pub.port[to] = p->dst_port;
	c->pub.vlans = p->vlans;
	memcpy(c->pub.vlan, p->vlan, sizeof c->pub.vlan);
	c->pub.start = c->pub.last = p->ts;
}

struct own_conn *own_add(struct stream *s, uint32_t hash, const struct packet *p, bool from_client)
{
	uint32_t index = number_take(s);
	if (index == FLOW_NONE) {
		evict(s);
		index = number_take(s);
	}
	if (index == FLOW_NONE || !flow_add(&s->flows, hash, index)) {
		s->stats.no_memory++;
		if (index != FLOW_NONE) {
			own_at(s, index)->list = LIST_FREE;
			queue_append(s, LIST_FREE, index);
		}
		return NULL;
	}
	struct own_conn *c = own_at(s, index);
	conn_init(c, p, from_client);
	c->hash = hash;
	c->index = index;
	own_move(s, c, LIST_HALF_OPEN);
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
	if (c->list == LIST_LINGER)
		own_move(s, c, LIST_FREE);
	else if (c->list == LIST_CLOSED)
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
	if (*since + list_limit(s, list) > s->now) {
		due_by(s, list, *since);
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

void own_age(struct stream *s, int64_t now)
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
}
