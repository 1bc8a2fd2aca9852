/* value.h - reads the values of options: numbers, sizes, times, lists. */
#ifndef SMTPWATCH_OPTIONS_VALUE_H
#define SMTPWATCH_OPTIONS_VALUE_H

#include "base/error.h"
#include "options/row.h"

/* Each function reads the whole value into *to. Returns false if the value has another form or is
 * out of bounds; why then has a sentence that names the right form. */

/* Reads a decimal number from min to max. */
bool option_value_number(uint64_t *to, const char *value, uint64_t min, uint64_t max,
			 struct error *why);

/* Reads a number of bytes, "65536", "64K", "512M" or "2G", from min to max. K is 1024. */
bool option_value_size(size_t *to, const char *value, size_t min, size_t max, struct error *why);

/* Reads a time, "90", "90s", "30m" or "2h", into nanoseconds. Bounds: one second to 30 days; if
 * off_allowed, 0 is valid too. */
bool option_value_time(int64_t *to, const char *value, bool off_allowed, struct error *why);

/* Appends the value to the list; borrowed. Returns false with a sentence in why if memory is
 * exhausted. */
bool option_value_add(struct options_list *list, const char *value, struct error *why);

#endif
