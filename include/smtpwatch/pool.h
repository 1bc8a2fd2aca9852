/* pool.h - all memory of one monitor: blocks by size class, one bound, nothing given back to the
 * system until the end. */
#ifndef SMTPWATCH_POOL_H
#define SMTPWATCH_POOL_H

#include <stddef.h>
#include <stdint.h>

/* The largest block that pool_get hands out. */
#define POOL_MAX ((size_t)1 << 17)

struct pool;

/* limit: bytes taken from the system at most, rounded up to whole slabs. NULL if the system has
 * none. */
struct pool *pool_new(size_t limit);
void pool_free(struct pool *p);

/*
 * A block of at least size bytes (at most POOL_MAX), not cleared, aligned to 16. NULL when the
 * limit is reached: the caller then does without, and counts it. Taking and giving back are a few
 * instructions; a slab is fetched from the system only when a class runs dry.
 */
void *pool_get(struct pool *p, size_t size);

/* Gives back a block; size must be the size it was asked with. NULL is allowed. */
void pool_put(struct pool *p, void *block, size_t size);

/* The usable size of the block that pool_get(size) gives: what a growing buffer may fill without
 * asking again. */
size_t pool_room(size_t size);

/* A cleared block of any size, straight from the system and counted against the limit: for tables
 * that live long. NULL when the limit is reached. */
void *pool_get_large(struct pool *p, size_t size);
void pool_put_large(struct pool *p, void *block, size_t size);

/* A chance to fetch a block, or part of one, that will be read or written soon. Always inline, as
 * what calls it for nothing else: gcc takes such a function for one without effect, and drops its
 * calls. */
#define POOL_AHEAD static inline __attribute__((always_inline))
POOL_AHEAD void pool_prefetch(const void *block, size_t size)
{
	for (size_t line = 0; line < size; line += 64)
		__builtin_prefetch((const char *)block + line, 1);
}

/* Bytes in blocks handed out, the most of them that there ever were, and bytes taken from the
 * system. */
size_t pool_used(const struct pool *p);
size_t pool_peak(const struct pool *p);
size_t pool_held(const struct pool *p);

#endif
