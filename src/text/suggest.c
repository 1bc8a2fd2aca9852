/* suggest.c - edit distance between words (optimal string alignment: Damerau-Levenshtein, but no
 * part of a word is edited twice). */
#include "text/suggest.h"

#include <stdbool.h>
#include <string.h>

static char letter(char c)
{
	return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Returns the distance between a (n letters) and b (m letters). rows[i % 3][j]: the distance
 * between the first i letters of a and the first j letters of b. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][SUGGEST_WORD_MAX + 1];
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3],
			 *higher = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			bool same = letter(a[i - 1]) == letter(b[j - 1]);
			row[j] = least(least(row[j - 1], above[j]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) &&
			    letter(a[i - 2]) == letter(b[j - 1]))
				row[j] = least(row[j], higher[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

void suggest_offer(struct suggestion *s, const char *name)
{
	size_t m = strlen(name);
	unsigned d;
	if (s->n == 0 || s->n > SUGGEST_WORD_MAX || m > SUGGEST_WORD_MAX)
		return;
	d = distance(s->word, s->n, name, m);
	if (d > 1 && d > s->n / 3)
		return;
	if (!s->best || d < s->distance) {
		s->best = name;
		s->distance = d;
	}
}
