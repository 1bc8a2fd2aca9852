/* flow.c - a keyed hash of a tuple, and an open-addressing table of connection numbers. */
#include "core/flow.h"

#include <assert.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

/* One end of a connection: NH (Black et al., UMAC, 1999), of which the seed is just the key that 16 bytes need. Two addresses collide with a chance of 2^-32, whoever chose them. */
static inline uint64_t end_hash(const uint64_t seed[2], const struct ip_addr *addr, uint16_t port)
{
	uint32_t w[4];
	memcpy(w, addr->b, sizeof w);
	/* The constants are for a seed of zeroes, under which an address with a word of zero would be worth nothing. */
	w[0] += (uint32_t)seed[0] + 0x9e3779b9;
	w[1] += (uint32_t)(seed[0] >> 32) + 0x7f4a7c15;
	w[2] += (uint32_t)seed[1] + 0xbf58476d;
	w[3] += (uint32_t)(seed[1] >> 32) + 0x94d049bb;
	return (uint64_t)w[0] * w[1] + (uint64_t)w[2] * w[3] + port;
}

/* The sums of neighbouring ports are neighbours: the multiplications carry each bit into the upper half. */
uint32_t flow_hash(const uint64_t seed[2], const struct packet *p)
{
	uint64_t src = end_hash(seed, &p->src, p->src_port), dst = end_hash(seed, &p->dst, p->dst_port);
	uint64_t low = src < dst ? src : dst, high = src < dst ? dst : src;
	uint64_t x = (low ^ seed[0]) * 0x9e3779b97f4a7c15;
	x = ((x ^ x >> 32) + high) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 32) * 0x94d049bb133111eb;
	return (uint32_t)(x >> 32);
}

bool flow_table_init(struct flow_table *t, struct pool *pool)
{
	t->pool = pool;
	t->slots = pool_get_large(pool, FIRST_SLOTS * sizeof *t->slots);
	t->mask = FIRST_SLOTS - 1;
	t->count = 0;
	return t->slots != NULL;
}

void flow_table_free(struct flow_table *t)
{
	pool_put_large(t->pool, t->slots, ((size_t)t->mask + 1) * sizeof *t->slots);
	t->slots = NULL;
}

uint32_t flow_find(const struct flow_table *t, uint32_t hash, uint32_t *at)
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

static void slot_put(struct flow_table *t, uint32_t hash, uint32_t stored)
{
	uint32_t at = hash & t->mask;
	while (t->slots[at].value != 0)
		at = (at + 1) & t->mask;
	t->slots[at] = (struct flow_slot){hash, stored};
}

static bool table_grow(struct flow_table *t)
{
	struct flow_slot *old = t->slots;
	size_t n = (size_t)t->mask + 1;
	struct flow_slot *bigger = pool_get_large(t->pool, 2 * n * sizeof *bigger);
	if (!bigger)
		return false;
	t->slots = bigger;
	t->mask = (uint32_t)(2 * n - 1);
	for (size_t i = 0; i < n; i++)
		if (old[i].value != 0)
			slot_put(t, old[i].hash, old[i].value);
	pool_put_large(t->pool, old, n * sizeof *old);
	return true;
}

bool flow_add(struct flow_table *t, uint32_t hash, uint32_t value)
{
	if (t->count >= (t->mask + 1) / 8 * 7 && !table_grow(t))
		return false;
	slot_put(t, hash, value + 1);
	t->count++;
	return true;
}

/* Backward shift: what was pushed past the hole moves up, so that no tombstones are needed. */
void flow_remove(struct flow_table *t, uint32_t hash, uint32_t value)
{
	uint32_t hole = hash & t->mask;
	while (t->slots[hole].hash != hash || t->slots[hole].value != value + 1) {
		assert(t->slots[hole].value != 0);
		hole = (hole + 1) & t->mask;
	}
	for (uint32_t at = (hole + 1) & t->mask; t->slots[at].value != 0; at = (at + 1) & t->mask) {
		uint32_t home = t->slots[at].hash & t->mask;
		if (((at - home) & t->mask) >= ((at - hole) & t->mask)) {
			t->slots[hole] = t->slots[at];
			hole = at;
		}
	}
	t->slots[hole].value = 0;
	t->count--;
}
