/* monitor.h - the core's main interface: frames go in, records of judged sessions come out. */
#ifndef SMTPWATCH_MONITOR_H
#define SMTPWATCH_MONITOR_H

#include "smtpwatch/monitor_config.h"
#include "smtpwatch/open_session.h"

/*
 * A monitor does no I/O, reads no clock, has no globals and starts no thread. Use each monitor in
 * one thread only; two monitors share nothing. The time comes from the frames.
 *
 * The same frames give the same records in the same order, however the frames are cut into batches.
 */
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

/* Takes segments or an ICMP error from a decoder elsewhere (src/core/decoder.h), instead of frames.
 * Borrowed for the call. monitor_input applies as for frames. The segments bear the numbers of
 * their frames. */
void monitor_segments(struct monitor *m, const struct packet *packets, size_t n);
void monitor_icmp(struct monitor *m, const struct packet_icmp *icmp);

/* Returns the position of the current event, for the order among monitors that share the
 * connections of the same frames (stream_config.shards, struct stream_order). Call inside the
 * callbacks `session` and `ended`. Borrowed; changes with the next event. Only for an engine whose
 * `order` is not NULL. */
const struct stream_order *monitor_order(const struct monitor *m);

/* Live capture only: advances the time to now (nanoseconds) without a frame. */
void monitor_tick(struct monitor *m, int64_t now);

/* Live capture only: the kernel dropped n packets between the times from and to, in nanoseconds.
 * Sessions that were open then are judged with this knowledge, if the call comes before their
 * release, a second after their end. */
void monitor_capture_loss(struct monitor *m, int64_t from, int64_t to, uint64_t n);

/* Ends every open session as unfinished and delivers its record. Call once, before monitor_free.
 */
void monitor_finish(struct monitor *m);
/* Frees m with all memory of its pool. Delivers nothing. NULL is allowed. */
void monitor_free(struct monitor *m);

/*
 * Renews the list of open sessions that wait longest. now: nanoseconds; o: as the call before left
 * it, at first all zero. The sessions that are listed are looked at, and OPEN_LOOKS connections
 * more: with so many or fewer the list is exact, else after so many calls as are needed to look at
 * all of them. No call does more work than that.
 */
void monitor_open(const struct monitor *m, int64_t now, struct open_sessions *o);

/* Copies the counters to *out, except `capture`, which stays 0. Memory is in bytes. */
void monitor_stats(const struct monitor *m, struct monitor_stats *out);

#endif
