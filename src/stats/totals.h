/* totals.h - what was seen in all, for the last words of every output. */
#ifndef SMTPWATCH_STATS_TOTALS_H
#define SMTPWATCH_STATS_TOTALS_H

#include "policy/session_report.h"
#include "smtpwatch/monitor.h"
#include "stats/servers.h"

struct totals {
	uint64_t sessions, alerts;
	uint64_t alert_kinds[ALERT_KINDS]; /* sessions, by verdict; and by the extra alerts that
					      hold */
	uint8_t worst[ALERT_KINDS]; /* enum severity: of these sessions, as a verdict may be milder
				      than its worst */
	uint64_t alert_severity[SEVERITIES];
	uint64_t limited;      /* of the alerts, those that are told in sums only (throttle.h) */
	uint64_t grouped;      /* sessions that an alert of another one counts */
	uint64_t fates[FATES]; /* messages */
	uint64_t tls;          /* sessions that went into TLS ... */
	uint64_t decrypted;    /* ... and of these, those that were read */
	struct servers *servers;
};

/* Counts one session: the little that is done for each, whatever the outputs. */
void totals_count(struct totals *t, const struct report *r);

/* What an output did not bring to its target. */
struct sink_loss {
	const char *name; /* as it was given: "json:/var/log/smtpwatch.json" */
	uint64_t lost;    /* records */
	uint64_t reconnects;
};

/* Everything that is known at the end. Borrowed for the length of the call. */
struct summary {
	const struct totals *totals;
	const struct alerting *alerting;
	const struct monitor_stats *core;
	const char *inputs;     /* for people: "a.pcap", "a.pcap and 3 other files" */
	const char *ports;      /* "25,587" */
	bool live;              /* interfaces are watched, not captures read */
	bool stopped;           /* by a signal, before the end of the input */
	bool interim;           /* these are not the last words */
	bool keys;              /* secrets of TLS were given, in a key log or a capture: */
	uint64_t secrets;       /* so many ... */
	uint64_t bad_key_lines; /* ... and so many lines that nobody can read */
	const struct sink_loss *outputs;
	size_t outputs_n;       /* 0: offline */
	size_t worst;           /* sessions that will be shown in detail ... */
	uint64_t worst_omitted; /* ... and alerted ones that will not, because there are too many
				 */
	int64_t last;           /* time of the last frame; meaningless if there was none */
};

#endif
