/* monitor_config.h - the settings and the counters of a monitor (monitor.h). */
#ifndef SMTPWATCH_MONITOR_CONFIG_H
#define SMTPWATCH_MONITOR_CONFIG_H

#include "smtpwatch/defrag.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"
#include "smtpwatch/undecoded.h"

struct tls_decryptor;
struct trace_observer;

/* Which protocol a port's clients speak. */
enum port_kind { PORT_SMTP, PORT_TLS, PORT_LMTP };

struct monitor_config {
	struct port_set ports;
	struct port_set tls_ports, lmtp_ports; /* subsets of ports: TLS from the first byte; LMTP */
	/* True: also watch any other port on which SMTP is recognised. */
	bool any_port;
	const struct stream_engine *engine; /* &stream_native, or the engine of libnids */
	/* Limits of the engine. monitor_new sets `ports`; the caller sets `seed`. */
	struct stream_config stream;
	/* Bytes of the pool, at most. If `ended` is NULL, the table of servers takes up to 4 MiB
	 * beside the pool (correlate.h). */
	size_t memory;
	size_t fragment_memory;
	bool insist_checksum;
	/* Called once for each session, in the order in which the sessions ended; a session for
	 * which there was no memory comes at once. The record is borrowed for the call. */
	void (*session)(void *arg, const struct record *record);
	/*
	 * NULL: the records are complete. Not NULL: this monitor is one of several that share the
	 * connections. Then `cause` in the records is NULL, and `together` is 0.
	 *
	 * Called at a session's close; `session` is called about a second later. Give both to one
	 * struct correlator (correlate.h), which completes the records.
	 */
	void (*ended)(void *arg, const struct server_event *event);
	void *arg;
	/* Decrypts TLS. NULL: encrypted dialogues are not read. Borrowed until monitor_free; may
	 * serve many monitors. */
	const struct tls_decryptor *decryptor;
	/* Observes the events of each session (src/core/session/trace.h). NULL: none. Borrowed
	 * until monitor_free. */
	struct trace_observer *trace;
};

/* Counters that the capturing program fills in. For a capture file all but the drops are 0, which
 * some formats contain. counters.def has a row for each member. `received` includes `dropped`, and
 * both are counted by the kernel. */
struct capture_stats {
#define CAPTURE_COUNTER(member, ...) uint64_t member;
#include "smtpwatch/counters.def"
};

struct monitor_stats {
	struct capture_stats capture;
#define MONITOR_COUNTER(member, ...) uint64_t member;
#include "smtpwatch/counters.def"
	uint64_t kinds[PACKET_KINDS];
	struct undecoded undecoded;
	struct defrag_stats defrag;
	struct stream_stats stream;
};

#endif
