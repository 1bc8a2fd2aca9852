/* build.h - from a scenario to the segments that a capture of it would hold. */
#ifndef SMTPWATCH_TESTS_BUILD_H
#define SMTPWATCH_TESTS_BUILD_H

#include "lib/build_wire.h"
#include "lib/scenario.h"

/* The scenario's capture in fair weather; free with wire_free. */
struct wire build_wire(const struct scenario *s);

#endif
