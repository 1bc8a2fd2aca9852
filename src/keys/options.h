/* options.h - the command line of smtpwatch-keys. */
#ifndef SMTPWATCH_KEYS_OPTIONS_H
#define SMTPWATCH_KEYS_OPTIONS_H

#include "keys/finder.h"

/* Where lines go if --output does not say it: the unit file of smtpwatch reads them there. */
#define KEYS_FIFO "/run/smtpwatch-keys.fifo"

/* What to do. */
enum keys_action { KEYS_RUN, KEYS_CHECK, KEYS_TEST, KEYS_PRINTED };

struct keys_options {
	enum keys_action action;
	struct finder_wishes wishes;
	const char *names[FINDER_NAMED]; /* of wishes */
	const char *output, *ports, *user;
	unsigned seconds; /* of --check: how long sessions are counted; 0: not at all */
};

/* Reads the command line. Returns false after printing what is wrong. Words are borrowed from argv.
 * --help and --version are printed here. */
bool keys_options_read(struct keys_options *o, int argc, char **argv);

#endif
