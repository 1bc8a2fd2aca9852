/* buffer.h - a growing buffer into which records are rendered, and the few ways to put something in
 * it. */
#ifndef SMTPWATCH_TEXT_BUFFER_H
#define SMTPWATCH_TEXT_BUFFER_H

#include "smtpwatch/bytes.h"

#include <assert.h>

/*
 * Zero-filled before first use. Keeps its memory from record to record, so that in the long run
 * nothing is allocated. Where the system has none, `failed` is set and everything further is left
 * out: the holder looks at it once, before it writes the buffer out.
 */
struct outbuf {
	char *p;
	size_t n, capacity;
	bool failed;
};

bool outbuf_grow(struct outbuf *b, size_t more);
void outbuf_free(struct outbuf *b);

/* A place for `more` bytes behind what is there, or NULL. What was filled in is taken over by
 * adding to b->n. */
static inline char *outbuf_reserve(struct outbuf *b, size_t more)
{
	return b->capacity - b->n >= more || outbuf_grow(b, more) ? b->p + b->n : NULL;
}

static inline void outbuf_bytes(struct outbuf *b, const void *p, size_t n)
{
	char *at = n ? outbuf_reserve(b, n) : NULL;

	assert(n == 0 || p != NULL);
	if (at != NULL) {
		memcpy(at, p, n);
		b->n += n;
	}
}

static inline void outbuf_char(struct outbuf *b, char c)
{
	outbuf_bytes(b, &c, 1);
}

static inline void outbuf_str(struct outbuf *b, const char *s)
{
	outbuf_bytes(b, s, strlen(s));
}

/* A number in decimal; grouped: "1,234,567"; seconds: nanoseconds as "1.234567". */
void outbuf_number(struct outbuf *b, uint64_t v);
void outbuf_grouped(struct outbuf *b, uint64_t v);
void outbuf_seconds(struct outbuf *b, int64_t ns);

/* Digits with leading noughts, at a place that the caller has: two of a number below 100, six of
 * one below a million. */
void outbuf_pair(char *at, unsigned v);
void outbuf_micros(char *at, uint32_t us);

/* For what is written seldom. */
void outbuf_format(struct outbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
