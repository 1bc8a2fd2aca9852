/* outbuf.c - the growing buffer's own code: growth, numbers. */
#include "output/outbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUTBUF_FIRST = 16384, NUMBER_DIGITS = 20 };

bool outbuf_grow(struct outbuf *b, size_t more)
{
	size_t room = b->room ? b->room : OUTBUF_FIRST;
	char *p;

	if (b->failed || more > SIZE_MAX / 4)
		return false;
	while (room - b->n < more)
		room *= 2;
	p = realloc(b->p, room);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->room = room;
	return true;
}

void outbuf_free(struct outbuf *b)
{
	free(b->p);
	*b = (struct outbuf){0};
}

/* Writes v so that its last digit stands before `end`; returns where the first one stands. */
static char *digits_before(char *end, uint64_t v)
{
	do
		*--end = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	return end;
}

void outbuf_number(struct outbuf *b, uint64_t v)
{
	char digits[NUMBER_DIGITS], *end = digits + sizeof(digits), *from = digits_before(end, v);

	outbuf_bytes(b, from, (size_t)(end - from));
}

void outbuf_grouped(struct outbuf *b, uint64_t v)
{
	char digits[NUMBER_DIGITS], *end = digits + sizeof(digits), *from = digits_before(end, v);

	for (size_t left = (size_t)(end - from); left > 0; left--) {
		outbuf_char(b, *from++);
		if (left > 1 && left % 3 == 1)
			outbuf_char(b, ',');
	}
}

void outbuf_fixed(struct outbuf *b, uint64_t v, unsigned digits)
{
	char text[NUMBER_DIGITS], *end = text + sizeof(text), *from = digits_before(end, v);

	assert(digits <= NUMBER_DIGITS);
	while (end - from < (int)digits)
		*--from = '0';
	outbuf_bytes(b, from, (size_t)(end - from));
}

void outbuf_seconds(struct outbuf *b, int64_t ns)
{
	/* A stepped clock can make a session end before it began; no reader is helped by a negative length. */
	uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;

	outbuf_number(b, us / 1000000);
	outbuf_char(b, '.');
	outbuf_fixed(b, us % 1000000, 6);
}

void outbuf_format(struct outbuf *b, const char *format, ...)
{
	va_list args;
	char text[1024];
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		outbuf_bytes(b, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}
