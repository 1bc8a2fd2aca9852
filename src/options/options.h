/* options.h - what the operator wants. */
#ifndef SMTPWATCH_OPTIONS_OPTIONS_H
#define SMTPWATCH_OPTIONS_OPTIONS_H

#include "options/setting.h"
#include "policy/alert_rules.h"
#include "policy/redact.h"
#include "smtpwatch/monitor.h"
#include "text/buffer.h"
#include "trace/ladder_format.h"

#include <stdio.h>

/* What to do: the job itself, or only to say something. */
enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST_ALERTS
};

/* All sessions, where one is asked for. */
#define EXPLAIN_ALL "all"

/* A list of borrowed strings. */
struct options_list {
	const char **all;
	size_t n;
};

/* Read by options_read (read.h), which keeps what it says of them: of interfaces and reads,
 * one has something and the other nothing. */
struct options {
	enum options_action action;
	struct options_list interfaces, reads, outputs;
	struct monitor_config monitor; /* ports, engine, limits; its callback is not set here */
	const char *ports;             /* as they were given */
	const char *keylog;            /* NULL: none */
	const char *filter;            /* libpcap's expression; NULL: none */
	unsigned snaplen;              /* bytes of a packet */
	size_t buffer; /* bytes of the kernel's ring, for each interface, all workers together */
	bool promiscuous;
	struct alerting alerting;
	enum severity fail_on; /* SEVERITIES: never */
	enum redact_mode redact;
	const char *explain;       /* which session; NULL: none */
	enum ladder_format ladder; /* how its ladder is written */
	bool top;                  /* the terminal view */
	const char *write_pcap;    /* the directory; NULL: no packets are written */
	size_t pcap_memory;        /* bytes of packets that are kept for it, live */
	int64_t repeat;            /* nanoseconds; 0: never in sums */
	int digest;                /* minute of the day; below 0: never */
	int64_t stats_interval;    /* nanoseconds; 0: only at the end */
	unsigned workers;          /* 0: one per CPU */
	const char *user;          /* to become, when started as root; NULL: the default */
	const char *pid_file;      /* NULL: none */
	const char *config;        /* NULL: no file was given */
	/* What it was read from. */
	int argc;
	char **argv;              /* borrowed */
	struct settings settings; /* in the order in which they apply */
	char **texts; /* owned: the file, the filter's words, what a reload took over; others point
			 into them */
	size_t texts_n;
};

#endif
