/* flow_table.c - an open-addressing table of connection numbers. */
#include "core/packet/flow_table.h"

#include <assert.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

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
	if (t->count >= (t->mask + 1) / 8 * 5 && !table_grow(t))
		return false;
	slot_put(t, hash, value + 1);
	t->count++;
	return true;
}

void flow_change(struct flow_table *t, uint32_t hash, uint32_t value, uint32_t other)
{
	uint32_t at = hash & t->mask;
	while (t->slots[at].hash != hash || t->slots[at].value != value + 1) {
		assert(t->slots[at].value != 0);
		at = (at + 1) & t->mask;
	}
	t->slots[at].value = other + 1;
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
