/* line.h - the command line, word by word. */
#ifndef SMTPWATCH_OPTIONS_LINE_H
#define SMTPWATCH_OPTIONS_LINE_H

#include "options/config_errors.h"
#include "options/row.h"

/*
 * What argv gives, in its order; values are borrowed from it. Words that are no options are the
 * filter, as with tcpdump: joined by blanks in *filter, to be freed by the caller; NULL: there were
 * none.
 */
void option_line_read(struct settings *to, char **filter, int argc, char **argv,
		      struct config_errors *m);

#endif
