/* within.h - a number between two bounds. cmocka 2 deprecates assert_in_range, and cmocka 1 has
 * nothing in its place. */
#ifndef SMTPWATCH_TESTS_WITHIN_H
#define SMTPWATCH_TESTS_WITHIN_H

#include <stdbool.h>
#include <stdint.h>

/* A function, because compilers warn where a bound is a constant 0. */
static inline bool within(uintmax_t n, uintmax_t least, uintmax_t most)
{
	return n >= least && n <= most;
}

/* Fails unless least <= value <= most. Include cmocka.h before. */
#define assert_within(value, least, most)                                                          \
	do {                                                                                       \
		uintmax_t is_within = (uintmax_t)(value);                                          \
		if (!within(is_within, (uintmax_t)(least), (uintmax_t)(most)))                     \
			fail_msg("%s is %ju, and not within %ju to %ju", #value, is_within,        \
				 (uintmax_t)(least), (uintmax_t)(most));                           \
	} while (0)

#endif
