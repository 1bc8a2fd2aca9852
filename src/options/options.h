/* options.h - the options of a run, from command line and configuration file. */
#ifndef SMTPWATCH_OPTIONS_OPTIONS_H
#define SMTPWATCH_OPTIONS_OPTIONS_H

#include "options/setting.h"
#include "policy/alert_rules.h"
#include "policy/redact.h"
#include "smtpwatch/monitor.h"
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

/* Filled by options_read or options_reload (read.h), freed by options_free. Without errors and with
 * OPTIONS_RUN, exactly one of interfaces and reads has elements. */
struct options {
	enum options_action action;
	struct options_list interfaces, reads, outputs;
	struct monitor_config monitor; /* ports, engine and limits; the rest: defaults */
	const char *ports;             /* the text of the option */
	const char *keylog;            /* NULL: none */
	const char *filter;            /* libpcap's expression; NULL: none */
	unsigned snaplen;              /* bytes of a packet at most */
	size_t buffer; /* bytes of the kernel's rings of one interface, all workers together */
	bool promiscuous;
	struct alerting alerting;
	enum severity fail_on; /* SEVERITIES: never */
	enum redact_mode redact;
	const char *explain;       /* the session, or EXPLAIN_ALL; NULL: none */
	enum ladder_format ladder; /* format of its ladder */
	bool top;                  /* the terminal view */
	const char *write_pcap;    /* the directory; NULL: no packets are written */
	size_t pcap_memory;        /* live: bytes of packets kept for write_pcap */
	int64_t repeat;            /* first interval of sums, nanoseconds; 0: no sums */
	int digest;             /* minute of the day, UTC, of the daily summary; negative: none */
	int64_t stats_interval; /* nanoseconds; 0: only at the end */
	unsigned workers;       /* 0: one per CPU */
	const char *user;       /* user to become if started as root; NULL: the default */
	const char *pid_file;   /* NULL: none */
	const char *config;     /* the configuration file; NULL: none */
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
