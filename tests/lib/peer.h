/* peer.h - who stands at the other end of an output's socket: a reader that comes, reads or does
 * not, and goes. */
#ifndef SMTPWATCH_TESTS_LIB_PEER_H
#define SMTPWATCH_TESTS_LIB_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* A folder of its own, a socket in it, and what was said on standard error meanwhile. */
struct peer {
	char dir[40], path[64], errors[64];
	int listener, fd; /* fd: of a stream, the connection; of datagrams, the same as listener */
	int type;         /* SOCK_STREAM or SOCK_DGRAM */
	int old_stderr;
	char *got; /* everything read, with a NUL behind */
	size_t n;
	size_t records; /* datagrams read; got has each behind its length and a blank */
};

/* Nobody listens yet. */
void peer_init(struct peer *p, int type);

/* The socket is made, in place of an older one. */
void peer_listen(struct peer *p);

/* A stream's writer has connected: takes the connection. False: none has. */
bool peer_accept(struct peer *p);

/* Reads what is there, without waiting; at most n bytes, 0: all. */
void peer_read(struct peer *p, size_t n);

/* Goes away. */
void peer_leave(struct peer *p);

/* How often a line on standard error had this in it since peer_init. */
size_t peer_said(struct peer *p, const char *text);
void peer_free(struct peer *p);

#endif
