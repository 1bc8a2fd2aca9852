/* row.h - the table of options: one row for command line, configuration file, --help and the
 * manual. */
#ifndef SMTPWATCH_OPTIONS_ROW_H
#define SMTPWATCH_OPTIONS_ROW_H

#include "base/error.h"
#include "options/config_errors.h"
#include "options/options.h"

/* The longest time that is a value: seconds. */
enum { OPTION_TIME_MAX = 30 * 86400 };

enum option_flag {
	OPTION_LINE = 1,    /* command line only */
	OPTION_ADDS = 2,    /* the command line adds to the values of the file, and replaces none */
	OPTION_MANY = 4,    /* may stand in the file several times */
	OPTION_RESTART = 8, /* a reload does not change the option */
	/* A source of packets. On the command line the option replaces all such options of the
	   file. */
	OPTION_SOURCE = 16,
	OPTION_CORE = 32 /* the default is the core's; a NUMBER, SIZE or TIME */
};

/* What a value is; options.def explains the kinds. */
enum option_kind {
	OPTION_FLAG,
	OPTION_ACTION,
	OPTION_STRING,
	OPTION_LIST,
	OPTION_NUMBER,
	OPTION_SIZE,
	OPTION_TIME,
	OPTION_CHOICE,
	OPTION_HAND
};

/* One option; options.def explains the members. */
struct option_row {
	const char *group, *name;
	char letter;
	const char *arg;
	enum option_kind kind;
	size_t member;     /* offset in struct options, bytes */
	uint64_t min, max; /* of a value. ACTION: min is the value. CHOICE: max is `end` */
	/* Checks the value before it is stored, or stores it; NULL: nothing to check. The value
	 * outlives *o. Returns false with a sentence in why if the value is not valid. */
	bool (*hand)(struct options *o, const char *value, struct error *why);
	unsigned (*read)(const char *name);
	const char *names; /* for people */
	const char *fallback;
	unsigned flags; /* enum option_flag */
	const char *help;
};

/* All options in the order of --help, terminated by a row without a name. */
extern const struct option_row option_rows[];

/* Returns the title of the group that the row begins, or NULL. */
const char *option_group_begun(const struct option_row *row);

/* Return the option whose name is the first n bytes of name, or the option with the letter; NULL if
 * there is none. */
const struct option_row *option_row_named(const char *name, size_t n);
const struct option_row *option_row_lettered(char letter);

/* Appends a setting. Adds an error to *m if memory is exhausted. */
void settings_add(struct settings *s, struct setting one, struct config_errors *m);

/* Returns the next setting of a row from index *at on, or NULL if there is none. Sets *at to the
 * index behind the setting. Borrowed until settings_add. */
const struct setting *settings_next(const struct settings *s, const struct option_row *row,
				    size_t *at);

/* Adds an error about a name, n bytes, that no option has, and suggests the nearest. line: of the
 * configuration file; 0: the command line. */
void option_unknown(struct config_errors *m, unsigned line, const char *name, size_t n);

/* Sets the value of an option, which outlives *o; NULL for a switch. Returns false with a sentence
 * in why if the value is not valid. (value.c) */
bool option_set(struct options *o, const struct option_row *row, const char *value,
		struct error *why);

/* Reads a time of 0 to 30 days: 90, 90s, 30m, 2h. Sets nanoseconds. Returns false with a sentence
 * in why if value is none. (value.c) */
bool option_time_read(int64_t *to, const char *value, struct error *why);

/* Appends the value that an option with OPTION_CORE has in *o, such as 1024M. */
void option_show(struct outbuf *b, const struct option_row *row, const struct options *o);

#endif
