/* split.c - cuts an input, and gives each piece memory of its own. */
#include "lib/split.h"

#include <stdlib.h>

static size_t piece_size(struct bytes left, enum split how, struct dice *dice)
{
	if (how == SPLIT_WHOLE)
		return left.n;
	if (how == SPLIT_BYTES)
		return 1;
	/* Mostly a few bytes, at times many. */
	size_t most = dice_roll(dice, 4) ? 9 : 1500, n = 1 + dice_roll(dice, (uint32_t)most);
	return n < left.n ? n : left.n;
}

void split_feed(struct bytes in, enum split how, struct dice *dice,
		void (*take)(void *arg, struct bytes piece), void *arg)
{
	while (in.n > 0) {
		struct bytes piece = bytes_first(in, piece_size(in, how, dice));
		in = bytes_from(in, piece.n);
		uint8_t *copy = malloc(piece.n);
		memcpy(copy, piece.p, piece.n);
		take(arg, bytes_of(copy, piece.n));
		free(copy);
	}
}

void split_babble(struct dice *dice, const char *alphabet, uint8_t *p, size_t n)
{
	uint32_t letters = (uint32_t)strlen(alphabet);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)alphabet[dice_roll(dice, letters)];
}
