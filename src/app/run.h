/* run.h - what a run over captures and a run on the network have in common: from the options to the
 * outputs, and a record's way to them. */
#ifndef SMTPWATCH_APP_RUN_H
#define SMTPWATCH_APP_RUN_H

#include "app/live_status.h"
#include "app/mail_history.h"
#include "decrypt/keylog.h"
#include "options/options.h"
#include "replay/pcap_extract.h"
#include "replay/query.h"
#include "replay/viewer.h"
#include "sink/sink.h"
#include "tui/progress.h"

/* The exit codes of the program. options_exit_codes has their meaning in words. */
enum exit_code { EXIT_DONE, EXIT_ALERTS, EXIT_USAGE, EXIT_TROUBLE };

enum { RUN_LINE = 512 };

/* Ports beside those of --ports on which --check-ports saw SMTP: the first of them. */
enum { RUN_OTHER_PORTS = 32 };
struct other_ports {
	unsigned n;
	bool more; /* than there is room for */
	struct {
		uint16_t port;
		uint64_t sessions;
	} all[RUN_OTHER_PORTS];
};

struct run {
	const struct options *o;         /* borrowed: as at the start */
	bool live;                       /* the inputs are interfaces, not captures */
	struct alerting alerting;        /* live, of the latest reload */
	struct monitor_config config;    /* of one monitor for all inputs, without callbacks */
	struct suppression *suppression; /* borrowed from the options; live, of the latest
					    reload; NULL: none */
	char names[512];                 /* of the inputs, for people */
	struct sinks *sinks;
	struct query *query;             /* NULL: no --explain */
	struct viewer *viewer;           /* NULL: no --top */
	struct export *export;           /* NULL: no --write-pcap */
	struct extract *extract;         /* NULL: live, or no --write-pcap */
	struct mail_history *history;    /* NULL: no --history */
	struct keylog *keylog;           /* the secrets of decryptor */
	struct tls_decryptor *decryptor; /* of config */
	struct live_status *status;      /* NULL: not live, or no memory */
	struct progress progress;
	struct other_ports other_ports;
	bool terminal;       /* standard output is a terminal */
	bool usage, trouble; /* for the exit code */
};

/* Opens the view, the outputs, the directory for packets and the key log, with the initial
 * privileges. o is borrowed until run_close. source: as for viewer_new. Returns false after
 * printing why. Call run_close in any case. */
bool run_open(struct run *r, const struct options *o, const struct viewer_source *source);

/* Opens the status socket, with the initial privileges. Call once, live, after run_open. */
void run_status_open(struct run *r);

/* Gives up privileges and restricts system calls. Call before the first byte is parsed. packet: as
 * for sandbox_enter. Returns false after printing why. */
bool run_confine(struct run *r, int *packet);

/* Makes the report of a session, and gives it to all who show or count it. Call once for each
 * session, in the order in which sessions end. record is not redacted; input: the name of the
 * capture or interface, borrowed for the call. frames: of the session, live; may be empty. */
void run_deliver(struct run *r, const struct record *record, const char *input,
		 struct session_frames frames);

/* From now on these rules hold alerts back; NULL: none. Rules of the same text go on with their
 * counts. s is borrowed until the next call or run_close. */
void run_suppress(struct run *r, struct suppression *s);

/* Prints which rules have expired at now, nanoseconds since the epoch, and what they held back. */
void run_expiries_log(struct run *r, int64_t now);

/* Returns the summary for sinks_stats. core is borrowed by the result. last: time of the last
 * frame. stopped: a signal has ended the run. */
struct summary run_summary(const struct run *r, const struct monitor_stats *core, int64_t last,
			   bool stopped);

/* Writes "12 packets, 3 sessions, 1 alert; 2 connections open", live with the dropped packets, and
 * returns out. */
const char *run_line(const struct run *r, const struct monitor_stats *core, char out[RUN_LINE]);

/* Closes all that run_open opened. Free the monitors before: they borrow the keys. Returns the exit
 * code: wrong usage comes first, then trouble, then alerts of --fail-on. */
enum exit_code run_close(struct run *r);

#endif
