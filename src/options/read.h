/* read.h - reads command line and configuration file into struct options. */
#ifndef SMTPWATCH_OPTIONS_READ_H
#define SMTPWATCH_OPTIONS_READ_H

#include "options/options.h"

/*
 * Reads argv, and the file that argv names with -c. Prints all errors to `errors`, a line each,
 * with file and line if the error is in the file. Returns the number of errors. argv is borrowed
 * until options_free, which is due after errors too.
 *
 * An option of argv replaces the same option of the file, unless both add up (OPTION_ADDS). A
 * source in argv (-r, -i) replaces all sources of the file.
 */
unsigned options_read(struct options *o, int argc, char **argv, FILE *errors);

/*
 * Reads the sources of *running again into *fresh, for SIGHUP, with the rights that the process has
 * now. Prints errors to `errors` and returns their number. options_free(fresh) is due after errors
 * too.
 *
 * After errors *fresh is of no other use. Without errors *fresh can replace *running, and borrows
 * nothing from it but argv.
 *
 * If an option with OPTION_RESTART has changed, *fresh gets the value of *running, and `errors` a
 * line about it. *unchanged is the number of these options. unchanged may be NULL.
 */
unsigned options_reload(const struct options *running, struct options *fresh, FILE *errors,
			unsigned *unchanged);

/* Frees what *o owns, not o itself. */
void options_free(struct options *o);

#endif
