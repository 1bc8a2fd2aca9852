/* unix_socket.h - a local socket that records go to, one after the other, without ever waiting for
 * its reader. */
#ifndef SMTPWATCH_TRANSPORT_UNIX_SOCKET_H
#define SMTPWATCH_TRANSPORT_UNIX_SOCKET_H

#include "text/buffer.h"
#include "transport/run_mode.h"
#include "transport/send_queue.h"
#include "transport/target_state.h"

#include <poll.h>

/* A stream in which records stand one behind the other; or a datagram each. */
enum outsocket_kind { OUTSOCKET_STREAM, OUTSOCKET_DATAGRAM };

/* A record is rendered into buf; outsocket_put takes it from there. */
struct outsocket {
	struct outbuf buf;
	struct outqueue queue;
	enum outsocket_kind kind;
	const char *path; /* NULL: one end of a pair, which cannot be had again */
	int fd;           /* -1: not connected */
	bool broken;
	const struct run_mode *mode;
	size_t sent; /* of the first record in the queue; the next reader gets it from its beginning
		      */
	int64_t now, began, retry; /* nanoseconds: the latest tick; when it was connected; when it
				      may be tried again */
	int64_t wait; /* between two tries: doubles from a second to a minute, so that a reader who
			 goes at once does no harm */
	uint64_t connects;
	struct outage outage;
};

#define OUTSOCKET_WHY 512

/*
 * Live, a reader who is not there yet is waited for. name: for what is said on standard error.
 * name, path and mode are borrowed. False with a sentence in why: a path that is too long; offline,
 * also that it cannot be connected.
 */
bool outsocket_open(struct outsocket *s, const char *path, enum outsocket_kind kind,
		    const char *name, const struct run_mode *mode, char why[OUTSOCKET_WHY]);

/* Whether this can be the path of a socket. False, with a sentence in why. */
bool outsocket_check(const char *path, char why[OUTSOCKET_WHY]);

/* One end of a pair of streams whose reader is a process of ours; fd is taken over and made
 * non-blocking. */
void outsocket_adopt(struct outsocket *s, int fd, const char *name, const struct run_mode *mode);

/* The record in buf is complete, and buf is empty again. False once the target is broken: offline
 * when its reader goes, live when that was the last one there can be. */
bool outsocket_put(struct outsocket *s);

/* Live: sends what can be sent at once. Offline: everything. */
bool outsocket_flush(struct outsocket *s);

/* The time is now: what has to be tried again is tried. */
void outsocket_tick(struct outsocket *s, int64_t now);

/* What to wait for, if there is anything: 1 or 0 written to *p. And what came of it. */
size_t outsocket_watch(const struct outsocket *s, struct pollfd *p);
void outsocket_ready(struct outsocket *s, const struct pollfd *p);

/* Connects anew, at once: the reader may be another one. */
bool outsocket_reopen(struct outsocket *s);

/* How often it was connected again. */
uint64_t outsocket_reconnects(const struct outsocket *s);

/* Sends what is left, for which it waits two seconds at most. */
void outsocket_drain(struct outsocket *s);

/* The same, and closes. False: something is missing from the target; live, only if it takes nothing
 * at the end. */
bool outsocket_close(struct outsocket *s);

#endif
