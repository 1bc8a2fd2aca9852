/* ask.c - connects, reads to the end, and waits for neither without a bound. */
#include "status/ask.h"

#include "text/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd, error;
	if (strlen(path) >= sizeof to.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static enum asked failed(const char *path, struct error *why)
{
	if (errno == ENOENT || errno == ECONNREFUSED)
		error_set(why, "no daemon answers at %.200s", path);
	else if (errno == EAGAIN)
		error_set(why, "the daemon at %.200s is too busy to answer", path);
	else
		error_set(why, "%.200s cannot be asked: %s", path, strerror(errno));
	return errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN ? ASK_SILENT
									   : ASK_FORBIDDEN;
}

/* Returns false if the answer did not end in time, or has no end. */
static bool read_all(int fd, struct outbuf *b, int64_t end)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = end - clock_ms();
		char *at = outbuf_reserve(b, 4096);
		ssize_t n;
		if (!at || left <= 0 || b->n > ASK_BYTES)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, at, 4096);
		if (n == 0)
			return true;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		b->n += n > 0 ? (size_t)n : 0;
	}
}

enum asked status_ask(struct outbuf *b, const char *path, int64_t wait, struct error *why)
{
	int fd = connect_to(path);
	bool whole;
	if (fd < 0)
		return failed(path, why);
	whole = read_all(fd, b, clock_ms() + wait);
	close(fd);
	if (whole)
		return ASK_ANSWERED;
	error_set(why, "the daemon at %.200s does not answer, or not to the end", path);
	return ASK_SILENT;
}
