/* ways.h - ways in which a capture misses what was on the wire, or has it otherwise. */
#ifndef SMTPWATCH_TESTS_DAMAGE_WAYS_H
#define SMTPWATCH_TESTS_DAMAGE_WAYS_H

#include "damage/form.h"
#include "lib/segments.h"

/* One round's. */
struct damaged {
	const struct item *item, *other; /* other: NULL, or whose capture is among its frames */
	struct frames_view view;
	/* What it is to be compared with too, where time was changed: with its pauses, and nothing
	 * lost. Else empty. */
	struct frames_view base;
};

struct way {
	const char *name;
	void (*make)(struct damaged *x, const struct items *all, struct dice *d);
};

enum { WAYS = 15 };
extern const struct way ways[WAYS];

/* Does it differ from what it is compared with? */
bool damaged_differs(const struct damaged *x);
void damaged_free(struct damaged *x);

#endif
