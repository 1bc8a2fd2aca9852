/* ascii.h - the little of text that a mail dialogue needs: words, blanks, letters in any case;
 * knows no locale. */
#ifndef SMTPWATCH_BASE_ASCII_H
#define SMTPWATCH_BASE_ASCII_H

#include "smtpwatch/bytes.h"

/* Letters of ASCII only; the rest as it is. */
static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* A CR inside a line is a blank too: servers split with isspace(), so that "QUIT" CR CR LF works.
 */
static inline bool ascii_blank(uint8_t c)
{
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\r');
}

static inline bool ascii_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_alnum(uint8_t c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* b without the blanks at both ends. */
static inline struct bytes ascii_trim(struct bytes b)
{
	while (b.n > 0 && ascii_blank(b.p[0]))
		b = bytes_from(b, 1);
	while (b.n > 0 && ascii_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

/* The same letter in any case, or the same byte. */
static inline bool ascii_same(uint8_t a, uint8_t b)
{
	return a == b || ((a ^ b) == 0x20 && ascii_lower(a) >= 'a' && ascii_lower(a) <= 'z');
}

/* How much of word b begins with, in any case. */
static inline size_t ascii_alike(struct bytes b, const char *word)
{
	size_t i = 0;
	while (i < b.n && word[i] && ascii_same(b.p[i], (uint8_t)word[i]))
		i++;
	return i;
}

/* b begins with word, in any case. */
static inline bool ascii_begins(struct bytes b, const char *word)
{
	return word[ascii_alike(b, word)] == '\0';
}

/* b is word, in any case. */
static inline bool ascii_is(struct bytes b, const char *word)
{
	size_t n = ascii_alike(b, word);
	return n == b.n && word[n] == '\0';
}

/* Takes the first word off the front of *b, which is moved behind it; empty when there is none. */
static inline struct bytes ascii_word(struct bytes *b)
{
	*b = ascii_trim(*b);
	size_t n = 0;
	while (n < b->n && !ascii_blank(b->p[n]))
		n++;
	struct bytes word = bytes_first(*b, n);
	*b = bytes_from(*b, n);
	return word;
}

#endif
