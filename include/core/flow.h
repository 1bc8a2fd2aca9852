/* flow.h - from a TCP tuple to the number of its connection: a keyed hash table that grows. */
#ifndef SMTPWATCH_CORE_FLOW_H
#define SMTPWATCH_CORE_FLOW_H

#include "core/packet.h"
#include "core/pool.h"

#define FLOW_NONE UINT32_MAX

/*
 * The hash of a tuple, the same for both directions: universal under a secret seed, so that nobody outside can aim collisions at the table. Not SipHash, which costs five times as much: its
 * result never leaves the program, so that nothing can be learned of the seed.
 */
uint32_t flow_hash(const uint64_t seed[2], const struct packet *p);

struct flow_slot {
	uint32_t hash;
	uint32_t value; /* FLOW_NONE + 1, which is 0: empty; else the value + 1 */
};

/* Open addressing, linear probing, at most seven eighths full. Several values may stand under one hash: the caller compares tuples. */
struct flow_table {
	struct pool *pool;
	struct flow_slot *slots;
	uint32_t mask, count;
};

bool flow_table_init(struct flow_table *t, struct pool *pool);
void flow_table_free(struct flow_table *t);

/* The values under a hash, one a call, FLOW_NONE at the end: *at is the hash at first and belongs to the walk. */
uint32_t flow_find(const struct flow_table *t, uint32_t hash, uint32_t *at);

/* False if the table had to grow and could not. */
bool flow_add(struct flow_table *t, uint32_t hash, uint32_t value);
void flow_remove(struct flow_table *t, uint32_t hash, uint32_t value);

static inline void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}

#endif
