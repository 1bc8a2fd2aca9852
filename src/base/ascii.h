/* ascii.h - the text functions that an SMTP dialogue needs: words, blanks, letters in any case.
 * Independent of the locale. */
#ifndef SMTPWATCH_BASE_ASCII_H
#define SMTPWATCH_BASE_ASCII_H

#include "smtpwatch/bytes.h"

/* Returns the lower case of an ASCII letter; any other byte as it is. */
static inline uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Returns the upper case of an ASCII letter; any other byte as it is. */
static inline uint8_t ascii_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c & 0xdf : c;
}

/* Returns true for space, tab and CR. A CR inside a line is a blank, because servers split lines
 * with isspace(): "QUIT" CR CR LF works. */
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

/* Returns b without the blanks at both ends. Borrowed from b. */
static inline struct bytes ascii_trim(struct bytes b)
{
	while (b.n > 0 && ascii_blank(b.p[0]))
		b = bytes_from(b, 1);
	while (b.n > 0 && ascii_blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

/* Returns true for the same letter in any case, or the same byte. */
static inline bool ascii_same(uint8_t a, uint8_t b)
{
	return a == b || ((a ^ b) == 0x20 && ascii_lower(a) >= 'a' && ascii_lower(a) <= 'z');
}

/* Returns true if a and b have the same length and, in any case, the same letters. */
static inline bool ascii_equal(struct bytes a, struct bytes b)
{
	size_t i = 0;
	while (i < a.n && i < b.n && ascii_same(a.p[i], b.p[i]))
		i++;
	return i == a.n && i == b.n;
}

/* Returns how many bytes at the front of b equal the front of word, in any case. */
static inline size_t ascii_alike(struct bytes b, const char *word)
{
	size_t i = 0;
	while (i < b.n && word[i] && ascii_same(b.p[i], (uint8_t)word[i]))
		i++;
	return i;
}

/* Returns true if b begins with word, in any case. */
static inline bool ascii_begins(struct bytes b, const char *word)
{
	return word[ascii_alike(b, word)] == '\0';
}

/* Returns true if b equals word, in any case. */
static inline bool ascii_is(struct bytes b, const char *word)
{
	size_t n = ascii_alike(b, word);
	return n == b.n && word[n] == '\0';
}

/* Returns true if word stands anywhere in b, in any case. */
static inline bool ascii_contains(struct bytes b, const char *word)
{
	while (b.n > 0 && !ascii_begins(b, word))
		b = bytes_from(b, 1);
	return ascii_begins(b, word);
}

/* Returns the first word of *b and moves *b behind it; empty if there is no word. Borrowed from b.
 */
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
