/* flow.c - SipHash over a tuple, and an open-addressing table of connection numbers. */
#include "core/flow.h"

#include <assert.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static inline uint64_t word_at(const uint8_t *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return w;
}

/* Which of the two ends goes first, so that both directions hash alike. */
static bool ends_swapped(const struct packet *p)
{
	int order = memcmp(&p->src, &p->dst, sizeof p->src);
	return order > 0 || (order == 0 && p->src_port > p->dst_port);
}

uint32_t flow_hash(const uint64_t seed[2], const struct packet *p)
{
	bool swapped = ends_swapped(p);
	const uint8_t *a = swapped ? p->dst.b : p->src.b, *b = swapped ? p->src.b : p->dst.b;
	uint64_t ports = swapped ? (uint64_t)p->dst_port << 16 | p->src_port : (uint64_t)p->src_port << 16 | p->dst_port;
	struct sip s = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d, seed[0] ^ 0x6c7967656e657261,
			seed[1] ^ 0x7465646279746573};

	/* The upper half of a mapped IPv4 address is constant: two words less to hash, and the length in the last word keeps the families apart. */
	bool v4 = word_at(a) == 0 && word_at(b) == 0;
	if (!v4) {
		sip_word(&s, word_at(a));
		sip_word(&s, word_at(b));
	}
	sip_word(&s, word_at(a + 8));
	sip_word(&s, word_at(b + 8));
	sip_word(&s, ports | (uint64_t)(v4 ? 20 : 36) << 56);
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return (uint32_t)(s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
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
	if (t->count >= (t->mask + 1) / 2 && !table_grow(t))
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
