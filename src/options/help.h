/* help.h - the text of --help, from the tables of options and of outputs. */
#ifndef SMTPWATCH_OPTIONS_HELP_H
#define SMTPWATCH_OPTIONS_HELP_H

#include "options/row.h"

/* Appends the text of --help. If memory is exhausted, appends nothing or sets b->failed. */
void options_help(struct outbuf *b);

/* Appends the sentence of one option with its default: "used at most: 512M, 2G (default 1024M)".
 * defaults: as options_read fills them without any option. */
void options_help_row(struct outbuf *b, const struct option_row *row,
		      const struct options *defaults);

/* The meaning of each exit code; the index is the code. Terminated by NULL. */
extern const char *const options_exit_codes[];

#endif
