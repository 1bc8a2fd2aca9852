/* table.c - the connections of the native engine: numbered memory, the flow table over it, lists
 * by state. */
#include "core/stream/native_state.h"

#include <assert.h>

static uint32_t chunk_count(const struct stream *s)
{
	return (s->config.max_conns + NATIVE_CHUNK - 1) / NATIVE_CHUNK;
}

/* Open connections are not moved at each packet, so they are looked at more often than they can be
 * idle. */
static void limits_init(struct stream *s)
{
	const struct stream_config *c = &s->config;
	s->limits[LIST_WAIT] = c->skew;
	s->limits[LIST_HALF_OPEN] = c->half_open;
	s->limits[LIST_OPEN] = c->idle / 4;
	s->limits[LIST_FIN_WAIT] = c->fin_wait;
	s->limits[LIST_CLOSED] = c->settle;
}

bool native_table_init(struct stream *s)
{
	limits_init(s);
	for (int i = 0; i < NATIVE_LISTS; i++)
		s->lists[i] = (struct native_queue){FLOW_NONE, FLOW_NONE, 0};
	s->now = INT64_MIN / 2; /* half: differences of times must not overflow */
	s->chunks = pool_get_large(s->pool, chunk_count(s) * sizeof *s->chunks);
	return s->chunks && flow_table_init(&s->flows, s->pool) && time_wait_init(s);
}

void native_table_free(struct stream *s)
{
	for (uint32_t i = 0; i < s->conns; i += NATIVE_CHUNK)
		pool_put(s->pool, s->chunks[i / NATIVE_CHUNK],
			 NATIVE_CHUNK * sizeof(struct native_conn));
	if (s->chunks) {
		pool_put_large(s->pool, s->chunks, chunk_count(s) * sizeof *s->chunks);
		flow_table_free(&s->flows);
	}
	time_wait_free(s);
}

struct native_conn *native_find(const struct stream *s, uint32_t hash, const struct packet *p,
				enum side *side)
{
	uint32_t at = hash, index;
	while ((index = flow_find(&s->flows, hash, &at)) != FLOW_NONE) {
		int of = index & FLOW_TIME_WAIT ? -1 : native_side(native_at(s, index), p);
		if (of < 0)
			continue;
		*side = (enum side)of;
		return native_at(s, index);
	}
	return NULL;
}

/* Which of a connection's two links serves a list. */
static struct native_link *link_of(const struct stream *s, uint32_t index, enum native_list list)
{
	struct native_conn *c = native_at(s, index);
	return list == LIST_WAIT ? &c->in_wait : &c->in_list;
}

static void queue_append(struct stream *s, enum native_list list, uint32_t index)
{
	struct native_queue *q = &s->lists[list];
	*link_of(s, index, list) = (struct native_link){q->tail, FLOW_NONE};
	if (q->tail == FLOW_NONE)
		q->head = index;
	else
		link_of(s, q->tail, list)->next = index;
	q->tail = index;
	q->n++;
}

static void queue_remove(struct stream *s, enum native_list list, uint32_t index)
{
	struct native_queue *q = &s->lists[list];
	struct native_link *l = link_of(s, index, list);
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

void native_wait(struct stream *s, struct native_conn *c, bool wait)
{
	if (c->state.waiting == wait)
		return;
	c->state.waiting = wait;
	if (!wait) {
		queue_remove(s, LIST_WAIT, c->index);
		return;
	}
	c->wait_since = s->clock;
	queue_append(s, LIST_WAIT, c->index);
	native_due_by(s, LIST_WAIT, s->clock);
}

void native_move(struct stream *s, struct native_conn *c, enum native_list list)
{
	queue_remove(s, c->state.list, c->index);
	c->state.list = (uint8_t)list;
	c->since = s->clock;
	queue_append(s, list, c->index);
	native_due_by(s, list, s->clock);
}

/* The number that was freed last is the next one to be taken: its memory is in the cache. */
static void number_give(struct stream *s, struct native_conn *c)
{
	struct native_queue *q = &s->lists[LIST_FREE];
	c->state.list = LIST_FREE;
	c->in_list = (struct native_link){FLOW_NONE, q->head};
	if (q->head != FLOW_NONE)
		native_at(s, q->head)->in_list.prev = c->index;
	else
		q->tail = c->index;
	q->head = c->index;
	q->n++;
}

void native_number_free(struct stream *s, struct native_conn *c)
{
	native_wait(s, c, false);
	queue_remove(s, c->state.list, c->index);
	number_give(s, c);
}

struct conn_side *native_tcp_stats(struct stream *s, struct native_conn *c)
{
	if (c->pub.side)
		return c->pub.side;
	c->pub.side = pool_get(s->pool, sizeof s->spare);
	if (!c->pub.side) {
		s->stats.no_memory++;
		c->pub.side = s->spare; /* shared by all for which there is none */
	}
	memset(c->pub.side, 0, sizeof s->spare);
	return c->pub.side;
}

/* A number for a new connection: a freed one, else a fresh one. */
uint32_t native_number_take(struct stream *s)
{
	uint32_t index = s->lists[LIST_FREE].head;
	if (index != FLOW_NONE) {
		queue_remove(s, LIST_FREE, index);
		return index;
	}
	if (s->conns == s->config.max_conns)
		return FLOW_NONE;
	if (s->conns % NATIVE_CHUNK == 0) {
		struct native_conn *chunk = pool_get(s->pool, NATIVE_CHUNK * sizeof *chunk);
		if (!chunk)
			return FLOW_NONE;
		s->chunks[s->conns / NATIVE_CHUNK] = chunk;
	}
	uint32_t fresh = s->conns++;
	if (s->conns % NATIVE_CHUNK != 0)
		pool_prefetch(native_at(s, s->conns), sizeof(struct native_conn));
	return fresh;
}

static void conn_init(struct native_conn *c, const struct packet *p, bool from_client)
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
	c->pub.first = p->number;
}

struct native_conn *native_insert(struct stream *s, uint32_t index, uint32_t hash,
				  const struct packet *p, bool from_client)
{
	struct native_conn *c = native_at(s, index);
	c->index = index;
	if (!flow_add(&s->flows, hash, index)) {
		number_give(s, c);
		return NULL;
	}
	conn_init(c, p, from_client);
	c->index = index;
	c->state.list = LIST_HALF_OPEN;
	c->since = s->clock;
	queue_append(s, LIST_HALF_OPEN, index);
	native_due_by(s, LIST_HALF_OPEN, s->clock);
	return c;
}

uint32_t native_open(const struct stream *s, uint32_t from, uint32_t n, const struct conn **out)
{
	for (uint32_t i = 0; i < n; i++) {
		bool used = from < s->conns && i < s->conns - from;
		const struct native_conn *c = used ? native_at(s, from + i) : NULL;
		out[i] = c && c->state.list != LIST_FREE && !native_is_closed(c) ? &c->pub : NULL;
	}
	return s->conns;
}
