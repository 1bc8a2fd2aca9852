/* ehlo_cache.h - replies to EHLO that were read before, found by their bytes: behind the first
 * line, which may name the client, a server sends all clients the same. */
#ifndef SMTPWATCH_CORE_DIALOGUE_EHLO_CACHE_H
#define SMTPWATCH_CORE_DIALOGUE_EHLO_CACHE_H

#include "smtpwatch/pool.h"
#include "smtpwatch/smtp.h"

/* EHLO_CACHE: replies kept. EHLO_CACHED_MAX: the most bytes of a reply that is kept. */
enum { EHLO_CACHE_BITS = 6, EHLO_CACHE = 1 << EHLO_CACHE_BITS, EHLO_CACHED_MAX = 480 };

struct ehlo_cache;

/* Lines of a reply to EHLO: what they offer, and their bytes with the line ends. */
struct ehlo_lines {
	struct smtp_offer offer;
	size_t n;
};

/* Returns an empty cache, which lives as long as the pool, or NULL if the pool is exhausted. */
struct ehlo_cache *ehlo_cache_new(struct pool *pool);

/*
 * Reads the ordinary lines at the front of `in`, which is what a segment has of a reply behind its
 * first line. An ordinary line begins with "250-", has a text that does not begin like an enhanced
 * code, and is one for line_ordinary. The same bytes have the same result, whether or not the cache
 * has them. n is 0 if there is no ordinary line, and if `in` is longer than EHLO_CACHED_MAX.
 */
struct ehlo_lines ehlo_cache_read(struct ehlo_cache *c, struct bytes in);

#endif
