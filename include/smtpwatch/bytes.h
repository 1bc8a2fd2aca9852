/* bytes.h - a borrowed run of bytes: what every stage hands to the next instead of a C string. */
#ifndef SMTPWATCH_BYTES_H
#define SMTPWATCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Never owns. Lives as long as whoever handed it out says: for most calls, the length of the call.
 * p may be NULL only where n is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* A view of memory. */
static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){p, n};
}

/* A view of a C string, without its NUL. */
static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* What is left after the first n bytes; n may not exceed b.n. */
static inline struct bytes bytes_from(struct bytes b, size_t n)
{
	return n < b.n ? bytes_of(b.p + n, b.n - n) : bytes_of(NULL, 0);
}

/* At most the first n bytes. */
static inline struct bytes bytes_first(struct bytes b, size_t n)
{
	return bytes_of(b.p, n < b.n ? n : b.n);
}

/* The same length and the same bytes. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
