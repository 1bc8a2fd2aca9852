/* frame_store.c - connections of which frames are kept, each a chain of blocks: the first ones
 * stay, the others go round. */
#include "core/frame_store.h"

#include "core/packet/flow_table.h"

#include <assert.h>

/* A short session fits one block. */
enum {
	BLOCK = 2048,
	BLOCK_DATA = BLOCK - 12,
	BEGIN_BLOCKS = FRAME_STORE_BEGIN / BLOCK,
	CONN_BLOCKS = FRAME_STORE_CONN / BLOCK
};
#define NONE UINT32_MAX

/* Frames follow each other without a gap, from one block into the next. */
struct block {
	uint32_t next;
	uint16_t used;
	uint16_t first;  /* where the first frame that begins in it does; BLOCK_DATA: none does */
	uint16_t frames; /* that begin in it */
	uint16_t unused;
	uint8_t data[BLOCK_DATA];
};

static_assert(sizeof(struct block) == BLOCK, "no holes");

/* Before each frame's bytes. */
struct head {
	int64_t ts;
	uint32_t caplen, len;
	int32_t link;
	uint32_t unused;
};

/* The longest frame does not push out its own beginning. */
static_assert(FRAME_STORE_FRAME + sizeof(struct head) <
		      (CONN_BLOCKS - BEGIN_BLOCKS - 2) * BLOCK_DATA,
	      "a frame fits what goes round");
static_assert(FRAME_STORE_MIN > 2 * FRAME_STORE_CONN,
	      "one connection cannot take all that there is");

enum list { LIST_HALF_OPEN, LIST_OPEN, LISTS };

struct stored_conn {
	struct ip_addr addr[2]; /* 0: who sent the first frame */
	uint16_t port[2];
	uint32_t hash;
	int64_t start, touched;
	uint32_t syn, new_syn; /* sequences of the client's SYN, and of another one that may begin a
				  new connection */
	uint32_t first, last, fixed; /* blocks; fixed: the last one of the beginning, NONE: it has
					none of its own */
	uint32_t blocks, omitted;
	uint32_t prev, next;
	uint8_t list;
	bool beginning;   /* what comes belongs to it still */
	bool has_new_syn; /* new_syn is valid */
	bool over;        /* a FIN or RST was seen */
	bool past;        /* another connection of the tuple has begun */
};

struct queue {
	uint32_t head, tail;
};

struct frame_store {
	struct pool *pool;
	struct packet_decoder decoder;
	uint64_t seed[2];
	struct flow_table flows;
	struct block *blocks;
	struct stored_conn *conns;
	uint32_t capacity; /* of each of these two */
	uint32_t blocks_fresh, blocks_free, conns_fresh, conns_free;
	struct queue lists[LISTS];
	struct frame_store_stats stats;
};

static void queue_append(struct frame_store *k, enum list list, uint32_t i)
{
	struct queue *q = &k->lists[list];
	struct stored_conn *c = &k->conns[i];
	c->list = (uint8_t)list;
	c->prev = q->tail;
	c->next = NONE;
	*(q->tail == NONE ? &q->head : &k->conns[q->tail].next) = i;
	q->tail = i;
}

static void queue_remove(struct frame_store *k, const struct stored_conn *c)
{
	struct queue *q = &k->lists[c->list];
	*(c->prev == NONE ? &q->head : &k->conns[c->prev].next) = c->next;
	*(c->next == NONE ? &q->tail : &k->conns[c->next].prev) = c->prev;
}

static uint32_t index_of(const struct frame_store *k, const struct stored_conn *c)
{
	return (uint32_t)(c - k->conns);
}

static void block_give(struct frame_store *k, uint32_t i)
{
	k->blocks[i].next = k->blocks_free;
	k->blocks_free = i;
	k->stats.bytes -= BLOCK;
}

void frame_store_remove(struct frame_store *k, struct stored_conn *c)
{
	for (uint32_t i = c->first, next; i != NONE; i = next) {
		next = k->blocks[i].next;
		block_give(k, i);
	}
	queue_remove(k, c);
	flow_remove(&k->flows, c->hash, index_of(k, c));
	c->next = k->conns_free;
	k->conns_free = index_of(k, c);
	k->stats.conns--;
}

