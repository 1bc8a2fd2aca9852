/* nonblock.h - writes to a descriptor without waiting for its reader. */
#ifndef SMTPWATCH_TRANSPORT_NONBLOCK_H
#define SMTPWATCH_TRANSPORT_NONBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct outfd {
	int fd; /* -1: none */
	bool regular, pipe, terminal;
	bool socket;  /* a socket: send(2) with MSG_DONTWAIT does not wait */
	bool patient; /* it could not be made non-blocking */
};

/* Takes over fd, open for writing, or -1. live: makes it non-blocking. */
struct outfd outfd_take(int fd, bool live);

/*
 * Copies a descriptor that other processes share, such as standard output. Its O_NONBLOCK is
 * shared too, and stays unchanged: live, a pipe or terminal is opened again through /proc/self/fd
 * (proc(5)), so that only the copy does not block.
 * If it cannot be copied, fd is -1, with errno.
 */
struct outfd outfd_copy(int fd, bool live);

/* As write(2). Live, fails with EAGAIN if there is no room; a write to a regular file waits for
 * the disk. */
ssize_t outfd_write(const struct outfd *o, const void *p, size_t n, bool live);

#endif
