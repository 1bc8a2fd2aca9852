/* value.c - reads numbers, sizes and times. */
#include "options/value.h"

#include <stdlib.h>

enum { DAYS_MAX = 30, DAY = 86400 };

/* Reads a decimal number, optionally with one character of suffixes, which multiplies by the factor
 * of the same index. Returns false if value is no such number or out of bounds. */
static bool number_read(uint64_t *to, const char *value, const char *suffixes,
			const uint64_t *factors, uint64_t min, uint64_t max)
{
	uint64_t n, factor = 1;
	size_t digits = strspn(value, "0123456789");
	const char *suffix = value[digits] != '\0' ? strchr(suffixes, value[digits]) : NULL;

	if (digits == 0 || digits > 18 ||
	    (value[digits] != '\0' && (suffix == NULL || value[digits + 1] != '\0')))
		return false;
	n = strtoull(value, NULL, 10);
	if (suffix != NULL)
		factor = factors[suffix - suffixes];
	if (n > max / factor || n * factor < min)
		return false;
	*to = n * factor;
	return true;
}

bool option_value_number(uint64_t *to, const char *value, uint64_t min, uint64_t max,
			 struct error *why)
{
	if (number_read(to, value, "", NULL, min, max))
		return true;
	return error_set(why, "\"%.99s\" is no number from %llu to %llu", value,
			 (unsigned long long)min, (unsigned long long)max);
}

bool option_value_size(size_t *to, const char *value, size_t min, size_t max, struct error *why)
{
	static const uint64_t factors[] = {1 << 10, 1 << 20, 1 << 30};
	uint64_t n;

	if (number_read(&n, value, "KMG", factors, min, max)) {
		*to = (size_t)n;
		return true;
	}
	error_set(why, "\"%.99s\" is no size of at least %zuM", value, min >> 20);
	if (max < SIZE_MAX / 2)
		error_append(why, " and at most %zuM", max >> 20);
	return error_append(why, ", such as 64M or 1G");
}

bool option_value_time(int64_t *to, const char *value, bool off_allowed, struct error *why)
{
	static const uint64_t factors[] = {1, 60, 3600};
	uint64_t seconds;

	if (number_read(&seconds, value, "smh", factors, off_allowed ? 0 : 1, DAYS_MAX * DAY)) {
		*to = (int64_t)seconds * FRAME_SECOND;
		return true;
	}
	return error_set(
		why,
		off_allowed ? "\"%.99s\" is neither 0 nor a time of up to 30 days, such as 60, 60s "
			      "or 2m"
			    : "\"%.99s\" is no time of 1 second to 30 days, such as 90s, 30m or 2h",
		value);
}

bool option_value_add(struct options_list *list, const char *value, struct error *why)
{
	const char **all = realloc(list->all, (list->n + 1) * sizeof(*all));

	if (all == NULL)
		return error_set(why, "no memory");
	all[list->n++] = value;
	list->all = all;
	return true;
}
