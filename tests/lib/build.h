/* build.h - from a scenario to the segments that a capture of it would hold. */
#ifndef SMTPWATCH_TESTS_BUILD_H
#define SMTPWATCH_TESTS_BUILD_H

#include "lib/build_trace.h"
#include "lib/scenario.h"

/* The scenario's capture in fair weather; free with trace_free. */
struct trace build_trace(const struct scenario *s);

#endif
