/* help.h - what --help says. */
#ifndef SMTPWATCH_OPTIONS_HELP_H
#define SMTPWATCH_OPTIONS_HELP_H

#include "options/row.h"

/* The whole text, from the tables of options and of outputs. */
void options_help(struct outbuf *b);

/* An option's sentence with its default: "used at most: 512M, 2G (default 1024M)". defaults: as
 * options_read leaves them where nothing is given. */
void options_help_row(struct outbuf *b, const struct option_row *row,
		      const struct options *defaults);

/* The codes the program exits with, ended by a row without words; the index is the code. */
extern const char *const options_exit_codes[];

#endif
