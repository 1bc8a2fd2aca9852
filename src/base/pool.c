/* pool.c - blocks by size class, carved from slabs; a class never gives a slab back, so that peaks
 * in one class bound what others can have. */
#include "smtpwatch/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { STEP = 16, FINE_MAX = 1024, FINE = FINE_MAX / STEP, COARSE = 56, CLASSES = FINE + COARSE };

#define SLAB ((size_t)64 << 10)

/*
 * What is taken from the system at once: the size of a huge page. 200,000 sessions lie scattered
 * over more small pages than the processor can remember; in huge ones the look-ups cost half as
 * much. A pool begins with less, and doubles it, so that a short life costs little.
 */
#define ARENA       ((size_t)2 << 20)
#define ARENA_FIRST ((size_t)128 << 10)

struct block {
	struct block *next;
};

struct arena {
	struct arena *next;
	char unused[56]; /* keeps what lies behind it aligned to a cache line */
};

struct class
{
	struct block *free;
	char *fresh, *end; /* the part of the newest slab that was never handed out */
};

struct pool {
	struct class classes[CLASSES];
	struct arena *arenas;
	char *fresh, *end; /* the part of the newest arena that was never handed out */
	size_t limit, reserved, used, peak;
};

/* Above FINE_MAX each doubling is cut into eight: at most a ninth of a block is wasted. */
static unsigned class_of(size_t size)
{
	if (size <= FINE_MAX)
		return size == 0 ? 0 : (unsigned)((size - 1) / STEP);
	unsigned top = 63 - (unsigned)__builtin_clzll(size - 1); /* 10: sizes 1025 .. 2048 */
	return FINE + (top - 10) * 8 + (unsigned)((size - 1) >> (top - 3) & 7);
}

static size_t class_size(unsigned class)
{
	if (class < FINE)
		return (class + 1) * (size_t)STEP;
	unsigned coarse = class - FINE;
	return ((size_t)1 << (10 + coarse / 8)) / 8 * (9 + coarse % 8);
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
	while (p->arenas) {
		struct arena *next = p->arenas->next;
		free(p->arenas);
		p->arenas = next;
	}
	free(p);
}

static bool arena_add(struct pool *p)
{
	size_t left = p->limit - p->reserved,
	       next = p->arenas ? (size_t)(p->end - (char *)p->arenas) * 2 : ARENA_FIRST;
	size_t want = next < POOL_MAX + sizeof(struct arena) ? POOL_MAX + sizeof(struct arena)
							     : next;
	want = want > ARENA ? ARENA : want;
	want = want > left ? left & ~(size_t)63 : want;
	if (want < SLAB / 4)
		return false;
	struct arena *a = aligned_alloc(want == ARENA ? ARENA : 64, want);
	if (!a)
		return false;
	if (want == ARENA)
		madvise(a, want, MADV_HUGEPAGE); /* an advice: without it all works the same */
	a->next = p->arenas;
	p->arenas = a;
	p->reserved += want;
	p->fresh = (char *)(a + 1);
	p->end = (char *)a + want;
	return true;
}

/* A run of blocks for a class; what was left of the arena before is lost to it. */
static bool class_refill(struct pool *p, struct class *c, size_t size)
{
	size_t want = size > SLAB / 4 ? size : SLAB / size * size;
	if ((size_t)(p->end - p->fresh) < want && (size_t)(p->end - p->fresh) >= size)
		want = (size_t)(p->end - p->fresh) / size * size;
	if ((size_t)(p->end - p->fresh) < want && !arena_add(p))
		return false;
	if ((size_t)(p->end - p->fresh) < want)
		want = (size_t)(p->end - p->fresh) / size * size;
	c->fresh = p->fresh;
	c->end = p->fresh + want;
	p->fresh += (want + 63) & ~(size_t)63;
	if (p->fresh > p->end)
		p->fresh = p->end;
	return want > 0;
}

static inline void used_add(struct pool *p, size_t size)
{
	p->used += size;
	if (p->used > p->peak)
		p->peak = p->used;
}

/* A function apart, so that the usual way needs no stack. */
static __attribute__((noinline)) void *fresh_get(struct pool *p, struct class *c, size_t size)
{
	if (c->fresh == c->end && !class_refill(p, c, size))
		return NULL;
	void *block = c->fresh;
	c->fresh += size;
	/* What was never used is in no cache, and the next one of its kind is asked for soon. */
	pool_prefetch(c->fresh, size < 512 ? size : 0);
	used_add(p, size);
	return block;
}

void *pool_get(struct pool *p, size_t size)
{
	assert(size <= POOL_MAX);
	unsigned n = class_of(size);
	struct class *c = &p->classes[n];
	struct block *block = c->free;
	if (!block)
		return fresh_get(p, c, class_size(n));
	c->free = block->next;
	used_add(p, class_size(n));
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
	if (size > p->limit || p->reserved > p->limit - size)
		return NULL;
	void *block = calloc(1, size);
	if (block) {
		p->reserved += size;
		p->used += size;
	}
	return block;
}

void pool_put_large(struct pool *p, void *block, size_t size)
{
	if (!block)
		return;
	free(block);
	p->reserved -= size;
	p->used -= size;
}

size_t pool_usable(size_t size)
{
	return class_size(class_of(size));
}

size_t pool_used(const struct pool *p)
{
	return p->used;
}

size_t pool_peak(const struct pool *p)
{
	return p->peak;
}

size_t pool_reserved(const struct pool *p)
{
	return p->reserved;
}
