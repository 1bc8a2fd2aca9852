/* nonblock.c - what kind of descriptor it is, and how each kind is kept from waiting. */
#include "transport/nonblock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* errno is left alone where there is no descriptor. */
struct outfd outfd_take(int fd, bool live)
{
	struct outfd o = {.fd = fd};
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return o;
	o.terminal = isatty(fd);
	o.regular = S_ISREG(st.st_mode);
	o.pipe = S_ISFIFO(st.st_mode);
	o.socket = S_ISSOCK(st.st_mode);
	o.patient = live && !o.regular && !o.socket && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
	return o;
}

/* -1: what others keep to themselves (a terminal of another user), or where there is no /proc. */
static int open_once_more(int fd)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct outfd outfd_copy(int fd, bool live)
{
	struct outfd copy = outfd_take(fcntl(fd, F_DUPFD_CLOEXEC, 0), live);
	int own = copy.patient ? open_once_more(copy.fd) : -1;
	if (own < 0)
		return copy;
	close(copy.fd);
	return outfd_take(own, live);
}

/* Of a patient pipe: one that can be written to takes so much for certain (POSIX, PIPE_BUF). */
static size_t room_now(const struct outfd *o, size_t n)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	return poll(&p, 1, 0) > 0 ? (n < PIPE_BUF ? n : PIPE_BUF) : 0;
}

ssize_t outfd_write(const struct outfd *o, const void *p, size_t n, bool live)
{
	if (live && o->socket)
		return send(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->patient)
		n = room_now(o, n);
	if (n > 0)
		return write(o->fd, p, n);
	errno = EAGAIN;
	return -1;
}
