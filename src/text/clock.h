/* clock.h - the clocks of the system, in the unit of the captures. */
#ifndef SMTPWATCH_TEXT_CLOCK_H
#define SMTPWATCH_TEXT_CLOCK_H

#include "smtpwatch/frame.h"

#include <time.h>

/* Returns CLOCK_REALTIME in nanoseconds since the epoch, or CLOCK_MONOTONIC in nanoseconds. */
static inline int64_t clock_read(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return t.tv_sec * FRAME_SECOND + t.tv_nsec;
}

/* Returns CLOCK_MONOTONIC in milliseconds, for the timeout of poll(2). */
static inline int64_t clock_ms(void)
{
	return clock_read(CLOCK_MONOTONIC) / FRAME_MS;
}

#endif
