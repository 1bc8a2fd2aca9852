/* monitor.h - the core's main interface: frames go in, records of judged sessions come out. */
#ifndef SMTPWATCH_MONITOR_H
#define SMTPWATCH_MONITOR_H

#include "smtpwatch/defrag.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"
#include "smtpwatch/undecoded.h"

struct tls_decryptor;
struct trace_observer;

/* Which protocol a port's clients speak. */
enum port_kind { PORT_SMTP, PORT_TLS, PORT_LMTP };

/*
 * A monitor does no I/O, reads no clock, has no globals and starts no thread. Use each monitor in
 * one thread only; two monitors share nothing. The time comes from the frames.
 *
 * The same frames give the same records in the same order, however the frames are cut into batches.
 */
/* Receives decoded segments and ICMP errors that another monitor judges. The packets, their
 * payloads and the ICMP errors are borrowed until the call returns. */
struct monitor_front {
	void (*segments)(void *arg, const struct packet *packets, size_t n);
	void (*icmp)(void *arg, const struct packet_icmp *icmp);
};

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
	/* Called once for each session, in the order in which the sessions ended. The record is
	 * borrowed for the call. May be NULL only with a front. */
	void (*session)(void *arg, const struct record *record);
	/*
	 * NULL: the records are complete. Not NULL: this monitor is one of several that share the
	 * connections. Then `cause` in the records is NULL, and `together` is 0.
	 *
	 * Called at a session's close; `session` is called about a second later. Give both to one
	 * struct correlator (correlate.h), which completes the records.
	 */
	void (*ended)(void *arg, const struct server_event *event);
	/* Not NULL: this monitor only decodes frames and reassembles fragments, and judges no
	 * sessions. front receives the result, with arg. */
	const struct monitor_front *front;
	void *arg;
	/* Decrypts TLS. NULL: encrypted dialogues are not read. Borrowed until monitor_free; may
	 * serve many monitors. */
	const struct tls_decryptor *decryptor;
	/* Observes the events of each session (src/core/session/trace.h). NULL: none. Borrowed
	 * until monitor_free. */
	struct trace_observer *trace;
};

/* Returns a config with ports 25 and 587, the native engine, and the default of every limit. The
 * caller sets `session`, and `stream.seed`. */
struct monitor_config monitor_config_default(void);

/* Adds a port of this kind to the config. Call before monitor_new. */
void monitor_config_port(struct monitor_config *config, uint16_t port, enum port_kind kind);

struct monitor;

/* Returns a new monitor. The config is copied; the objects at its pointers are borrowed until
 * monitor_free. Returns NULL if there is no memory or the engine refuses. Caller frees with
 * monitor_free. */
struct monitor *monitor_new(const struct monitor_config *config);

/* Sets the number of the input from which the next frames come; 0 at first. A session bears the
 * number of the input in which the session began (conn->input). */
void monitor_input(struct monitor *m, uint32_t input);

/*
 * Takes n frames, borrowed for the call. The size of a batch does not change the result.
 *
 * If the time of a frame is far from the time of the frame before, the frame is copied and waits.
 * The next frame decides whether the time is believed (src/core/packet/frame_clock.h).
 */
void monitor_frames(struct monitor *m, const struct frame *frames, size_t n);

/* Begins another capture, whose times may be unrelated to earlier times. Frames that wait are
 * processed. */
void monitor_break(struct monitor *m);

/* Returns the believed time of the latest frame that was processed, in nanoseconds; 0: none yet. */
int64_t monitor_time(const struct monitor *m);

/* Takes segments or an ICMP error from the front of another monitor, instead of frames. Borrowed
 * for the call. monitor_input applies as for frames. The segments bear the numbers of their frames.
 * Not for a monitor that has a front. */
void monitor_segments(struct monitor *m, const struct packet *packets, size_t n);
void monitor_icmp(struct monitor *m, const struct packet_icmp *icmp);

/* Returns the position of the current event, for the order among monitors that share the
 * connections of the same frames (stream_config.shards, struct stream_order). Call inside the
 * callbacks `session` and `ended`. Borrowed; changes with the next event. Only for an engine whose
 * `order` is not NULL. */
const struct stream_order *monitor_order(const struct monitor *m);

/* Live capture only: advances the time to now (nanoseconds) without a frame. Not for a monitor that
 * has a front. */
void monitor_tick(struct monitor *m, int64_t now);

/* Live capture only: the kernel dropped n packets between the times from and to, in nanoseconds.
 * Sessions that were open then are judged with this knowledge, if the call comes before their
 * release, a second after their end. */
void monitor_capture_loss(struct monitor *m, int64_t from, int64_t to, uint64_t n);

/* Ends every open session as unfinished and delivers its record. Call once, before monitor_free.
 * Not for a monitor that has a front. */
void monitor_finish(struct monitor *m);
/* Frees m with all memory of its pool. Delivers nothing. NULL is allowed. */
void monitor_free(struct monitor *m);

/* Counters that the capturing program fills in; all 0 for a capture file. */
struct capture_stats {
	uint64_t received, dropped; /* counted by the kernel; `received` includes `dropped` */
	uint64_t dropped_by_interface;
	/* Records that found no room in the queue to the outputs. */
	uint64_t records_lost;
	/* Capture files that were written for sessions, and those that could not be. */
	uint64_t pcaps_written, pcaps_lost;
};

struct monitor_stats {
	struct capture_stats capture;
	uint64_t frames, bytes;
	uint64_t kinds[PACKET_KINDS];
	uint64_t reordered_time; /* frames with an earlier time than the frame before */
	struct undecoded undecoded;
	/* Frames whose time was far from the times of both neighbours, and was not believed. */
	uint64_t wild_time;
	struct defrag_stats defrag;
	struct stream_stats stream;
	size_t memory_used, memory_peak, memory_reserved;
};

/* Copies the counters to *out, except `capture`, which stays 0. Memory is in bytes. */
void monitor_stats(const struct monitor *m, struct monitor_stats *out);

#endif
