/* unix_socket.c - connecting with back-off, and a queue that is sent without waiting. */
#include "transport/unix_socket.h"

#include "smtpwatch/frame.h"
#include "text/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* GATHER: bytes that may wait for the next flush. PATIENCE: at the end. */
enum { GATHER = 65536, PATIENCE_MS = 2000 };
/* steady: a connection that lasts so long was a good one */
static const int64_t wait_first = FRAME_SECOND, wait_max = 64 * FRAME_SECOND,
		     steady = 10 * FRAME_SECOND;

static bool connect_now(struct outsocket *s)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int flags = SOCK_CLOEXEC | (s->mode->live ? SOCK_NONBLOCK : 0), error;
	memcpy(to.sun_path, s->path, strlen(s->path) + 1);
	s->fd = socket(AF_UNIX, (s->kind == OUTSOCKET_STREAM ? SOCK_STREAM : SOCK_DGRAM) | flags,
		       0);
	if (s->fd < 0)
		return false;
	if (connect(s->fd, (struct sockaddr *)&to, sizeof to) == 0)
		return true;
	error = errno;
	close(s->fd);
	s->fd = -1;
	errno = error;
	return false;
}

static void back_off(struct outsocket *s)
{
	s->wait = s->wait == 0 ? wait_first : 2 * s->wait;
	s->wait = s->wait < wait_max ? s->wait : wait_max;
	s->retry = s->now + s->wait;
}

/* Connected, or it was tried if it was time. */
static bool connected(struct outsocket *s)
{
	if (s->fd >= 0)
		return true;
	if (!s->path || s->broken || s->now < s->retry)
		return false;
	if (!connect_now(s)) {
		target_state_down(&s->state, strerror(errno));
		back_off(s);
		return false;
	}
	s->connects++;
	s->began = s->now;
	target_state_up(&s->state);
	return true;
}

/* The reader has gone. A connection that had stood is tried again at once. */
static void disconnect(struct outsocket *s, int error)
{
	if (s->path)
		close(s->fd);
	else
		s->ended = s->fd;
	s->fd = -1;
	s->sent = 0;
	s->broken |= !s->mode->live || (!s->path && !s->renewable);
	if (s->broken)
		target_state_give_up(&s->state, strerror(error));
	else if (s->path)
		target_state_down(&s->state, strerror(error));
	s->retry = s->now;
	if (s->now - s->began < steady)
		back_off(s);
	else
		s->wait = 0;
}

bool outsocket_check(const char *path, struct error *why)
{
	if (path[0] != '\0' && strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path))
		return true;
	return error_set(
		why, "\"%.200s\" is no path of a socket: it is empty or has more than 107 bytes",
		path);
}

bool outsocket_open(struct outsocket *s, const char *path, enum outsocket_kind kind,
		    const char *name, const struct run_mode *mode, struct error *why)
{
	*s = (struct outsocket){.kind = kind,
				.path = path,
				.fd = -1,
				.ended = -1,
				.allowed = UINT64_MAX,
				.mode = mode,
				.state = {.name = name}};
	if (!outsocket_check(path, why))
		return false;
	if (mode->live) {
		connected(s);
		return true;
	}
	if (connect_now(s)) {
		s->connects = 1;
		return true;
	}
	return error_set(why, "cannot connect to %s: %s", path, strerror(errno));
}

