/* bytes.h - a borrowed run of bytes, with its length. All stages pass text in this form, not as C
 * strings. */
#ifndef SMTPWATCH_BYTES_H
#define SMTPWATCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view: struct bytes never owns the memory at p. The function that hands out the view says how
 * long it is valid; in most cases, for the length of the call. p may be NULL only if n is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* Returns a view of the n bytes at p. Valid as long as that memory. */
static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){p, n};
}

/* Returns a view of the C string s without its NUL. Valid as long as s. */
static inline struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* Returns the bytes of b behind the first n. n may be at most b.n; if n is b.n or more, the result
 * is empty, with p NULL. */
static inline struct bytes bytes_from(struct bytes b, size_t n)
{
	return n < b.n ? bytes_of(b.p + n, b.n - n) : bytes_of(NULL, 0);
}

/* Returns the first n bytes of b; all of b if b is shorter. */
static inline struct bytes bytes_first(struct bytes b, size_t n)
{
	return bytes_of(b.p, n < b.n ? n : b.n);
}

/* Returns true if a and b have the same length and the same bytes. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
