/* ladder_pass.c - a decoder takes all frames. Segments of the noted tuples go to a monitor, whose
 * events fill the ladders. */
#include "replay/ladder_pass.h"

#include "core/decoder.h"
#include "core/packet/flow_table.h"
#include "core/session/trace.h"

#include <stdlib.h>

enum { MEMORY = 1 << 20, MONITOR_MEMORY = 256 << 20 };

struct traced {
	const struct stored_session *session;
	struct ladder *ladder;
	struct ip_addr addr[2];
	uint16_t port[2];
	uint64_t first; /* number of its first frame */
	bool closed;
};

struct ladders {
	struct monitor_config config;
	struct pool *pool;
	struct flow_table tuples;
	struct traced all[LADDERS_MAX];
	size_t n;
	struct trace_observer trace;
	struct decoder *decoder;
	struct monitor *monitor;
	uint32_t input;
	uint64_t skipped;
};

static void ladders_segments(void *arg, const struct packet *packets, size_t n);
static void ladders_icmp(void *arg, const struct packet_icmp *icmp);

static const struct decoder_output decoded = {ladders_segments, ladders_icmp};

/* The first pass has judged the session. */
static void session_ignore(void *arg, const struct record *record)
{
	(void)arg;
	(void)record;
}

static uint32_t hash_of(const struct ladders *t, const struct ip_addr *src,
			const struct ip_addr *dst, uint16_t src_port, uint16_t dst_port)
{
	return flow_hash(t->config.stream.seed, &(struct packet){.src = *src,
								 .dst = *dst,
								 .src_port = src_port,
								 .dst_port = dst_port});
}

/* The number of its first frame identifies a session: it is the same in both passes. */
static void trace_event(void *arg, const struct conn *conn, const struct trace_event *e)
{
	struct ladders *t = arg;
	uint32_t hash = hash_of(t, &conn->addr[CLIENT], &conn->addr[SERVER], conn->port[CLIENT],
				conn->port[SERVER]),
		 at = hash, i;
	while ((i = flow_find(&t->tuples, hash, &at)) != FLOW_NONE)
		if (t->all[i].first == conn->first && !t->all[i].closed) {
			ladder_event(t->all[i].ladder, e);
			t->all[i].closed = e->kind == TRACE_CLOSE;
		}
}

struct ladders *ladders_new(const struct monitor_config *config)
{
	struct ladders *t = calloc(1, sizeof *t);
	struct monitor_config c = *config;
	if (!t)
		return NULL;
	t->pool = pool_new(MEMORY);
	t->trace = (struct trace_observer){trace_event, t, NULL};
	c.arg = t;
	c.session = session_ignore;
	c.ended = NULL;
	t->decoder = decoder_new(&c, NULL, &decoded, t);
	c.trace = &t->trace;
	c.memory = c.memory < MONITOR_MEMORY ? c.memory : MONITOR_MEMORY;
	t->monitor = monitor_new(&c);
	t->config = c;
	if (t->pool && t->decoder && t->monitor && flow_table_init(&t->tuples, t->pool))
		return t;
	ladders_free(t);
	return NULL;
}

void ladders_free(struct ladders *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		ladder_free(t->all[i].ladder);
	decoder_free(t->decoder);
	monitor_free(t->monitor);
	if (t->tuples.slots)
		flow_table_free(&t->tuples);
	if (t->pool)
		pool_free(t->pool);
	free(t);
}