/* False: there is none but this one. */
static bool evict(struct frame_store *k, const struct stored_conn *spared)
{
	for (enum list list = LIST_HALF_OPEN; list < LISTS; list++) {
		uint32_t i = k->lists[list].head;
		if (i != NONE && spared && &k->conns[i] == spared)
			i = k->conns[i].next;
		if (i == NONE)
			continue;
		frame_store_remove(k, &k->conns[i]);
		k->stats.evicted++;
		return true;
	}
	return false;
}

static uint32_t block_take(struct frame_store *k, const struct stored_conn *owner)
{
	if (k->blocks_free == NONE && k->blocks_fresh == k->capacity) {
		bool found = evict(k, owner);
		assert(found);
	}
	uint32_t i = k->blocks_free;
	if (i != NONE)
		k->blocks_free = k->blocks[i].next;
	else
		i = k->blocks_fresh++;
	struct block *b = &k->blocks[i];
	b->next = NONE;
	b->used = b->frames = 0;
	b->first = BLOCK_DATA;
	k->stats.bytes += BLOCK;
	return i;
}

static void oldest_drop(struct frame_store *k, struct stored_conn *c)
{
	/* What points to the oldest block that may go. */
	uint32_t *at = c->fixed == NONE ? &c->first : &k->blocks[c->fixed].next, i = *at;
	c->omitted += k->blocks[i].frames;
	*at = k->blocks[i].next;
	c->blocks--;
	block_give(k, i);
}

static struct block *block_append(struct frame_store *k, struct stored_conn *c)
{
	if (c->blocks == CONN_BLOCKS)
		oldest_drop(k, c);
	uint32_t i = block_take(k, c);
	*(c->last == NONE ? &c->first : &k->blocks[c->last].next) = i;
	c->last = i;
	c->blocks++;
	return &k->blocks[i];
}

static void bytes_put(struct frame_store *k, struct stored_conn *c, const void *from, size_t n)
{
	const uint8_t *p = from;
	struct block *b = &k->blocks[c->last];
	while (n > 0) {
		size_t part = (size_t)(BLOCK_DATA - b->used);
		if (part == 0) {
			b = block_append(k, c);
			continue;
		}
		part = part < n ? part : n;
		memcpy(b->data + b->used, p, part);
		b->used = (uint16_t)(b->used + part);
		p += part;
		n -= part;
	}
}

/* Where the next frame of n bytes goes. No frame lies half in the beginning and half in what goes
 * round. */
static struct block *place_for(struct frame_store *k, struct stored_conn *c, size_t n)
{
	struct block *b = c->last != NONE ? &k->blocks[c->last] : NULL;
	size_t left = b ? (size_t)(BLOCK_DATA - b->used) : 0;
	if (c->beginning && left + (size_t)(BEGIN_BLOCKS - c->blocks) * BLOCK_DATA < n) {
		c->beginning = false;
		c->fixed = c->last;
		left = 0;
	}
	return left > 0 ? b : block_append(k, c);
}

static void frame_put(struct frame_store *k, struct stored_conn *c, const struct frame *f)
{
	struct head h = {.ts = f->ts,
			 .caplen = f->caplen < FRAME_STORE_FRAME ? f->caplen : FRAME_STORE_FRAME,
			 .len = f->len,
			 .link = f->link};
	struct block *b = place_for(k, c, sizeof h + h.caplen);
	if (b->frames++ == 0)
		b->first = b->used;
	bytes_put(k, c, &h, sizeof h);
	bytes_put(k, c, f->data, h.caplen);
}

/* Lists are not put in order at each frame, which would cost cache misses. */
static void touch(struct frame_store *k, struct stored_conn *c, enum list list, int64_t ts)
{
	if (c->list == list && ts - c->touched < FRAME_SECOND && ts >= c->touched)
		return;
	queue_remove(k, c);
	queue_append(k, list, index_of(k, c));
	c->touched = ts;
}

static bool end_is(const struct stored_conn *c, unsigned end, const struct ip_addr *addr,
		   uint16_t port)
{
	return c->port[end] == port && ip_addr_equal(&c->addr[end], addr);
}

static bool tuple_is(const struct stored_conn *c, const struct packet *p)
{
	return (end_is(c, 0, &p->src, p->src_port) && end_is(c, 1, &p->dst, p->dst_port)) ||
	       (end_is(c, 1, &p->src, p->src_port) && end_is(c, 0, &p->dst, p->dst_port));
}

