/* table.c - the table of all options, by subject. */
#include "options/row.h"

const struct option_group option_groups[] = {
	{"Packets", option_rows_capture}, {"Judgement", option_rows_judge},
	{"Outputs", option_rows_output},  {"Engine and limits", option_rows_limit},
	{"Program", option_rows_service}, {0},
};

const struct option_row *option_row_at(size_t i)
{
	for (const struct option_group *g = option_groups; g->title != NULL; g++)
		for (const struct option_row *row = g->rows; row->name != NULL; row++)
			if (i-- == 0)
				return row;
	return NULL;
}

const struct option_row *option_row_named(const char *name, size_t n)
{
	const struct option_row *row;

	for (size_t i = 0; (row = option_row_at(i)) != NULL; i++)
		if (strlen(row->name) == n && memcmp(row->name, name, n) == 0)
			return row;
	return NULL;
}

const struct option_row *option_row_lettered(char letter)
{
	const struct option_row *row;

	for (size_t i = 0; (row = option_row_at(i)) != NULL; i++)
		if (row->letter == letter)
			return row;
	return NULL;
}
