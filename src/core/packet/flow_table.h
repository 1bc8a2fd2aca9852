/* flow_table.h - from a TCP tuple to the number of its connection: a keyed hash table that grows.
 */
#ifndef SMTPWATCH_CORE_PACKET_FLOW_TABLE_H
#define SMTPWATCH_CORE_PACKET_FLOW_TABLE_H

#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

#define FLOW_NONE UINT32_MAX

/* One end of a connection: NH (Black et al., UMAC, 1999), of which the seed is just the key that 16
 * bytes need. Two addresses collide with a chance of 2^-32, whoever chose them. */
static inline uint64_t flow_end_hash(const uint64_t seed[2], const struct ip_addr *addr,
				     uint16_t port)
{
	uint32_t w[4];
	memcpy(w, addr->b, sizeof w);
	/* The constants are for a seed of zeroes, under which an address with a word of zero would
	 * be worth nothing. */
	w[0] += (uint32_t)seed[0] + 0x9e3779b9;
	w[1] += (uint32_t)(seed[0] >> 32) + 0x7f4a7c15;
	w[2] += (uint32_t)seed[1] + 0xbf58476d;
	w[3] += (uint32_t)(seed[1] >> 32) + 0x94d049bb;
	return (uint64_t)w[0] * w[1] + (uint64_t)w[2] * w[3] + port;
}

/*
 * The hash of a tuple, the same for both directions: universal under a secret seed, so that nobody
 * outside can aim collisions at the table. Not SipHash, which costs five times as much: its result
 * never leaves the program, so that nothing can be learned of the seed. The sums of neighbouring
 * ports are neighbours: the multiplications carry each bit into the upper half.
 */
static inline uint32_t flow_hash(const uint64_t seed[2], const struct packet *p)
{
	uint64_t src = flow_end_hash(seed, &p->src, p->src_port),
		 dst = flow_end_hash(seed, &p->dst, p->dst_port);
	uint64_t low = src < dst ? src : dst, high = src < dst ? dst : src;
	uint64_t x = (low ^ seed[0]) * 0x9e3779b97f4a7c15;
	x = ((x ^ x >> 32) + high) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 32) * 0x94d049bb133111eb;
	return (uint32_t)(x >> 32);
}

struct flow_slot {
	uint32_t hash;
	uint32_t value; /* FLOW_NONE + 1, which is 0: empty; else the value + 1 */
};

/* Open addressing, linear probing, at most five eighths full: a look-up then reads one line of the
 * cache. Several values may stand under one hash: the caller compares tuples. */
struct flow_table {
	struct pool *pool;
	struct flow_slot *slots;
	uint32_t mask, count;
};

bool flow_table_init(struct flow_table *t, struct pool *pool);
void flow_table_free(struct flow_table *t);

/* The values under a hash, one a call, FLOW_NONE at the end: *at is the hash at first and belongs
 * to the walk. */
static inline uint32_t flow_find(const struct flow_table *t, uint32_t hash, uint32_t *at)
{
	for (;;) {
		const struct flow_slot *slot = &t->slots[*at & t->mask];
		if (slot->value == 0)
			return FLOW_NONE;
		++*at;
		if (slot->hash == hash)
			return slot->value - 1;
	}
}

/* False if the table had to grow and could not. */
bool flow_add(struct flow_table *t, uint32_t hash, uint32_t value);
void flow_remove(struct flow_table *t, uint32_t hash, uint32_t value);

/* Another value in the place of one that is there. */
void flow_change(struct flow_table *t, uint32_t hash, uint32_t value, uint32_t other);

static inline void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}

#endif
