/* nonblock.h - a descriptor that is written to without ever waiting for its reader. */
#ifndef SMTPWATCH_TRANSPORT_NONBLOCK_H
#define SMTPWATCH_TRANSPORT_NONBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct outfd {
	int fd; /* -1: none */
	bool regular, pipe, terminal;
	bool socket;  /* a call can be told not to wait */
	bool patient; /* it could not be made one that does not wait */
};

/* Takes over a descriptor that was opened for writing, or -1. live: from now on nothing waits for
 * it. */
struct outfd outfd_take(int fd, bool live);

/*
 * A copy of a descriptor that others use too, such as standard output, whose O_NONBLOCK is the same
 * for all of them and stays as it is: so that the copy does not wait, the pipe or terminal is
 * opened once more (/proc/self/fd, proc(5)). -1 in fd, with errno, where it cannot be copied.
 */
struct outfd outfd_copy(int fd, bool live);

/* As write(2). Live, what has no room fails with EAGAIN; a regular file takes as long as its disk.
 */
ssize_t outfd_write(const struct outfd *o, const void *p, size_t n, bool live);

#endif
