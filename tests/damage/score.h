/* score.h - what was said of damaged sessions, against what is said of them whole; counted by way,
 * engine and form. */
#ifndef SMTPWATCH_TESTS_DAMAGE_SCORE_H
#define SMTPWATCH_TESTS_DAMAGE_SCORE_H

#include "damage/ways.h"

struct score {
	unsigned long rounds, sessions, innocent, alerts, faults, named, clean;
};

struct scores {
	struct score way[WAYS][2], form[FORMS][2];
	struct score all;
	unsigned long failures;
};

/* One round: its number is told with what is wrong. */
struct score_round {
	const struct damaged *x;
	unsigned way, engine;
	uint64_t number;
	const struct tally *now;
	const struct tally *base, *base_keyless; /* of x->base: NULL where there is none; without
						    its keys, NULL where it has none */
};
void score_take(struct scores *s, const struct score_round *r);

void score_print(const struct scores *s);

/* Each way and form had sessions, innocent ones and faults. */
bool score_covers(const struct scores *s);

#endif
