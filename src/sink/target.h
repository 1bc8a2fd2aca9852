/* target.h - the target of a sink's records: a file or a local socket. */
#ifndef SMTPWATCH_SINK_TARGET_H
#define SMTPWATCH_SINK_TARGET_H

#include "base/error.h"
#include "sink/sink.h"
#include "transport/file.h"
#include "transport/unix_socket.h"

/* Render records into *buf. The functions below with a void *self stand in a struct sink_kind.
 * self: a struct target, or a struct that begins with one. */
struct target {
	struct outbuf *buf; /* the buffer of file or of socket */
	bool local;         /* true: the socket is used; false: the file */
	struct outfile file;
	struct outsocket socket;
};

/* Opens a target. target: NULL or "-" for standard output, "unix:PATH", or the name of a file.
 * target and mode are borrowed. Returns false with a sentence in why. */
bool target_open(struct target *o, const char *target, const struct run_mode *mode,
		 struct error *why);

/* As in struct sink_kind. */
bool target_check(const char *target, const struct run_mode *mode, struct error *why);

/* The record in *buf is complete. Returns what outfile_put or outsocket_put returns. */
bool target_put(struct target *o);

bool target_flush(void *self);
void target_tick(void *self, int64_t now);
size_t target_poll(const void *self, struct pollfd *p);
void target_ready(void *self, const struct pollfd *p);
bool target_reopen(void *self);
void target_loss(const void *self, struct sink_loss *out);

#define TARGET_SINK                                                                                \
	.check = target_check, .flush = target_flush, .poll = target_poll, .ready = target_ready,  \
	.tick = target_tick, .loss = target_loss

/* Closes the target; o may not be used again. Returns false if the target misses something. */
bool target_close(struct target *o);

#endif
