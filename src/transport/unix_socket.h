/* unix_socket.h - sends records to a Unix socket, in order; live, without waiting for the reader.
 */
#ifndef SMTPWATCH_TRANSPORT_UNIX_SOCKET_H
#define SMTPWATCH_TRANSPORT_UNIX_SOCKET_H

#include "base/error.h"
#include "text/buffer.h"
#include "transport/run_mode.h"
#include "transport/send_queue.h"
#include "transport/target_state.h"

#include <poll.h>

/* STREAM: records follow one another in a stream. DATAGRAM: each record is one datagram. */
enum outsocket_kind { OUTSOCKET_STREAM, OUTSOCKET_DATAGRAM };

/* A socket. Render a record into buf, and call outsocket_put. */
struct outsocket {
	struct outbuf buf;
	struct outqueue queue;
	enum outsocket_kind kind;
	const char *path; /* NULL: one end of a socket pair; outsocket_give connects it again */
	int fd;           /* -1: not connected */
	/* Without a path: the end whose reader has gone, where something may still be read; the
	 * caller closes it, and sets it to -1. -1: none. */
	int ended;
	bool broken;
	bool renewable;   /* without a path: outsocket_give may come */
	uint64_t allowed; /* so many records are sent at most, in all */
	const struct run_mode *mode;
	size_t sent; /* bytes sent of the first record in the queue; the next reader gets that
			record from its beginning */
	int64_t now, began, retry; /* nanoseconds: the latest tick; the time of the connection; the
				      time of the next try */
	int64_t wait; /* nanoseconds between two tries: doubles from a second to a minute, so that a
			 reader that leaves at once costs little */
	uint64_t connects;
	struct target_state state;
};

/* Opens a socket. Live, a reader that is not there yet is tried again later. name: for messages on
 * standard error. name, path and mode are borrowed. Returns false with a sentence in why: the path
 * is invalid, or, offline, cannot be connected. */
bool outsocket_open(struct outsocket *s, const char *path, enum outsocket_kind kind,
		    const char *name, const struct run_mode *mode, struct error *why);

/* Whether path is valid for a socket: 1 to 107 bytes. Returns false with a sentence in why. */
bool outsocket_check(const char *path, struct error *why);

/* Takes over fd, one end of a pair of stream sockets whose reader is a helper process. Live, makes
 * fd non-blocking. name and mode are borrowed. */
void outsocket_adopt(struct outsocket *s, int fd, const char *name, const struct run_mode *mode);

/* The reader of a pair was started anew: takes over fd, as outsocket_adopt. The first record that
 * the old reader did not get whole goes to the new one from its beginning. */
void outsocket_give(struct outsocket *s, int fd);

/* The record in buf is complete: queues it, and empties buf. Offline, sends it and returns false
 * once the reader has gone. Live, always returns true; records without room are lost and counted.
 */
bool outsocket_put(struct outsocket *s);

/* Live: sends as much as the reader accepts without waiting, and returns true. Offline: sends
 * everything, and returns false once the reader has gone. */
bool outsocket_flush(struct outsocket *s);

/* Sets the time to now, nanoseconds, and retries what is due. */
void outsocket_tick(struct outsocket *s, int64_t now);

/* outsocket_poll fills *p and returns 1 if there is a connection, else 0. outsocket_ready takes
 * *p back after poll(2). */
size_t outsocket_poll(const struct outsocket *s, struct pollfd *p);
void outsocket_ready(struct outsocket *s, const struct pollfd *p);

/* Connects again at once, because the reader may have changed. Returns whether a connection
 * stands. */
bool outsocket_reopen(struct outsocket *s);

/* Returns how often the socket was connected again. */
uint64_t outsocket_reconnects(const struct outsocket *s);

/* Sends the records that wait, for at most two seconds. */
void outsocket_drain(struct outsocket *s);

/* Drains and closes the socket. Returns false if the target misses something; live, only if the
 * target accepts nothing at the end. */
bool outsocket_close(struct outsocket *s);

#endif
