/* options.h - what the operator wants: command line and configuration file, read by one table. */
#ifndef SMTPWATCH_DAEMON_OPTIONS_H
#define SMTPWATCH_DAEMON_OPTIONS_H

#include "core/monitor.h"
#include "output/alerting.h"
#include "output/outbuf.h"
#include "output/redact.h"

#include <stdio.h>

/* What to do: the job itself, or only to say something. */
enum options_action { OPTIONS_RUN, OPTIONS_CHECK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_LIST_ALERTS };

/* A list of borrowed strings. */
struct options_list {
	const char **all;
	size_t n;
};

struct options {
	enum options_action action;
	struct options_list reads, outputs;
	struct monitor_config monitor; /* ports, engine, limits; its callback is not set here */
	const char *ports;             /* as they were given */
	struct alerting alerting;
	enum severity fail_on; /* SEVERITIES: never */
	enum redact_mode redact;
	unsigned workers; /* 0: one per CPU */
	const char *user; /* to become, when started as root; NULL: the default */
	const char *config;
	char *filter; /* libpcap's expression; NULL: none */
	char *text;   /* the configuration file, which others point into */
};

/*
 * Reads argv and the file it names with -c; what stands on the command line replaces what the file says. All mistakes are told on `errors`, a line each, with file and line where they stand
 * in the file. The number of mistakes. argv is borrowed for the life of *o. options_free is due in either case.
 */
unsigned options_read(struct options *o, int argc, char **argv, FILE *errors);

/* What --help says, from the same table. */
void options_help(struct outbuf *b);

void options_free(struct options *o);

#endif
