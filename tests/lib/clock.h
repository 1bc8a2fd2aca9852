/* clock.h - for tests that wait for another process. */
#ifndef SMTPWATCH_TESTS_LIB_CLOCK_H
#define SMTPWATCH_TESTS_LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that nobody sets. */
static inline int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* Waits 10 milliseconds. */
static inline void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

#endif
