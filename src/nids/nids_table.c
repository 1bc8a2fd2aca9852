/* nids_table.c - the connections of the libnids engine. They are found by their real tuple; libnids
 * knows each by a number. */
#include "nids/nids_conn.h"
#include "nids/nids_feed.h"

#include <assert.h>

static uint32_t slot_count(const struct stream *s)
{
	return s->config.max_conns < NIDS_FEED_MAX ? s->config.max_conns : NIDS_FEED_MAX;
}

bool nids_table_init(struct stream *s)
{
	s->first_free = FLOW_NONE;
	s->slots = pool_get_large(s->pool, slot_count(s) * sizeof *s->slots);
	if (s->slots && flow_table_init(&s->flows, s->pool))
		return true;
	pool_put_large(s->pool, s->slots, slot_count(s) * sizeof *s->slots);
	return false;
}

void nids_table_free(struct stream *s)
{
	for (enum nids_list list = NIDS_HALF_OPEN; list <= NIDS_LINGER; list++)
		while (s->lists[list].head)
			nids_table_remove(s, s->lists[list].head);
	flow_table_free(&s->flows);
	pool_put_large(s->pool, s->slots, slot_count(s) * sizeof *s->slots);
}

static bool end_is(const struct conn *c, enum side side, const struct ip_addr *addr, uint16_t port)
{
	return c->port[side] == port && ip_addr_equal(&c->addr[side], addr);
}

static bool tuple_matches(const struct conn *c, const struct packet *p)
{
	return (end_is(c, CLIENT, &p->src, p->src_port) &&
		end_is(c, SERVER, &p->dst, p->dst_port)) ||
	       (end_is(c, SERVER, &p->src, p->src_port) && end_is(c, CLIENT, &p->dst, p->dst_port));
}

struct nids_conn *nids_table_find(const struct stream *s, uint32_t hash, const struct packet *p)
{
	uint32_t at = hash, number;
	while ((number = flow_find(&s->flows, hash, &at)) != FLOW_NONE)
		if (tuple_matches(&s->slots[number].conn->pub, p))
			return s->slots[number].conn;
	return NULL;
}

/*
 * Returns the link for a list. A connection is in one state list, and may be in NIDS_START and
 * NIDS_WAIT too.
 */
static struct nids_link *link_of(struct nids_conn *c, enum nids_list list)
{
	return list == NIDS_WAIT ? &c->in_wait : list == NIDS_START ? &c->in_start : &c->in_state;
}

static void queue_append(struct stream *s, enum nids_list list, struct nids_conn *c)
{
	struct nids_queue *q = &s->lists[list];
	*link_of(c, list) = (struct nids_link){q->tail, NULL};
	if (q->tail)
		link_of(q->tail, list)->next = c;
	else
		q->head = c;
	q->tail = c;
}

static void queue_remove(struct stream *s, enum nids_list list, struct nids_conn *c)
{
	struct nids_queue *q = &s->lists[list];
	struct nids_link *l = link_of(c, list);
	if (l->prev)
		link_of(l->prev, list)->next = l->next;
	else
		q->head = l->next;
	if (l->next)
		link_of(l->next, list)->prev = l->prev;
	else
		q->tail = l->prev;
}

bool nids_table_full(const struct stream *s)
{
	return s->first_free == FLOW_NONE && s->slots_used == slot_count(s);
}

/* libnids uses the number as the connection's address: each number is in use once. */
static uint32_t number_take(struct stream *s)
{
	uint32_t number = s->first_free;
	if (number != FLOW_NONE)
		s->first_free = (uint32_t)s->slots[number].next_free;
	else if (s->slots_used < slot_count(s))
		number = s->slots_used++;
	return number;
}

static void number_give(struct stream *s, uint32_t number)
{
	s->slots[number].next_free = s->first_free;
	s->first_free = number;
}

