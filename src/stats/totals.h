/* totals.h - the totals of a run, for the final statistics of every output. */
#ifndef SMTPWATCH_STATS_TOTALS_H
#define SMTPWATCH_STATS_TOTALS_H

#include "policy/suppression.h"
#include "smtpwatch/monitor.h"
#include "stats/domains.h"
#include "stats/servers.h"

/* servers: set by the caller (servers_new) before totals_count. The other members begin at 0. */
struct totals {
	uint64_t sessions, alerts;
	uint64_t alert_kinds[ALERT_KINDS_MAX]; /* by enum verdict: sessions; behind the verdicts:
					      sessions for which an extra alert holds */
	uint8_t worst[ALERT_KINDS_MAX]; /* enum severity: the highest of these sessions; a session's
				       severity can be lower */
	uint64_t alert_severity[SEVERITIES];
	uint64_t limited;      /* alerts that are reported in sums only (throttle.h) */
	uint64_t suppressed;   /* alerts that the operator's rules held back (suppression.h) */
	uint64_t grouped;      /* sessions that the alert of another session counts */
	uint64_t fates[FATES]; /* messages, by enum fate */
	uint64_t tls;          /* sessions that went into TLS (tls_share.h) */
	uint64_t one_way;      /* sessions of which only one direction was captured */
	uint64_t cut;          /* sessions of which the snaplen has cut bytes */
	uint64_t decrypted;    /* sessions whose TLS was decrypted */
	struct traffic_hours hours;
	struct servers *servers;
};

/* Counts one session. r is borrowed for the call. */
void totals_count(struct totals *t, const struct report *r);

/* What became of the records of an output (outputs.def). */
struct sink_counts {
	const char *name; /* as configured: "json:/var/log/smtpwatch.json" */
#define OUTPUT(member, help) uint64_t member;
#include "stats/outputs.def"
};

/* An interface that is to be watched. */
struct watched {
	char name[32];
	bool on;          /* it is there, and its packets are read */
	int64_t last;     /* time of its latest packet, nanoseconds since the epoch; 0: none yet */
	uint64_t packets; /* read */
	uint64_t dropped; /* by the kernel or the interface */
};

/* The most interfaces that the statistics name. */
enum { WATCHED_MAX = 64 };

/* All statistics of a run. The pointers are borrowed for the call that gets the summary. */
struct summary {
	const struct totals *totals;
	const struct domains *domains; /* NULL: none are counted */
	unsigned metric_domains;       /* of them are metrics, at most (METRIC_DOMAINS_MAX) */
	const struct alerting *alerting;
	const struct monitor_stats *core;
	const char *inputs;     /* for people: "a.pcap", "a.pcap and 3 other files" */
	const char *ports;      /* monitored ports: "25,587" */
	uint64_t filtered;      /* captures: packets that the operator's filter left out */
	bool broken;            /* a capture could not be read to its end */
	bool live;              /* the inputs are interfaces, not captures */
	bool stopped;           /* a signal ended the run before the end of the input */
	bool interim;           /* the run goes on: these are not the final statistics */
	bool keys;              /* a key log or a capture supplied TLS secrets */
	uint64_t secrets;       /* the number of these secrets */
	uint64_t bad_key_lines; /* lines of the key logs that could not be read */
	const struct suppression *suppression; /* the rules, each with its count; NULL: none */
	const struct sink_counts *outputs;
	size_t outputs_n; /* 0: offline */
	const struct watched *watched;
	size_t watched_n;       /* 0: offline; at most WATCHED_MAX */
	int64_t started;        /* live: nanoseconds since the epoch */
	size_t worst;           /* sessions that will be shown in detail */
	uint64_t worst_omitted; /* sessions with alerts that will not, because there are too many */
	int64_t last; /* time of the last frame, nanoseconds since the epoch; if there was none, of
			 the end of the run */
};

#endif