/* The one that is under way. */
static struct stored_conn *conn_find(const struct frame_store *k, uint32_t hash,
				     const struct packet *p)
{
	uint32_t at = hash, i;
	while ((i = flow_find(&k->flows, hash, &at)) != FLOW_NONE)
		if (!k->conns[i].past && tuple_is(&k->conns[i], p))
			return &k->conns[i];
	return NULL;
}

static uint32_t client_syn(const struct packet *p)
{
	return p->flags & TCP_ACK ? p->ack - 1 : p->seq;
}

static struct stored_conn *conn_begin(struct frame_store *k, uint32_t hash, const struct packet *p)
{
	if (k->conns_free == NONE && k->conns_fresh == k->capacity)
		evict(k, NULL);
	uint32_t i = k->conns_free != NONE ? k->conns_free : k->conns_fresh;
	if (!flow_add(&k->flows, hash, i))
		return NULL;
	struct stored_conn *c = &k->conns[i];
	if (i == k->conns_free)
		k->conns_free = c->next;
	else
		k->conns_fresh++;
	*c = (struct stored_conn){.addr = {p->src, p->dst},
				  .port = {p->src_port, p->dst_port},
				  .hash = hash,
				  .start = p->ts,
				  .touched = p->ts,
				  .syn = client_syn(p),
				  .first = NONE,
				  .last = NONE,
				  .fixed = NONE,
				  .beginning = true};
	queue_append(k, LIST_HALF_OPEN, i);
	k->stats.conns++;
	return c;
}

/*
 * Whether a new connection begins: the rule is that of the engine (native.c). A SYN of another
 * number on a connection that is under way may be forged, and is believed when the other side's SYN
 * acknowledges it.
 */
static bool begins(struct stored_conn *c, const struct packet *p)
{
	if (!(p->flags & TCP_SYN) || (p->flags & TCP_RST))
		return false;
	if (!c)
		return true;
	if (client_syn(p) == c->syn)
		return false;
	if (p->flags & TCP_ACK)
		return c->has_new_syn && client_syn(p) == c->new_syn;
	c->has_new_syn = true;
	c->new_syn = p->seq;
	return c->over || c->list == LIST_HALF_OPEN;
}

static void segment_take(struct frame_store *k, const struct frame *f, const struct packet *p)
{
	uint32_t hash = flow_hash(k->seed, p);
	struct stored_conn *c = conn_find(k, hash, p);
	if (begins(c, p)) {
		if (c)
			c->past = true;
		c = conn_begin(k, hash, p);
	}
	if (!c)
		return;
	frame_put(k, c, f);
	bool answer = end_is(c, 1, &p->src, p->src_port) && !end_is(c, 0, &p->src, p->src_port);
	touch(k, c, answer ? LIST_OPEN : (enum list)c->list, p->ts);
	c->over |= (p->flags & (TCP_FIN | TCP_RST)) != 0;
}

static void icmp_take(struct frame_store *k, const struct frame *f, const struct packet_icmp *icmp)
{
	const struct packet quoted = {.src = icmp->src,
				      .dst = icmp->dst,
				      .src_port = icmp->src_port,
				      .dst_port = icmp->dst_port};
	struct stored_conn *c = conn_find(k, flow_hash(k->seed, &quoted), &quoted);
	if (c)
		frame_put(k, c, f);
}

void frame_store_frames(struct frame_store *k, const struct frame *frames, size_t n)
{
	assert(k->conns && k->blocks);
	for (const struct frame *f = frames; f < frames + n; f++) {
		union packet_decoded decoded;
		enum packet_kind kind = packet_decode(&k->decoder, f, &decoded);
		if (kind == PACKET_TCP)
			segment_take(k, f, &decoded.tcp);
		else if (kind == PACKET_ICMP)
			icmp_take(k, f, &decoded.icmp);
	}
}

