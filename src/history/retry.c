/* retry.c - compares pauses with the table. */
#include "history/retry.h"

#include <stdbool.h>

enum { FEW = 2, EARLY = 5 };

/* Quarters of an hour for two hours, then growing by half from one hour to 16 h, then six hours. */
static uint32_t retry_exim(uint32_t n)
{
	uint32_t pause = 3600;
	if (n <= 8)
		return 900;
	for (uint32_t i = 9; i < n && pause < 57600; i++)
		pause += pause / 2;
	return pause < 57600 ? pause : 21600;
}

static const struct retry_row rows[] = {
#define RETRY(name, slack, give_up, pause) {name, give_up},
#include "history/retry.def"
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* The n-th pause of a row, and by how much it may be longer. */
static uint32_t pause_of(size_t row, uint32_t n, uint32_t first, uint32_t *longer)
{
	const uint32_t pauses[ROWS] = {
#define RETRY(name, slack, give_up, pause) pause,
#include "history/retry.def"
	};
	const uint32_t slacks[ROWS] = {
#define RETRY(name, slack, give_up, pause) slack,
#include "history/retry.def"
	};
	*longer = slacks[row];
	return pauses[row];
}

static bool fits(size_t row, const uint32_t *pauses, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t longer, pause = pause_of(row, (uint32_t)i + 1, pauses[0], &longer);
		if (pauses[i] + EARLY < pause - pause / 20 || pauses[i] > pause + longer + EARLY)
			return false;
	}
	return true;
}

const struct retry_row *retry_find(const uint32_t *pauses, size_t n)
{
	const struct retry_row *found = NULL;
	for (size_t i = 0; i < ROWS && n >= FEW; i++) {
		if (!fits(i, pauses, n))
			continue;
		if (found)
			return NULL;
		found = &rows[i];
	}
	return found;
}
