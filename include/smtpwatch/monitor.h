/* monitor.h - the whole core behind four calls: frames go in, judged sessions come out. */
#ifndef SMTPWATCH_MONITOR_H
#define SMTPWATCH_MONITOR_H

#include "smtpwatch/defrag.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"
#include "smtpwatch/undecoded.h"

struct tls_opener;
struct watch;

/* How one port is spoken to. */
enum port_kind { PORT_SMTP, PORT_TLS, PORT_LMTP };

/*
 * Does no I/O, reads no clock, has no globals and starts no thread: two monitors in two threads
 * know nothing of each other. Time comes with the frames. The same frames give the same records, in
 * the same order, however they are cut into batches.
 */
/* Who takes what has been decoded, where it is judged elsewhere. Borrowed for the length of the
 * call, like the payloads. */
struct monitor_front {
	void (*segments)(void *arg, const struct packet *packets, size_t n);
	void (*icmp)(void *arg, const struct packet_icmp *icmp);
};

struct monitor_config {
	struct port_set ports;
	struct port_set tls_ports, lmtp_ports; /* of ports: TLS from the first byte; LMTP */
	bool any_port; /* beside the ports that are named, any other on which SMTP is recognised */
	const struct stream_engine *engine; /* &stream_own, or libnids' */
	struct stream_config
		stream; /* its ports are filled in by monitor_new; its seed is the caller's */
	size_t memory;  /* bytes at most, everything counted */
	size_t fragment_memory;
	bool insist_checksum;
	/* Called once for each session, in the order in which they ended. */
	void (*session)(void *arg, const struct record *record);
	/*
	 * NULL: the records are complete. Else this monitor is one of several, and what they know
	 * of each other is found behind them: the records have no cause and `together` is 0. Give
	 * both to a struct collate, this at a session's close, the record about a second later.
	 */
	void (*ended)(void *arg, const struct history_event *event);
	/* NULL, or: this monitor only decodes, and puts fragments together; there are no sessions,
	 * and what comes of the frames goes here, with arg. */
	const struct monitor_front *front;
	void *arg;
	const struct tls_opener *opener; /* NULL: what is said inside TLS is not read; else
					    borrowed, and may serve many monitors */
	struct watch
		*watch; /* NULL, or who is told of each session from within (trace.h); borrowed */
};

/* Ports 25 and 587, the own engine, every limit at its default. */
struct monitor_config monitor_config_default(void);

/* Adds a port to the config. */
void monitor_config_port(struct monitor_config *config, uint16_t port, enum port_kind kind);

struct monitor;

/* The config is copied. NULL where there is no memory, or the engine refuses. */
struct monitor *monitor_new(const struct monitor_config *config);

/* From here on frames come from this input; a session bears the number of the one it began in
 * (conn->input). 0 at first. */
void monitor_input(struct monitor *m, uint32_t input);

/*
 * Takes a batch of frames; a batch of any size gives the same result. A frame whose time is far
 * from that of the one before waits, copied, until the next one shows whether it is to be believed
 * (frame_clock.h).
 */
void monitor_frames(struct monitor *m, const struct frame *frames, size_t n);

/* Another capture begins, whose times need have nothing to do with those before: what waits is
 * taken. */
void monitor_break(struct monitor *m);

/* The time of the latest frame that was taken, as it is believed; 0: none was yet. */
int64_t monitor_time(const struct monitor *m);

/* What a monitor with a front has decoded, instead of frames. input as for frames; the segments
 * bear the numbers of their frames. */
void monitor_segments(struct monitor *m, const struct packet *packets, size_t n);
void monitor_icmp(struct monitor *m, const struct packet_icmp *icmp);

/*
 * Where in the course of things it is: at a call of session or ended, where that stands among what
 * other monitors tell that were given the same frames and watch other shards of the connections
 * (stream_config.shards, stream_order). */
const struct stream_order *monitor_order(const struct monitor *m);

/* Time has come to `now` without a frame (live only). */
void monitor_tick(struct monitor *m, int64_t now);

/*
 * The kernel dropped so many packets between these two times (live only): sessions that were open
 * then are judged with that knowledge, if it comes before their release, a second after their end.
 */
void monitor_drops(struct monitor *m, int64_t from, int64_t to, uint64_t n);

/* Ends every open session as unfinished and delivers it. Call once, before monitor_free. */
void monitor_finish(struct monitor *m);
void monitor_free(struct monitor *m);

/* Counted by whoever captures, and filled in by it: all 0 of a file. */
struct capture_stats {
	uint64_t received, dropped; /* by the kernel; a dropped packet was received as well */
	uint64_t dropped_by_interface;
	uint64_t records_lost; /* judged sessions that found no room on their way to the outputs */
	uint64_t pcaps_written, pcaps_lost; /* files of packets, and those that should have been */
};

struct monitor_stats {
	struct capture_stats capture;
	uint64_t frames, bytes;
	uint64_t kinds[PACKET_KINDS];
	uint64_t reordered_time; /* frames whose time was before that of the frame before */
	struct undecoded undecoded;
	uint64_t wild_time; /* frames whose time was far from that of both neighbours, and not
			       believed */
	struct defrag_stats defrag;
	struct stream_stats stream;
	size_t memory_used, memory_peak, memory_held;
};

void monitor_stats(const struct monitor *m, struct monitor_stats *out);

#endif
