/* option_row.h - one option: everything that the command line, the configuration file and --help need to know of it. */
#ifndef SMTPWATCH_DAEMON_OPTION_ROW_H
#define SMTPWATCH_DAEMON_OPTION_ROW_H

#include "daemon/options.h"

#define OPTION_WHY 512

enum option_flag {
	OPTION_LINE = 1, /* on the command line only */
	OPTION_ADDS = 2  /* what the command line says is added to what the file says, and does not replace it */
};

struct option_row {
	const char *name;     /* "--name", and the name in the file */
	char letter;          /* 0: none */
	const char *arg;      /* what the value is called; NULL: a switch */
	const char *fallback; /* set before anything else is read, and shown by --help; NULL: none */
	unsigned flags;
	/* Takes a value (of a switch: NULL). False with a sentence in why: it is none for this option. The value lives as long as *o. */
	bool (*set)(struct options *o, const char *value, char why[OPTION_WHY]);
	const char *help; /* NULL: not shown */
	/* Where the default is the core's: writes it for --help. */
	void (*show)(struct outbuf *b, const struct options *defaults);
};

/* Ended by a row without a name. An option is added here (option_table.c). */
extern const struct option_row option_rows[];

#endif
