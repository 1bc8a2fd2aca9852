/* target.h - the target of a sink's records: a file, a local socket or a helper process. */
#ifndef SMTPWATCH_SINK_TARGET_H
#define SMTPWATCH_SINK_TARGET_H

#include "base/error.h"
#include "sink/sink.h"
#include "transport/file.h"
#include "transport/helper_process.h"
#include "transport/unix_socket.h"

/* Render records into *buf. The functions below with a void *self stand in a struct sink_kind.
 * self: a struct target, or a struct that begins with one. */
struct target {
	enum { TARGET_FILE, TARGET_SOCKET, TARGET_HELPER } kind;
	struct outbuf *buf; /* the buffer of file or of socket */
	struct outfile file;
	struct outsocket socket;
	struct helper *helper;
};

/* Opens a target. target: NULL or "-" for standard output, "unix:PATH", or the name of a file.
 * target and mode are borrowed. Returns false with a sentence in why. */
bool target_open(struct target *o, const char *target, const struct run_mode *mode,
		 struct error *why);

/* As target_open: target_socket opens a local socket (outsocket_open), target_helper starts a
 * helper process (helper_start). */
bool target_socket(struct target *o, const char *path, enum outsocket_kind kind, const char *name,
		   const struct run_mode *mode, struct error *why);
bool target_helper(struct target *o, const char *name, const struct run_mode *mode,
		   helper_work *work, const void *arg, struct error *why);

/* As in struct sink_kind. */
bool target_check(const char *target, const struct run_mode *mode, struct error *why);

/* Returns the buffer for the next record. Of a file or a socket it is always buf. */
struct outbuf *target_buffer(struct target *o);

/* The record is complete. Returns what outfile_put, outsocket_put or helper_send returns. */
bool target_put(struct target *o);

bool target_flush(void *self);
void target_tick(void *self, int64_t now);
size_t target_poll(const void *self, struct pollfd *p);
void target_ready(void *self, const struct pollfd *p);
bool target_reopen(void *self);
void target_counts(const void *self, struct sink_counts *out);
bool target_alive(const void *self);

/* The functions of a struct sink_kind that are the same for all whose self begins with a target. */
#define TARGET_SINK                                                                                \
	.flush = target_flush, .poll = target_poll, .ready = target_ready, .tick = target_tick,    \
	.counts = target_counts, .alive = target_alive

/* Closes the target; o may not be used again. Returns false if the target misses something. */
bool target_close(struct target *o);

#endif
