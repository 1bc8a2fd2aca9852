/* line.h - reads the command line. */
#ifndef SMTPWATCH_OPTIONS_LINE_H
#define SMTPWATCH_OPTIONS_LINE_H

#include "options/config_errors.h"
#include "options/row.h"

/*
 * Appends the options of argv to *to, in their order. The values are borrowed from argv.
 * As with tcpdump(8), words that are no options form the filter expression: *filter has them,
 * joined by blanks, or NULL if there are none. Caller frees *filter. Adds an error to *m for each
 * faulty word.
 */
void option_line_read(struct settings *to, char **filter, int argc, char **argv,
		      struct config_errors *m);

#endif
