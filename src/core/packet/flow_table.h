/* flow_table.h - maps the hash of a key to a number: a keyed hash table that grows. The keys are
 * TCP tuples, servers, and the datagrams under reassembly. */
#ifndef SMTPWATCH_CORE_PACKET_FLOW_TABLE_H
#define SMTPWATCH_CORE_PACKET_FLOW_TABLE_H

#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

#define FLOW_NONE UINT32_MAX

/* The words of an address, for products of two at once. */
typedef uint32_t flow_words __attribute__((vector_size(16)));
typedef int flow_signed __attribute__((vector_size(16)));
typedef unsigned long long flow_products __attribute__((vector_size(16)));

/* Returns the hash of one end of a connection: NH (Black et al., UMAC, 1999); the seed has exactly
 * the key size that 16 bytes need. Two addresses collide with a chance of 2^-32, even if an
 * attacker chose them. */
static inline uint64_t flow_end_hash(const uint64_t seed[2], const struct ip_addr *addr,
				     uint16_t port)
{
	flow_words w, key;
	memcpy(&w, addr->b, sizeof w);
	memcpy(&key, seed, sizeof key);
	/* Without the constants, a seed of zeroes would drop the information of an address with a
	 * zero word. */
	w += key + (flow_words){0x9e3779b9, 0x7f4a7c15, 0xbf58476d, 0x94d049bb};
#ifdef __SSE2__
	flow_products x = (flow_products)__builtin_ia32_pmuludq128(
		(flow_signed)w, (flow_signed)((flow_products)w >> 32));
	return (uint64_t)x[0] + (uint64_t)x[1] + port;
#else
	return (uint64_t)w[0] * w[1] + (uint64_t)w[2] * w[3] + port;
#endif
}

/*
 * Returns the hash of a packet's tuple, the same for both directions. The hash is universal under a
 * secret seed, so that nobody outside can aim collisions at the table.
 *
 * SipHash costs five times as much, and is not needed: the hash never leaves the program, so that
 * nobody learns about the seed. Neighbouring ports give neighbouring sums; the multiplications
 * carry each bit into the upper half.
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

/* Returns the hash of one end alone: of a host, or of a server. */
static inline uint32_t flow_host_hash(const uint64_t seed[2], const struct ip_addr *addr,
				      uint16_t port)
{
	return flow_hash(seed, &(struct packet){.src = *addr, .src_port = port});
}

struct flow_slot {
	uint32_t hash;
	uint32_t value; /* 0 (FLOW_NONE + 1): empty; else the value + 1 */
};

/* A hash table with open addressing and linear probing, at most five eighths full: a look-up reads
 * one cache line. Several values may have the same hash: the caller compares tuples. */
struct flow_table {
	struct pool *pool;
	struct flow_slot *slots;
	uint32_t mask, count;
};

/* Initialises an empty table. pool: borrowed until flow_table_free. Returns false if the pool has
 * no memory. */
bool flow_table_init(struct flow_table *t, struct pool *pool);
void flow_table_free(struct flow_table *t);

/* Returns the next value under a hash, FLOW_NONE at the end. Start with *at = hash; do not change
 * *at between the calls. */
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

/* Adds a value. Returns false if the table had to grow and there was no memory. */
bool flow_add(struct flow_table *t, uint32_t hash, uint32_t value);
void flow_remove(struct flow_table *t, uint32_t hash, uint32_t value);

/* Replaces a value that is in the table by another. */
void flow_change(struct flow_table *t, uint32_t hash, uint32_t value, uint32_t other);

static inline void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}

#endif
