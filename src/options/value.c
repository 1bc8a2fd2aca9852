/* value.c - reads and shows values of each kind. */
#include "options/row.h"

#include <stdlib.h>

/* Reads a decimal number within the bounds of the row, optionally with one character of suffixes,
 * which multiplies by the factor of the same index. Returns false if value is no such number. */
static bool number_read(uint64_t *to, const struct option_row *row, const char *value,
			const char *suffixes, const uint64_t *factors)
{
	uint64_t n, factor = 1;
	size_t digits = strspn(value, "0123456789");
	const char *suffix = value[digits] != '\0' ? strchr(suffixes, value[digits]) : NULL;
	if (digits == 0 || digits > 18 ||
	    (value[digits] != '\0' && (!suffix || value[digits + 1] != '\0')))
		return false;
	n = strtoull(value, NULL, 10);
	if (suffix)
		factor = factors[suffix - suffixes];
	if (n > row->max / factor || n * factor < row->min)
		return false;
	*to = n * factor;
	return true;
}

static bool number_set(unsigned *to, const struct option_row *row, const char *value,
		       struct error *why)
{
	uint64_t n;
	if (!number_read(&n, row, value, "", NULL))
		return error_set(why, "\"%.99s\" is no number from %llu to %llu", value,
				 (unsigned long long)row->min, (unsigned long long)row->max);
	*to = (unsigned)n;
	return true;
}

static bool size_set(size_t *to, const struct option_row *row, const char *value, struct error *why)
{
	static const uint64_t factors[] = {1 << 10, 1 << 20, 1 << 30};
	uint64_t n;
	if (number_read(&n, row, value, "KMG", factors)) {
		*to = (size_t)n;
		return true;
	}
	error_set(why, "\"%.99s\" is no size of at least %lluM", value,
		  (unsigned long long)row->min >> 20);
	if (row->max < SIZE_MAX / 2)
		error_append(why, " and at most %lluM", (unsigned long long)row->max >> 20);
	return error_append(why, ", such as 64M or 1G");
}

static bool time_set(int64_t *to, const struct option_row *row, const char *value,
		     struct error *why)
{
	static const uint64_t factors[] = {1, 60, 3600, 86400};
	uint64_t seconds;
	if (number_read(&seconds, row, value, "smhd", factors)) {
		*to = (int64_t)seconds * FRAME_SECOND;
		return true;
	}
	return error_set(
		why,
		row->min == 0
			? "\"%.99s\" is neither 0 nor a time of up to 30 days, such as 60, 60s "
			  "or 2m"
			: "\"%.99s\" is no time of 1 second to 30 days, such as 90s, 30m or 2h",
		value);
}

bool option_time_read(int64_t *to, const char *value, struct error *why)
{
	static const struct option_row any = {.min = 0, .max = OPTION_TIME_MAX};
	return time_set(to, &any, value, why);
}

static bool choice_set(unsigned *to, const struct option_row *row, const char *value,
		       struct error *why)
{
	unsigned choice = row->read(value);
	if (choice < row->min || choice > row->max)
		return error_set(why, "\"%.99s\" is none of %s", value, row->names);
	*to = choice;
	return true;
}

static bool list_add(struct options_list *list, const char *value, struct error *why)
{
	const char **all = realloc(list->all, (list->n + 1) * sizeof *all);
	if (!all)
		return error_set(why, "no memory");
	all[list->n++] = value;
	list->all = all;
	return true;
}

bool option_set(struct options *o, const struct option_row *row, const char *value,
		struct error *why)
{
	void *to = (char *)o + row->member;
	if (row->hand && !row->hand(o, value, why))
		return false;
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)to = true;
		return true;
	case OPTION_ACTION:
		*(enum options_action *)to = (enum options_action)row->min;
		return true;
	case OPTION_STRING:
		*(const char **)to = value;
		return true;
	case OPTION_LIST:
		return list_add(to, value, why);
	case OPTION_NUMBER:
		return number_set(to, row, value, why);
	case OPTION_SIZE:
		return size_set(to, row, value, why);
	case OPTION_TIME:
		return time_set(to, row, value, why);
	case OPTION_CHOICE:
		return choice_set(to, row, value, why);
	case OPTION_HAND:
		return true;
	}
	return true;
}

void option_show(struct outbuf *b, const struct option_row *row, const struct options *o)
{
	const void *at = (const char *)o + row->member;
	if (row->kind == OPTION_NUMBER)
		outbuf_number(b, *(const unsigned *)at);
	else if (row->kind == OPTION_SIZE)
		outbuf_format(b, "%zuM", *(const size_t *)at >> 20);
	else
		outbuf_format(b, "%llds", (long long)(*(const int64_t *)at / FRAME_SECOND));
}
