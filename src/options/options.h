/* options.h - the options of a run, from command line and configuration file. */
#ifndef SMTPWATCH_OPTIONS_OPTIONS_H
#define SMTPWATCH_OPTIONS_OPTIONS_H

#include "policy/alert_rules.h"
#include "policy/redact.h"
#include "policy/suppression.h"
#include "smtpwatch/monitor.h"
#include "stats/metrics.h"
#include "text/buffer.h"
#include "trace/ladder_format.h"

#include <stdio.h>

/* RUN: watch or read. The others print something and exit. */
enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST_ALERTS
};

/* The value of options.explain for all sessions. */
#define EXPLAIN_ALL "all"

/* A list of strings. The strings are borrowed, the array is owned. */
struct options_list {
	const char **all;
	size_t n;
};

struct option_row;

/* Where the history is kept. All zero: nowhere. */
struct options_history {
	const char *path; /* not ended by NUL: path_n bytes; borrowed; NULL: none */
	size_t path_n;
	unsigned days; /* that are kept */
	bool memory;   /* within the run */
};

/* One option as the operator gave it. A reload compares lists of these. */
struct setting {
	const struct option_row *row;
	const char *value; /* borrowed; NULL: a switch that is on */
	unsigned line;     /* of the configuration file; 0: the command line */
};

/* In the order in which they apply. Zero-filled before first use. */
struct settings {
	struct setting *all; /* owned */
	size_t n;
};

/* Filled by options_read or options_reload (read.h), freed by options_free. Without errors and with
 * OPTIONS_RUN, exactly one of interfaces and reads has elements. */
struct options {
	enum options_action action;
	struct monitor_config monitor; /* ports, engine and limits; the rest: defaults */
	struct alerting alerting;
	struct redaction redaction; /* its key: site_key_read, before the run */
	/* Owned: the rules of `suppress`; NULL: none. They count what they hold back. */
	struct suppression *suppression;

/* One member for each row whose place is OWN. A string that was not given is NULL. */
#define OPTION(group, name, letter, arg, kind, ...) kind
#define OWN(type, member)                           type member;
#define PART(type, member)
#define FLAG(place, member) place(bool, member)
#define ACTION(value)
#define STRING(place, member, hand)      place(const char *, member)
#define LIST(place, member, hand)        place(struct options_list, member)
#define NUMBER(place, member, min, max)  place(unsigned, member)
#define SIZE(place, member, min, max)    place(size_t, member)
#define TIME(place, member, min)         place(int64_t, member)
#define CHOICE(place, type, member, ...) place(type, member)
#define HAND(place, type, member, hand)  place(type, member)
#include "options/options.def"

	/* The source of all members above. */
	int argc;
	char **argv;              /* borrowed */
	struct settings settings; /* in the order in which they apply */
	/* Owned. The strings above point into these texts: the file, the words of the filter, and
	 * copies that a reload made. */
	char **texts;
	size_t texts_n;
};

#endif
