/* pool.c - blocks by size class, carved from slabs; a class never gives a slab back, so that peaks in one class bound what others can have. */
#include "core/pool.h"

#include <assert.h>
#include <stdlib.h>

enum { STEP = 16, FINE_MAX = 1024, FINE = FINE_MAX / STEP, COARSE = 28, CLASSES = FINE + COARSE };

#define SLAB ((size_t)64 << 10)

struct block {
	struct block *next;
};

struct slab {
	struct slab *next;
	size_t unused; /* keeps the blocks behind it aligned to 16 */
};

struct class
{
	struct block *free;
	char *fresh, *end; /* the part of the newest slab that was never handed out */
};

struct pool {
	struct class classes[CLASSES];
	struct slab *slabs;
	size_t limit, held, used;
};

/* Above FINE_MAX each doubling is cut into four: at most a fifth of a block is wasted. */
static unsigned class_of(size_t size)
{
	if (size <= FINE_MAX)
		return size == 0 ? 0 : (unsigned)((size - 1) / STEP);
	unsigned top = 63 - (unsigned)__builtin_clzll(size - 1); /* 10: sizes 1025 .. 2048 */
	return FINE + (top - 10) * 4 + (unsigned)((size - 1) >> (top - 2) & 3);
}

static size_t class_size(unsigned class)
{
	if (class < FINE)
		return (class + 1) * (size_t)STEP;
	unsigned coarse = class - FINE;
	return ((size_t)1 << (10 + coarse / 4)) / 4 * (5 + coarse % 4);
}

struct pool *pool_new(size_t limit)
{
	struct pool *p = calloc(1, sizeof *p);
	if (p)
		p->limit = limit;
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	while (p->slabs) {
		struct slab *next = p->slabs->next;
		free(p->slabs);
		p->slabs = next;
	}
	free(p);
}

static void *class_refill(struct pool *p, struct class *c, size_t size)
{
	size_t want = sizeof(struct slab) + (size > SLAB / 4 ? size : SLAB / size * size);
	if (p->held + want > p->limit)
		return NULL;
	struct slab *slab = malloc(want);
	if (!slab)
		return NULL;
	slab->next = p->slabs;
	p->slabs = slab;
	p->held += want;
	c->fresh = (char *)(slab + 1);
	c->end = (char *)slab + want;
	return c->fresh;
}

void *pool_get(struct pool *p, size_t size)
{
	assert(size <= POOL_MAX);
	unsigned n = class_of(size);
	struct class *c = &p->classes[n];
	size = class_size(n);
	void *block = c->free;
	if (block) {
		c->free = c->free->next;
	} else {
		if (c->fresh == c->end && !class_refill(p, c, size))
			return NULL;
		block = c->fresh;
		c->fresh += size;
	}
	p->used += size;
	return block;
}

void pool_put(struct pool *p, void *block, size_t size)
{
	if (!block)
		return;
	unsigned n = class_of(size);
	struct block *b = block;
	b->next = p->classes[n].free;
	p->classes[n].free = b;
	p->used -= class_size(n);
}

void *pool_get_large(struct pool *p, size_t size)
{
	if (size > p->limit || p->held > p->limit - size)
		return NULL;
	void *block = calloc(1, size);
	if (block) {
		p->held += size;
		p->used += size;
	}
	return block;
}

void pool_put_large(struct pool *p, void *block, size_t size)
{
	if (!block)
		return;
	free(block);
	p->held -= size;
	p->used -= size;
}

size_t pool_room(size_t size)
{
	return class_size(class_of(size));
}

size_t pool_used(const struct pool *p)
{
	return p->used;
}

size_t pool_held(const struct pool *p)
{
	return p->held;
}
