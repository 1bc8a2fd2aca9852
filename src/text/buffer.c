/* buffer.c - growth of the buffer, and numbers as decimal text. */
#include "text/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUTBUF_FIRST = 16384 };

/* All pairs of digits. Two digits in one step need half of the divisions. */
static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334"
			    "353637383940414243444546474849"
			    "5051525354555657585960616263646566676869707172737475767778798081828384"
			    "858687888990919293949596979899";

bool outbuf_grow(struct outbuf *b, size_t more)
{
	size_t capacity = b->capacity ? b->capacity : OUTBUF_FIRST;
	char *p;
	if (b->failed || more > SIZE_MAX / 4)
		return false;
	while (capacity - b->n < more)
		capacity *= 2;
	p = realloc(b->p, capacity);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->capacity = capacity;
	return true;
}

void outbuf_free(struct outbuf *b)
{
	free(b->p);
	*b = (struct outbuf){0};
}

/* Writes v in decimal so that its last digit stands directly before `end`. Returns the place of the
 * first digit. */
static char *digits_before(char *end, uint64_t v)
{
	for (; v >= 100; v /= 100)
		memcpy(end -= 2, pairs + v % 100 * 2, 2);
	if (v >= 10)
		return memcpy(end - 2, pairs + v * 2, 2);
	*--end = (char)('0' + v);
	return end;
}

/* OUTBUF_DIGITS bytes are copied, of which only the digits count: memcpy with a constant length
 * needs no call. */
static __attribute__((noinline)) char *long_put(char *at, uint64_t v)
{
	char digits[2 * OUTBUF_DIGITS] = {0}, *end = digits + OUTBUF_DIGITS,
			*from = digits_before(end, v);
	memcpy(at, from, OUTBUF_DIGITS);
	return at + (end - from);
}

static inline char *pair_put(char *at, uint64_t v)
{
	memcpy(at, pairs + v * 2, 2);
	return at + 2;
}

/* Most numbers are short: sizes, windows, ports. */
char *outbuf_digits_many(char *at, uint64_t v)
{
	if (v >= 100000)
		return long_put(at, v);
	if (v >= 10000) {
		*at++ = (char)('0' + v / 10000);
		v %= 10000;
	} else if (v < 100) {
		return v < 10 ? outbuf_digits(at, v) : pair_put(at, v);
	} else if (v < 1000) {
		*at = (char)('0' + v / 100);
		return pair_put(at + 1, v % 100);
	}
	return pair_put(pair_put(at, v / 100), v % 100);
}

void outbuf_number(struct outbuf *b, uint64_t v)
{
	char *at = outbuf_reserve(b, OUTBUF_DIGITS);
	if (at)
		b->n = (size_t)(outbuf_digits(at, v) - b->p);
}

void outbuf_pair(char *at, unsigned v)
{
	memcpy(at, pairs + 2 * v, 2);
}

void outbuf_micros(char *at, uint32_t us)
{
	outbuf_pair(at, us / 10000);
	outbuf_pair(at + 2, us / 100 % 100);
	outbuf_pair(at + 4, us % 100);
}

void outbuf_grouped(struct outbuf *b, uint64_t v)
{
	char digits[OUTBUF_DIGITS], *end = digits + sizeof digits, *from = digits_before(end, v);
	for (size_t left = (size_t)(end - from); left > 0; left--) {
		outbuf_char(b, *from++);
		if (left > 1 && left % 3 == 1)
			outbuf_char(b, ',');
	}
}

char *outbuf_seconds_put(char *at, int64_t ns)
{
	/* After a clock was set back, a session can end before it began. */
	uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

	at = outbuf_digits(at, us / 1000000);
	*at = '.';
	outbuf_micros(at + 1, (uint32_t)(us % 1000000));
	return at + 7;
}

void outbuf_seconds(struct outbuf *b, int64_t ns)
{
	char *at = outbuf_reserve(b, OUTBUF_DIGITS + 7);
	if (at)
		b->n = (size_t)(outbuf_seconds_put(at, ns) - b->p);
}

void outbuf_format(struct outbuf *b, const char *format, ...)
{
	va_list args;
	char text[1024];
	int n;
	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n > 0)
		outbuf_bytes(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