struct ladder *ladders_want(struct ladders *t, struct stored_session *s, uint64_t first)
{
	struct traced *d = &t->all[t->n];
	const struct conn *conn = s->record->conn;
	uint32_t hash = hash_of(t, &conn->addr[CLIENT], &conn->addr[SERVER], conn->port[CLIENT],
				conn->port[SERVER]);
	for (size_t i = 0; i < t->n; i++)
		if (t->all[i].first == first && t->all[i].port[CLIENT] == conn->port[CLIENT])
			return s->ladder = t->all[i].ladder;
	if (t->n == LADDERS_MAX || !(d->ladder = ladder_new(conn, stored_clean, s)))
		return NULL;
	if (!flow_add(&t->tuples, hash, (uint32_t)t->n)) {
		ladder_free(d->ladder);
		return NULL;
	}
	memcpy(d->addr, conn->addr, sizeof d->addr);
	memcpy(d->port, conn->port, sizeof d->port);
	d->session = s;
	d->first = first;
	t->n++;
	return s->ladder = d->ladder;
}

static bool end_is(const struct traced *d, enum side side, const struct ip_addr *addr,
		   uint16_t port)
{
	return d->port[side] == port && ip_addr_equal(&d->addr[side], addr);
}

static bool tuple_is(const struct traced *d, const struct packet *p)
{
	return (end_is(d, CLIENT, &p->src, p->src_port) &&
		end_is(d, SERVER, &p->dst, p->dst_port)) ||
	       (end_is(d, SERVER, &p->src, p->src_port) && end_is(d, CLIENT, &p->dst, p->dst_port));
}

/* Returns the latest session of the packet's tuple that has begun, or NULL. *known: a session of
 * this tuple is noted. Then all segments of the tuple go to the monitor, those between two sessions
 * too. */
static struct traced *traced_find(struct ladders *t, const struct packet *p, bool *known)
{
	uint32_t hash = hash_of(t, &p->src, &p->dst, p->src_port, p->dst_port), at = hash, i;
	struct traced *found = NULL;
	*known = false;
	while ((i = flow_find(&t->tuples, hash, &at)) != FLOW_NONE) {
		struct traced *d = &t->all[i];
		if (!tuple_is(d, p))
			continue;
		*known = true;
		if (d->first <= p->number && (!found || d->first > found->first))
			found = d;
	}
	return found;
}

/* After the close a SYN belongs to another connection. */
static bool is_of(const struct traced *d, const struct packet *p)
{
	return !d->closed || (p->flags & TCP_SYN) == 0;
}

static void segment_take(struct ladders *t, struct packet p)
{
	struct traced *d;
	bool known, of;
	p.number += t->skipped;
	d = traced_find(t, &p, &known);
	if (!known)
		return;
	of = d && is_of(d, &p);
	if (of)
		ladder_segment(d->ladder, &p);
	monitor_segments(t->monitor, &p, 1);
	if (of)
		ladder_segment_done(d->ladder);
}

static void ladders_segments(void *arg, const struct packet *packets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		segment_take(arg, packets[i]);
}

static void ladders_icmp(void *arg, const struct packet_icmp *icmp)
{
	struct ladders *t = arg;
	const struct packet quoted = {.src = icmp->src,
				      .dst = icmp->dst,
				      .src_port = icmp->src_port,
				      .dst_port = icmp->dst_port,
				      .number = UINT64_MAX};
	bool known;
	struct traced *d = traced_find(t, &quoted, &known);
	if (!d || d->closed)
		return;
	monitor_icmp(t->monitor, icmp);
	ladder_icmp(d->ladder, icmp, decoder_count(t->decoder) + t->skipped);
}

void ladders_frames(struct ladders *t, uint32_t input, const struct frame *frames, size_t n)
{
	if (input != t->input)
		decoder_break(t->decoder);
	t->input = input;
	monitor_input(t->monitor, input);
	decoder_frames(t->decoder, frames, n);
}

void ladders_skip(struct ladders *t, uint64_t n)
{
	decoder_break(t->decoder);
	t->skipped += n;
}

void ladders_finish(struct ladders *t)
{
	decoder_break(t->decoder);
	monitor_finish(t->monitor);
	for (size_t i = 0; i < t->n; i++)
		ladder_judge(t->all[i].ladder, t->all[i].session->record->ending,
			     t->all[i].session->report.record.judgement.verdict);
}
