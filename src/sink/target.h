/* target.h - where a sink's rendered records go: a file, or a local socket. */
#ifndef SMTPWATCH_SINK_TARGET_H
#define SMTPWATCH_SINK_TARGET_H

#include "sink/sink.h"
#include "transport/file.h"
#include "transport/unix_socket.h"

/*
 * Whoever renders puts records into *buf. The functions below stand in a struct sink_kind as they
 * are: `self` is a struct outlet, or a struct that begins with one.
 */
struct outlet {
	struct outbuf *buf; /* of one of the two */
	bool local;         /* the socket is it */
	struct outfile file;
	struct outsocket socket;
};

/* target: NULL or "-": standard output; "unix:PATH"; a file. False with a sentence in why. target
 * and mode are borrowed. */
bool outlet_open(struct outlet *o, const char *target, const struct run_mode *mode,
		 char why[SINK_WHY]);

/* As in struct sink_kind. */
bool outlet_check(const char *target, const struct run_mode *mode, char why[SINK_WHY]);

/* A record is complete. False once the target is broken. */
bool outlet_put(struct outlet *o);

bool outlet_flush(void *self);
void outlet_tick(void *self, int64_t now);
size_t outlet_watch(const void *self, struct pollfd *p);
void outlet_ready(void *self, const struct pollfd *p);
bool outlet_reopen(void *self);
void outlet_loss(const void *self, struct sink_loss *out);

/* False: something is missing from the target. The outlet may not be used any more. */
bool outlet_close(struct outlet *o);

#endif
