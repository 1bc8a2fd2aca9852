/* buffer.h - a growing buffer for rendered records, and the functions that append to it. */
#ifndef SMTPWATCH_TEXT_BUFFER_H
#define SMTPWATCH_TEXT_BUFFER_H

#include "smtpwatch/bytes.h"

#include <assert.h>

/*
 * A growing buffer. Zero-fill before first use; outbuf_free frees it. To begin a new record, set n
 * to 0: the buffer keeps its memory, so that a long run allocates no more.
 *
 * failed: memory was exhausted, so that text is missing. Later appends may still succeed. Check
 * failed once, before you write the buffer out.
 */
struct outbuf {
	char *p;
	size_t n, capacity;
	bool failed;
};

/* Makes room for `more` bytes behind n. Returns false with failed set if memory is exhausted, or
 * was exhausted before. Returns false with failed unchanged if `more` is above SIZE_MAX / 4.
 * Invalidates pointers into p. */
bool outbuf_grow(struct outbuf *b, size_t more);

/* Frees the memory and zero-fills *b. */
void outbuf_free(struct outbuf *b);

/* Returns the place for `more` bytes behind n, or NULL as outbuf_grow does. Borrowed until the next
 * call for b. After filling the place, add the number of bytes to b->n. */
static inline char *outbuf_reserve(struct outbuf *b, size_t more)
{
	return b->capacity - b->n >= more || outbuf_grow(b, more) ? b->p + b->n : NULL;
}

/* Appends n bytes. If outbuf_grow fails, nothing is appended. p may be NULL if n is 0. */
static inline void outbuf_bytes(struct outbuf *b, const void *p, size_t n)
{
	char *at = n ? outbuf_reserve(b, n) : NULL;
	assert(n == 0 || p);
	if (at) {
		memcpy(at, p, n);
		b->n += n;
	}
}

/* Appends one byte. */
static inline void outbuf_char(struct outbuf *b, char c)
{
	outbuf_bytes(b, &c, 1);
}

/* Appends a string without its NUL. */
static inline void outbuf_str(struct outbuf *b, const char *s)
{
	outbuf_bytes(b, s, strlen(s));
}

/* Append a number in decimal: outbuf_number as "1234567", outbuf_grouped as "1,234,567".
 * outbuf_seconds appends ns nanoseconds as seconds, rounded down to a microsecond: "1.234567". A
 * negative ns counts as 0. */
void outbuf_number(struct outbuf *b, uint64_t v);
void outbuf_grouped(struct outbuf *b, uint64_t v);
void outbuf_seconds(struct outbuf *b, int64_t ns);

/* Write a number to a place of the caller's, without a NUL: outbuf_digits as outbuf_number, at
 * least OUTBUF_DIGITS bytes of room; outbuf_seconds_put as outbuf_seconds, 7 bytes more. Return the
 * end of what counts. */
enum { OUTBUF_DIGITS = 20 };
char *outbuf_digits_many(char *at, uint64_t v);
static inline char *outbuf_digits(char *at, uint64_t v)
{
	if (v >= 10)
		return outbuf_digits_many(at, v);
	*at = (char)('0' + v);
	return at + 1;
}
char *outbuf_seconds_put(char *at, int64_t ns);

/* Write digits with leading zeros to a place of the caller's, without a NUL. outbuf_pair: v below
 * 100, two digits. outbuf_micros: us below 1,000,000, six digits. */
void outbuf_pair(char *at, unsigned v);
void outbuf_micros(char *at, uint32_t us);

/* Appends as printf, at most 1,023 bytes: the rest is cut off. Slower than the functions above. */
void outbuf_format(struct outbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