/* The client is the side that sent the SYN, as in libnids. */
static void conn_init(struct nids_conn *c, const struct packet *syn)
{
	memset(c, 0, sizeof *c);
	c->pub.addr[CLIENT] = syn->src;
	c->pub.addr[SERVER] = syn->dst;
	c->pub.port[CLIENT] = syn->src_port;
	c->pub.port[SERVER] = syn->dst_port;
	c->pub.vlans = syn->vlans;
	memcpy(c->pub.vlan, syn->vlan, sizeof c->pub.vlan);
	c->pub.start = c->pub.last = syn->ts;
	c->pub.first = syn->number;
	for (int side = CLIENT; side <= SERVER; side++)
		c->side[side].waiting_last = &c->side[side].waiting;
	c->pub.side = c->tcp_stats;
	c->side[CLIENT].known = true;
	c->side[CLIENT].base = syn->seq + 1;
}

struct nids_conn *nids_table_add(struct stream *s, uint32_t hash, const struct packet *syn)
{
	uint32_t number = number_take(s);
	if (number == FLOW_NONE)
		return NULL;
	struct nids_conn *c = pool_get(s->pool, sizeof *c);
	if (!c || !flow_add(&s->flows, hash, number)) {
		s->stats.no_memory++;
		pool_put(s->pool, c, sizeof *c);
		number_give(s, number);
		return NULL;
	}
	conn_init(c, syn);
	c->hash = hash;
	c->number = number;
	c->state = NIDS_HALF_OPEN;
	c->since = syn->ts;
	s->slots[number].conn = c;
	queue_append(s, NIDS_HALF_OPEN, c);
	queue_append(s, NIDS_START, c);
	s->stats.conns++;
	if (++s->stats.conns_open > s->stats.conns_peak)
		s->stats.conns_peak = s->stats.conns_open;
	return c;
}

void nids_table_forget(struct stream *s, struct nids_conn *c, enum side side)
{
	struct nids_side *dir = &c->side[side];
	for (struct nids_mark *m; (m = dir->marks);) {
		dir->marks = m->next;
		pool_put(s->pool, m, sizeof *m);
	}
	dir->mark_count = 0;
}

/* Frees what still waits. Needed only if the engine is freed without finish: conn_close delivers
 * everything. */
static void waiting_drop_all(struct stream *s, struct nids_conn *c, enum side side)
{
	struct nids_side *dir = &c->side[side];
	nids_table_forget(s, c, side);
	for (struct nids_waiting *w; (w = dir->waiting);) {
		dir->waiting = w->next;
		s->stats.held_bytes -= sizeof *w + w->n;
		pool_put(s->pool, w, sizeof *w + w->n);
	}
}

void nids_table_remove(struct stream *s, struct nids_conn *c)
{
	waiting_drop_all(s, c, CLIENT);
	waiting_drop_all(s, c, SERVER);
	nids_table_wait(s, c, false);
	queue_remove(s, c->state, c);
	/* libnids must not see the number again while it has a stream for it. */
	if (c->state != NIDS_LINGER) {
		nids_feed_forget(c->number);
		queue_remove(s, NIDS_START, c);
		s->stats.conns_open--;
	}
	flow_remove(&s->flows, c->hash, c->number);
	number_give(s, c->number);
	pool_put(s->pool, c, sizeof *c);
}

void nids_table_move(struct stream *s, struct nids_conn *c, enum nids_list list, int64_t since)
{
	assert(list <= NIDS_LINGER && c->state != NIDS_LINGER);
	queue_remove(s, c->state, c);
	queue_append(s, list, c);
	c->state = list;
	c->since = since;
	if (list == NIDS_LINGER) {
		queue_remove(s, NIDS_START, c);
		s->stats.conns_open--;
	}
}

void nids_table_wait(struct stream *s, struct nids_conn *c, bool wait)
{
	if (c->waits == wait)
		return;
	c->waits = wait;
	if (wait)
		queue_append(s, NIDS_WAIT, c);
	else
		queue_remove(s, NIDS_WAIT, c);
}

int64_t nids_table_limit(const struct stream *s, enum nids_list list)
{
	const struct stream_config *c = &s->config;
	/* NIDS_START has no limit. */
	const int64_t limit[NIDS_LISTS] = {[NIDS_HALF_OPEN] = c->half_open,
					   [NIDS_OPEN] = c->idle,
					   [NIDS_FIN_WAIT] = c->fin_wait,
					   [NIDS_LINGER] = c->linger,
					   [NIDS_WAIT] = c->skew};
	return limit[list];
}
