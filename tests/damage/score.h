/* score.h - what was said of damaged sessions, against what is said of them whole; counted by way, engine and form. */
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

/* One round: its number and seed are told with what is wrong. whole: of x->base, if it is there. */
struct score_round {
	const struct damaged *x;
	unsigned way, engine;
	uint64_t number;
	const struct tally *whole, *now;
};
void score_take(struct scores *s, const struct score_round *r);

void score_print(const struct scores *s);

/* Each way and form had sessions, innocent ones and faults. */
bool score_covers(const struct scores *s);

#endif
