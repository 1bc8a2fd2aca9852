/* suggest.h - the known name that is nearest to an unknown one. */
#ifndef SMTPWATCH_TEXT_SUGGEST_H
#define SMTPWATCH_TEXT_SUGGEST_H

#include <stddef.h>

/* Length limit in bytes: for a longer word nothing is suggested, and a longer name is ignored. */
enum { SUGGEST_WORD_MAX = 48 };

/* A search for the nearest name. Set word and n, and zero-fill the rest. Then call suggest_offer
 * for each known name. Then read best. */
struct suggestion {
	const char *word; /* borrowed while the search lasts; needs no NUL */
	size_t n;
	const char *best;  /* the first of the nearest names, borrowed; NULL: none is near enough */
	unsigned distance; /* of best */
};

/*
 * Offers one name; name is borrowed for the life of best. The distance counts letters that are
 * missing, added, changed or swapped with their neighbour. A name is near enough if its distance is
 * at most n / 3, or 1. Case does not matter, and '_' equals '-'.
 */
void suggest_offer(struct suggestion *s, const char *name);

#endif
