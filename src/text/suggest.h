/* suggest.h - the name that was probably meant where an unknown one was given. */
#ifndef SMTPWATCH_TEXT_SUGGEST_H
#define SMTPWATCH_TEXT_SUGGEST_H

#include <stddef.h>

/* Longer words have no near one. */
enum { SUGGEST_WORD_MAX = 48 };

/* A search under way: word, n and nothing else are filled in before the names are offered, and best
 * is read after them. */
struct suggestion {
	const char *word; /* borrowed */
	size_t n;
	const char *best; /* the first of the nearest names; NULL: none is so near that it may have
			     been meant */
	unsigned distance;
};

/*
 * Letters left out, added, changed or exchanged with their neighbour are counted; one for each
 * three letters of the word may be wrong. Case counts for nothing, nor does _ in place of -. name
 * is borrowed.
 */
void suggest_offer(struct suggestion *s, const char *name);

#endif
