/* config_errors.h - collects the errors of a configuration and prints them in the order of the
 * file. */
#ifndef SMTPWATCH_OPTIONS_CONFIG_ERRORS_H
#define SMTPWATCH_OPTIONS_CONFIG_ERRORS_H

#include <stddef.h>
#include <stdio.h>

struct config_error {
	unsigned line; /* of the configuration file; 0: command line */
	char *text;    /* owned */
};

/* Set to and file, zero-fill the rest. config_errors_print frees what it holds. */
struct config_errors {
	FILE *to;
	const char *file;         /* the configuration file, borrowed; NULL: none */
	unsigned n;               /* errors found so far, printed ones included */
	struct config_error *all; /* those not yet printed, ordered by line */
	size_t all_n;
};

/* Adds an error. line: of the configuration file; 0: command line. Control bytes in the text are
 * escaped. If memory is exhausted, the error is printed at once. */
void config_errors_add(struct config_errors *m, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints the errors to m->to, "smtpwatch: FILE:LINE: TEXT" each, in the order of the lines. Frees
 * the errors; m->n stays. */
void config_errors_print(struct config_errors *m);

#endif