struct stored_conn *frame_store_find(struct frame_store *k, const struct conn *conn)
{
	const struct packet tuple = {.src = conn->addr[CLIENT],
				     .dst = conn->addr[SERVER],
				     .src_port = conn->port[CLIENT],
				     .dst_port = conn->port[SERVER]};
	uint32_t hash = flow_hash(k->seed, &tuple), at = hash, i;
	struct stored_conn *found = NULL;
	while ((i = flow_find(&k->flows, hash, &at)) != FLOW_NONE) {
		struct stored_conn *c = &k->conns[i];
		if (tuple_is(c, &tuple) && c->start >= conn->start && c->start <= conn->last &&
		    (!found || c->start < found->start))
			found = c;
	}
	return found;
}

/* The frames in a block; of the first that goes round, those that begin in it or behind it. */
static struct bytes part_of(const struct frame_store *k, const struct stored_conn *c, uint32_t i,
			    bool *cut)
{
	const struct block *b = &k->blocks[i];
	bool round = c->omitted > 0 &&
		     (c->fixed == NONE ? i == c->first : i == k->blocks[c->fixed].next);
	*cut = round || *cut;
	if (!*cut)
		return bytes_of(b->data, b->used);
	*cut = b->frames == 0;
	return bytes_from(bytes_of(b->data, b->used), *cut ? b->used : b->first);
}

size_t frame_store_size(const struct frame_store *k, const struct stored_conn *c)
{
	size_t n = 0;
	bool cut = false;
	for (uint32_t i = c->first; i != NONE; i = k->blocks[i].next)
		n += part_of(k, c, i, &cut).n;
	return n;
}

void frame_store_copy(const struct frame_store *k, const struct stored_conn *c, void *to)
{
	uint8_t *at = to;
	bool cut = false;
	for (uint32_t i = c->first; i != NONE; i = k->blocks[i].next) {
		struct bytes part = part_of(k, c, i, &cut);
		if (part.n > 0)
			memcpy(at, part.p, part.n);
		at += part.n;
	}
}

uint32_t frame_store_omitted(const struct stored_conn *c)
{
	return c->omitted;
}

bool frame_store_next(struct bytes *block, struct frame *out)
{
	struct head h;
	if (block->n < sizeof h)
		return false;
	memcpy(&h, block->p, sizeof h);
	assert(h.caplen <= block->n - sizeof h);
	*out = (struct frame){.data = block->p + sizeof h,
			      .caplen = h.caplen,
			      .len = h.len,
			      .ts = h.ts,
			      .link = h.link};
	*block = bytes_from(*block, sizeof h + h.caplen);
	return true;
}

struct frame_store_stats frame_store_stats(const struct frame_store *k)
{
	return k->stats;
}

/* The memory is touched only as it is needed. */
static bool parts_new(struct frame_store *k, const struct frame_store_config *config)
{
	k->decoder.ports = config->ports;
	memcpy(k->seed, config->seed, sizeof k->seed);
	/* The table may have more than three slots for each connection, and while it grows half of
	 * that again. */
	size_t each = sizeof *k->blocks + sizeof *k->conns + 5 * sizeof *k->flows.slots;
	k->capacity =
		(uint32_t)(config->memory / each < NONE / 2 ? config->memory / each : NONE / 2);
	k->blocks_free = k->conns_free = NONE;
	for (enum list list = LIST_HALF_OPEN; list < LISTS; list++)
		k->lists[list] = (struct queue){NONE, NONE};
	k->blocks = pool_get_large(k->pool, k->capacity * sizeof *k->blocks);
	k->conns = pool_get_large(k->pool, k->capacity * sizeof *k->conns);
	return k->blocks && k->conns && flow_table_init(&k->flows, k->pool);
}

struct frame_store *frame_store_new(const struct frame_store_config *config)
{
	assert(config->memory >= FRAME_STORE_MIN);
	struct pool *pool = pool_new(config->memory + BLOCK);
	struct frame_store *k = pool ? pool_get_large(pool, sizeof *k) : NULL;
	if (!k) {
		pool_free(pool);
		return NULL;
	}
	k->pool = pool;
	if (parts_new(k, config))
		return k;
	frame_store_free(k);
	return NULL;
}

void frame_store_free(struct frame_store *k)
{
	if (!k)
		return;
	struct pool *pool = k->pool;
	if (k->flows.slots)
		flow_table_free(&k->flows);
	pool_put_large(pool, k->blocks, k->capacity * sizeof *k->blocks);
	pool_put_large(pool, k->conns, k->capacity * sizeof *k->conns);
	pool_put_large(pool, k, sizeof *k);
	pool_free(pool);
}
