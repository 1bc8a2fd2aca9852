/* setting.h - options as they were given, before they are applied: what a reload compares. */
#ifndef SMTPWATCH_OPTIONS_SETTING_H
#define SMTPWATCH_OPTIONS_SETTING_H

#include <stdbool.h>
#include <stddef.h>

struct option_row;

struct setting {
	const struct option_row *row;
	const char *value; /* borrowed; NULL: a switch */
	unsigned line;     /* of the configuration file; 0: the command line */
};

/* Zero-filled before first use. */
struct settings {
	struct setting *all;
	size_t n;
};

/* False where there is no memory. */
bool settings_add(struct settings *s, struct setting one);

/* The next one of this row at or after *at, which is moved behind it; NULL: there is no more. */
const struct setting *settings_next(const struct settings *s, const struct option_row *row,
				    size_t *at);

void settings_free(struct settings *s);

#endif
