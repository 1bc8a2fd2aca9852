/* hostile.h - sessions whose every text was chosen by somebody who wants to break an output. */
#ifndef SMTPWATCH_TESTS_LIB_HOSTILE_H
#define SMTPWATCH_TESTS_LIB_HOSTILE_H

#include "lib/made.h"

/* How many texts there are: hostile_text(0) ... NULL behind the last. */
const char *hostile_text(unsigned i);

/* A session that is an alert (221-for-message) and has text in every place that the wire fills. To
 * be freed with made_free. */
void hostile_make(struct made *m, struct bytes text);

/* The same with random bytes; *seed goes on. */
void hostile_random(struct made *m, unsigned *seed);

#endif
