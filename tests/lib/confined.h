/* confined.h - how a process ends that is confined, and then does something. */
#ifndef SMTPWATCH_TESTS_CONFINED_H
#define SMTPWATCH_TESTS_CONFINED_H

#include <stdbool.h>

/* Exit codes of the processes. */
enum { FINE = 0, REFUSED = 3, WRONG = 4 };

/* Its exit code, or 128 and the signal. role: as for sandbox_enter; counting: what the filter does
 * not know is counted. */
int confined_ends(unsigned role, bool counting, void (*doing)(void));

#endif
