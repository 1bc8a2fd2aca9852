/* setting.h - the list of options as the operator gave them. A reload compares two such lists. */
#ifndef SMTPWATCH_OPTIONS_SETTING_H
#define SMTPWATCH_OPTIONS_SETTING_H

#include "options/config_errors.h"

struct option_row;

/* One option. */
struct setting {
	const struct option_row *row;
	const char *value; /* borrowed; NULL: a switch that is on */
	unsigned line;     /* of the configuration file; 0: the command line */
};

/* In the order in which they apply. Zero-filled before first use; settings_free frees it. */
struct settings {
	struct setting *all;
	size_t n;
};

/* Appends a setting. Adds an error to *m if memory is exhausted. */
void settings_add(struct settings *s, struct setting one, struct config_errors *m);

/* Returns the next setting of a row from index *at on, or NULL if there is none. Sets *at to the
 * index behind the setting. Borrowed until settings_add or settings_free. */
const struct setting *settings_next(const struct settings *s, const struct option_row *row,
				    size_t *at);

/* Frees the list, not the values. */
void settings_free(struct settings *s);

#endif
