/* server.h - a local socket that gives a document to whoever connects, and reads nothing. */
#ifndef SMTPWATCH_STATUS_SERVER_H
#define SMTPWATCH_STATUS_SERVER_H

#include "base/error.h"
#include "text/buffer.h"
#include "transport/run_mode.h"

#include <poll.h>

/* CLIENTS: that are answered at once; with one more, the oldest is cut. PATIENCE: milliseconds
 * until a client that takes nothing is cut. FDS: the most places of status_server_poll. */
enum { STATUS_CLIENTS = 8, STATUS_PATIENCE_MS = 2000, STATUS_FDS = STATUS_CLIENTS + 1 };

struct status_server;

/*
 * Opens the socket at path, with mode 0660, for uid and gid of *mode if root will be given up. Call
 * before privileges are given up. A file beside it, PATH.lock, is locked as long as the process
 * lives: a socket whose process has died is replaced, that of a living one is not touched. path is
 * borrowed. Returns NULL with a sentence in why. status_server_close frees the result.
 */
struct status_server *status_server_open(const char *path, const struct run_mode *mode,
					 struct error *why);

/* Fills at most STATUS_FDS places for poll(2). Returns their number. s may be NULL: 0. */
size_t status_server_poll(const struct status_server *s, struct pollfd *p);

/*
 * Takes the same places back, with revents: accepts clients, and sends as much as they take without
 * waiting. make appends the document; called once at most, if a client has come. now: monotonic,
 * milliseconds. Call also when nothing is ready, so that slow clients are cut. s may be NULL.
 */
void status_server_ready(struct status_server *s, const struct pollfd *p, size_t n, int64_t now,
			 void (*make)(void *arg, struct outbuf *b), void *arg);

/* Returns how many clients were cut before they had the whole document. */
uint64_t status_server_cut(const struct status_server *s);

/* Closes the socket, and removes it if the process may still do so. s may be NULL. */
void status_server_close(struct status_server *s);

#endif
