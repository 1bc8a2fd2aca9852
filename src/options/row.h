/* row.h - the table of options: one row for command line, configuration file, --help and the
 * manual. */
#ifndef SMTPWATCH_OPTIONS_ROW_H
#define SMTPWATCH_OPTIONS_ROW_H

#include "base/error.h"
#include "options/options.h"

enum option_flag {
	OPTION_LINE = 1,    /* command line only */
	OPTION_ADDS = 2,    /* the command line adds to the values of the file, and replaces none */
	OPTION_MANY = 4,    /* may stand in the file several times */
	OPTION_RESTART = 8, /* a reload does not change the option */
	/* A source of packets. On the command line the option replaces all such options of the
	   file. */
	OPTION_SOURCE = 16
};

/* One option. */
struct option_row {
	const char *name; /* "--name" on the command line, "name" in the file */
	char letter;      /* "-letter"; 0: none */
	/* Name of the value; NULL: a switch. The shell completion depends on the name
	 * (tests/program/make_docs.c). */
	const char *arg;
	const char *fallback; /* the default, set before all values; NULL: none, or see show */
	unsigned flags;       /* enum option_flag */
	/* Sets the value; NULL for a switch. The value outlives *o. Returns false with a sentence
	 * in why if the value is not valid. */
	bool (*set)(struct options *o, const char *value, struct error *why);
	const char *help; /* a sentence; NULL: not in --help */
	/* If the default comes from the core: appends it for --help. */
	void (*show)(struct outbuf *b, const struct options *defaults);
};

/* Options of one subject. rows is terminated by a row without a name. */
struct option_group {
	const char *title;
	const struct option_row *rows;
};

/* The tables, each beside its setters in rows_*.c. A new option gets a row in one of them. */
extern const struct option_row option_rows_capture[], option_rows_judge[], option_rows_output[],
	option_rows_limit[], option_rows_service[];

/* All options in the order of --help, terminated by a group without a title (options/table.c). */
extern const struct option_group option_groups[];

/* Returns the row with index i of all groups together, or NULL if there is none. */
const struct option_row *option_row_at(size_t i);

/* Return the option whose name is the first n bytes of name, or the option with the letter; NULL if
 * there is none. */
const struct option_row *option_row_named(const char *name, size_t n);
const struct option_row *option_row_lettered(char letter);

#endif
