/* value.h - the kinds of values that options have: numbers, sizes, times, lists. */
#ifndef SMTPWATCH_OPTIONS_VALUE_H
#define SMTPWATCH_OPTIONS_VALUE_H

#include "options/row.h"

/* Each reads all of value into *to. False, with a sentence in why that says what would be right: it
 * is none, or not within the bounds. */

bool option_value_number(uint64_t *to, const char *value, uint64_t min, uint64_t max,
			 char why[OPTION_WHY]);

/* Bytes: "65536", "64K", "512M", "2G". */
bool option_value_size(size_t *to, const char *value, size_t min, size_t max, char why[OPTION_WHY]);

/* Nanoseconds from "90", "90s", "30m", "2h": one second to thirty days; off_allowed: 0 too. */
bool option_value_time(int64_t *to, const char *value, bool off_allowed, char why[OPTION_WHY]);

/* Puts the value, borrowed, behind the list's. False where there is no memory. */
bool option_value_add(struct options_list *list, const char *value, char why[OPTION_WHY]);

#endif
