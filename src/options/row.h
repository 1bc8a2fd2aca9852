/* row.h - one option: everything that the command line, the configuration file, --help and
 * the manual need to know of it. */
#ifndef SMTPWATCH_OPTIONS_ROW_H
#define SMTPWATCH_OPTIONS_ROW_H

#include "options/options.h"

#define OPTION_WHY 512

enum option_flag {
	OPTION_LINE = 1, /* on the command line only */
	OPTION_ADDS = 2, /* what the command line says is added to what the file says, and does not
			    replace it */
	OPTION_MANY = 4, /* may be given several times; without it a second time in the file is a
			    mistake */
	OPTION_RESTART = 8, /* a reload leaves it as it was */
	OPTION_SOURCE = 16  /* says where packets come from; given on the command line it replaces
			       every such option of the file */
};

struct option_row {
	const char *name; /* "--name", and the name in the file */
	char letter;      /* 0: none */
	const char *arg;  /* what the value is called, which tells the completion its kind
			     (tests/program/make_docs.c); NULL: a switch */
	const char
		*fallback; /* set before anything else is read, and shown by --help; NULL: none */
	unsigned flags;
	/* Takes a value (of a switch: NULL). False with a sentence in why: it is none for this
	 * option. The value lives as long as *o. */
	bool (*set)(struct options *o, const char *value, char why[OPTION_WHY]);
	const char *help; /* NULL: not shown */
	/* Where the default is the core's: writes it for --help. */
	void (*show)(struct outbuf *b, const struct options *defaults);
};

/* Rows of one subject, ended by a row without a name. */
struct option_group {
	const char *title;
	const struct option_row *rows;
};

/* An option is added as a row of one of these; each stands with its setters in the file of its
 * subject. */
extern const struct option_row option_rows_capture[], option_rows_judge[], option_rows_output[],
	option_rows_limit[], option_rows_service[];

/* All of them in the order of --help, ended by a group without a title (options/table.c). */
extern const struct option_group option_groups[];

/* The i-th of all rows; NULL: there are no more. */
const struct option_row *option_row_at(size_t i);

/* By the first n bytes of name, or by letter; NULL: there is none. */
const struct option_row *option_row_named(const char *name, size_t n);
const struct option_row *option_row_lettered(char letter);

#endif