void outsocket_adopt(struct outsocket *s, int fd, const char *name, const struct run_mode *mode)
{
	*s = (struct outsocket){.kind = OUTSOCKET_STREAM,
				.fd = fd,
				.ended = -1,
				.allowed = UINT64_MAX,
				.mode = mode,
				.connects = 1,
				.state = {.name = name}};
	if (mode->live)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

void outsocket_give(struct outsocket *s, int fd)
{
	s->fd = fd;
	s->sent = 0;
	if (s->mode->live)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void forget_first(struct outsocket *s)
{
	outqueue_remove(&s->queue);
	s->sent = 0;
}

/* Whether to go on after a send that failed. */
static bool send_failed(struct outsocket *s, int error)
{
	if (error == EINTR)
		return true;
	if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS)
		return false;
	if (error == EMSGSIZE && s->kind == OUTSOCKET_DATAGRAM) {
		target_state_too_long(&s->state);
		forget_first(s);
		return true;
	}
	disconnect(s, error);
	return false;
}

/* False: not now. */
static bool send_first(struct outsocket *s, struct bytes record)
{
	ssize_t n = send(s->fd, record.p + s->sent, record.n - s->sent,
			 MSG_NOSIGNAL | (s->mode->live ? MSG_DONTWAIT : 0));
	if (n < 0)
		return send_failed(s, errno);
	s->sent += (size_t)n;
	if (s->sent == record.n) {
		s->state.written++;
		forget_first(s);
	}
	return true;
}

static bool may_send(const struct outsocket *s)
{
	return s->state.written < s->allowed;
}

/* At most one new connection, so that a reader who takes nothing and goes costs little. */
static void send_out(struct outsocket *s)
{
	struct bytes record;
	for (int tries = 0; tries < 2 && connected(s); tries++)
		while (s->fd >= 0 && may_send(s) && (record = outqueue_first(&s->queue)).p)
			if (!send_first(s, record))
				break;
	if (s->fd >= 0 && outqueue_used(&s->queue) == 0)
		target_state_up(&s->state);
}

bool outsocket_put(struct outsocket *s)
{
	s->state.offered += s->buf.n > 0 || s->buf.failed;
	if (s->buf.n > OUTQUEUE_BOUND - OUTQUEUE_HEAD)
		target_state_too_long(&s->state);
	else if (s->broken || s->buf.failed ||
		 (s->buf.n > 0 && !outqueue_put(&s->queue, bytes_of(s->buf.p, s->buf.n))))
		target_state_lose(&s->state);
	s->buf.failed = false;
	s->buf.n = 0;
	if (!s->mode->live || outqueue_used(&s->queue) >= GATHER)
		send_out(s);
	return !s->broken || s->mode->live;
}

bool outsocket_flush(struct outsocket *s)
{
	send_out(s);
	return !s->broken || s->mode->live;
}

void outsocket_tick(struct outsocket *s, int64_t now)
{
	/* A clock that was set back must not make it wait for the old time. */
	if (now < s->now)
		s->retry = s->began = now;
	s->now = now;
	send_out(s);
}

size_t outsocket_poll(const struct outsocket *s, struct pollfd *p)
{
	if (s->fd < 0)
		return 0;
	/* That the reader goes is told in any case. */
	*p = (struct pollfd){.fd = s->fd,
			     .events = outqueue_used(&s->queue) > 0 && may_send(s) ? POLLOUT : 0};
	return 1;
}

void outsocket_ready(struct outsocket *s, const struct pollfd *p)
{
	if (s->fd >= 0 && s->fd == p->fd && (p->revents & (POLLHUP | POLLERR)) != 0)
		disconnect(s, EPIPE);
	if (p->revents != 0)
		send_out(s);
}

bool outsocket_reopen(struct outsocket *s)
{
	if (!s->path)
		return !s->broken;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->sent = 0;
	s->wait = 0;
	s->retry = s->now;
	return connected(s);
}

uint64_t outsocket_reconnects(const struct outsocket *s)
{
	return s->connects > 0 ? s->connects - 1 : 0;
}

/* Whoever stops the program waits for this. */
void outsocket_drain(struct outsocket *s)
{
	int64_t end = clock_ms() + PATIENCE_MS, left;
	send_out(s);
	while (s->fd >= 0 && outqueue_used(&s->queue) > 0 && (left = end - clock_ms()) > 0) {
		struct pollfd p = {.fd = s->fd, .events = POLLOUT};
		poll(&p, 1, (int)left);
		send_out(s);
	}
}

bool outsocket_close(struct outsocket *s)
{
	bool whole;
	outsocket_drain(s);
	for (; outqueue_used(&s->queue) > 0; forget_first(s))
		target_state_lose(&s->state);
	/* Live a loss was counted and said; offline nothing else tells of it but the exit status.
	 */
	whole = !s->state.on && (s->mode->live || s->state.lost == 0);
	target_state_sum(&s->state, s->mode->live);
	if (s->fd >= 0)
		close(s->fd);
	if (s->ended >= 0)
		close(s->ended);
	outqueue_free(&s->queue);
	outbuf_free(&s->buf);
	return whole;
}
