/* read.h - command line and configuration file, read by one table. */
#ifndef SMTPWATCH_OPTIONS_READ_H
#define SMTPWATCH_OPTIONS_READ_H

#include "options/options.h"

/*
 * Reads argv and the file it names with -c; what stands on the command line replaces what the file
 * says, and -r or -i there every -r and -i of the file. All mistakes are told on `errors`, a line
 * each, with file and line where they stand in the file. The number of mistakes. argv is borrowed
 * for the life of *o. options_free is due in either case.
 */
unsigned options_read(struct options *o, int argc, char **argv, FILE *errors);

/*
 * Reads once more what *running was read from, into *fresh: on SIGHUP. The number of mistakes, told
 * on `errors`; with any, *fresh is of no use and the program goes on as it runs. With none, *fresh
 * can take the place of *running, of which it borrows nothing. A changed option that only a start
 * can take (OPTION_RESTART) stays as it was in *running, and a line on `errors` says so; *held,
 * which may be NULL, is the number of those. options_free(fresh) is due in either case. The file is
 * read with the rights that the process has by then.
 */
unsigned options_reload(const struct options *running, struct options *fresh, FILE *errors,
			unsigned *held);

void options_free(struct options *o);

#endif
