/* within.h - a number between two bounds. cmocka 2 deprecates assert_in_range, and cmocka 1 has
 * nothing in its place. */
#ifndef SMTPWATCH_TESTS_WITHIN_H
#define SMTPWATCH_TESTS_WITHIN_H

#include <stdbool.h>
#include <stdint.h>

/* A function, because compilers warn where a bound is a constant 0. */
static inline bool within(uintmax_t n, uintmax_t min, uintmax_t max)
{
	return n >= min && n <= max;
}

/* Fails unless least <= value <= most. Include cmocka.h before. */
#define assert_within(value, min, max)                                                             \
	do {                                                                                       \
		uintmax_t is_within = (uintmax_t)(value);                                          \
		if (!within(is_within, (uintmax_t)(min), (uintmax_t)(max)))                        \
			fail_msg("%s is %ju, and not within %ju to %ju", #value, is_within,        \
				 (uintmax_t)(min), (uintmax_t)(max));                              \
	} while (0)

#endif
