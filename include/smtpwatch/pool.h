/* pool.h - the memory of one monitor: blocks by size class, within one limit. Memory of blocks is
 * returned to the system by pool_free only. */
#ifndef SMTPWATCH_POOL_H
#define SMTPWATCH_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Largest size in bytes that pool_get accepts. */
#define POOL_MAX ((size_t)1 << 17)

struct pool;

/* Returns a new pool. limit: bytes taken from the system, at most; struct pool itself is not
 * counted. Returns NULL if the system has no memory. Caller frees with pool_free. */
struct pool *pool_new(size_t limit);
/* Frees the pool and all blocks of pool_get. NULL is allowed. */
void pool_free(struct pool *p);

/*
 * Returns a block of at least size bytes (at most POOL_MAX). The block is not cleared, and is
 * aligned to 16. Returns NULL if the limit is reached or the system has no memory. The caller then
 * does without the block, and counts that. Give the block back with pool_put.
 *
 * The usual call takes a few instructions: the system is asked only if a size class has no free
 * block.
 */
void *pool_get(struct pool *p, size_t size);

/* Gives a block of pool_get back. size: the same size that was given to pool_get. NULL is allowed.
 */
void pool_put(struct pool *p, void *block, size_t size);

/* Returns the usable bytes of the block that pool_get(size) returns. A growing buffer may fill them
 * before it asks for a larger block. */
size_t pool_usable(size_t size);

/* Returns a cleared block of any size, taken from the system and counted against the limit. For
 * tables that live long. Returns NULL if the limit is reached or the system has no memory. Give the
 * block back with pool_put_large and the same size before pool_free, which does not free such
 * blocks. */
void *pool_get_large(struct pool *p, size_t size);
void pool_put_large(struct pool *p, void *block, size_t size);

/* Prefetches the first size bytes of a block for writing. Always inline: gcc treats a function that
 * only prefetches as one without effect, and drops its calls. */
#define POOL_AHEAD static inline __attribute__((always_inline))
POOL_AHEAD void pool_prefetch(const void *block, size_t size)
{
	for (size_t line = 0; line < size; line += 64)
		__builtin_prefetch((const char *)block + line, 1);
}

/* pool_used: bytes in blocks handed out, large ones included. pool_peak: the highest value of
 * pool_used at any pool_get. pool_reserved: bytes taken from the system. */
size_t pool_used(const struct pool *p);
size_t pool_peak(const struct pool *p);
size_t pool_reserved(const struct pool *p);

#endif
