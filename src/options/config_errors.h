/* config_errors.h - what is wrong with a configuration, told a line each, all of it. */
#ifndef SMTPWATCH_OPTIONS_CONFIG_ERRORS_H
#define SMTPWATCH_OPTIONS_CONFIG_ERRORS_H

#include <stddef.h>
#include <stdio.h>

struct config_error {
	unsigned line;
	char *text;
};

/* Zero-filled before first use, but for `to` and `file`. */
struct config_errors {
	FILE *to;
	const char *file; /* the configuration file; NULL: there is none */
	unsigned n;       /* found so far */
	struct config_error *all;
	size_t kept; /* in all */
};

/* line 0: it stands on the command line. Told by config_errors_print, or at once where there is no
 * memory. */
void config_errors_add(struct config_errors *m, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells what was found so far, "smtpwatch: FILE:LINE: " and the sentence, in the order of the
 * lines, and forgets all but their number. */
void config_errors_print(struct config_errors *m);

#endif
