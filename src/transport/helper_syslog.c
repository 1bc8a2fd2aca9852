/* helper_syslog.c - the process that sends syslog messages to another host. It may wait: the
 * program does not. */
#include "transport/helper_syslog.h"

#include "text/clock.h"
#include "transport/helper_process.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* STEADY: seconds that a connection of TCP must have stood to be replaced at once. GOOD: so many
 * datagrams without a refusal, and somebody seems to take them again. */
enum { PAUSE_FIRST = 1, PAUSE_MAX = 64, SEND_SECONDS = 10, STEADY = 10, GOOD = 10 };

bool syslog_target_read(struct syslog_target *t, const char *text, struct error *why)
{
	*t = (struct syslog_target){.name = text, .tcp = strncmp(text, "tcp://", 6) == 0};
	if ((t->tcp || strncmp(text, "udp://", 6) == 0) &&
	    hostport_read(&t->to, text + 6, NULL, "514"))
		return true;
	return error_set(why,
			 "\"%.200s\" is no host to send to: udp://host:port, tcp://[address]:port",
			 text);
}

struct link {
	const struct syslog_target *target;
	int parent, fd;
	bool known;    /* it was connected before */
	int64_t began; /* milliseconds: the time of the connection */
	int wait;      /* seconds of the latest pause; 0: the next one is the first */
	unsigned good; /* datagrams since the last refusal */
	bool pending;  /* a datagram was sent; whether it is refused is told when the next one is */
	struct target_state state;
};

/* What became of the datagram before. */
static void settle(struct link *l, bool taken)
{
	if (!l->pending)
		return;
	l->pending = false;
	l->state.lost += !taken;
	helper_report(l->parent, (struct helper_report){.done = taken, .lost = !taken});
}

static int connect_one(const struct addrinfo *a)
{
	struct timeval patience = {.tv_sec = SEND_SECONDS};
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol), error;
	if (fd < 0)
		return -1;
	/* Bounds the connecting too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool link_connect(struct link *l)
{
	struct addrinfo hints = {.ai_socktype = l->target->tcp ? SOCK_STREAM : SOCK_DGRAM},
			*list = NULL;
	int error = getaddrinfo(l->target->to.host, l->target->to.port, &hints, &list);
	if (error != 0) {
		target_state_down(&l->state, gai_strerror(error));
		return false;
	}
	for (const struct addrinfo *a = list; a && l->fd < 0; a = a->ai_next)
		l->fd = connect_one(a);
	if (l->fd < 0)
		target_state_down(&l->state, strerror(errno));
	freeaddrinfo(list);
	if (l->fd >= 0 && l->known)
		helper_report(l->parent, (struct helper_report){.reconnects = 1});
	l->known |= l->fd >= 0;
	l->began = clock_ms();
	return l->fd >= 0;
}

/* Whether the host has stopped to acknowledge. A host that acknowledges and reads nothing is waited
 * for: what lies unread there would be thrown away with the connection, and nobody would know. So
 * TCP_USER_TIMEOUT, which ends such a connection too, is not used. */
static bool link_unanswered(const struct link *l)
{
	struct tcp_info i = {0};
	socklen_t n = sizeof i;
	if (getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &i, &n) != 0)
		return false;
	return (i.tcpi_retransmits > 0 || i.tcpi_probes > 1) &&
	       i.tcpi_last_ack_recv > 2 * SEND_SECONDS * 1000;
}

static void link_break(struct link *l, int error)
{
	if (clock_ms() - l->began >= STEADY * INT64_C(1000))
		l->wait = 0;
	settle(l, true);
	target_state_down(&l->state, strerror(error));
	close(l->fd);
	l->fd = -1;
}

/* A peer that has closed is noticed before something is sent to it in vain. Syslog servers say
 * nothing; what they say is passed over. */
static bool link_alive(struct link *l)
{
	char discarded[256];
	ssize_t n;
	do
		n = recv(l->fd, discarded, sizeof discarded, MSG_DONTWAIT);
	while (n > 0);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		if (!link_unanswered(l))
			return true;
		errno = ETIMEDOUT;
	}
	link_break(l, n == 0 ? ECONNRESET : errno);
	return false;
}

static bool send_stream(struct link *l, struct bytes message)
{
	char octets[24];
	struct iovec parts[2] = {
		{octets, (size_t)snprintf(octets, sizeof octets, "%zu ", message.n)},
		{NULL, message.n}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
	size_t left = parts[0].iov_len + message.n;
	memcpy(&parts[1].iov_base, &message.p, sizeof message.p);
	while (left > 0) {
		ssize_t n = sendmsg(l->fd, &m, MSG_NOSIGNAL);
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && !link_unanswered(l))))
			continue;
		if (n <= 0)
			return false;
		left -= (size_t)n;
		for (size_t i = 0; i < 2; i++) {
			size_t part = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;
			parts[i].iov_base = (char *)parts[i].iov_base + part;
			parts[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return true;
}

/* An error that is told here is that of the datagram before: that one is lost. */
static bool send_datagram(struct link *l, struct bytes message)
{
	bool sent = send(l->fd, message.p, message.n, MSG_NOSIGNAL) >= 0;
	if (!sent && errno != ECONNREFUSED)
		return false;
	if (!sent)
		target_state_down(&l->state, strerror(errno));
	settle(l, sent);
	if (!sent) {
		l->good = 0;
		sent = send(l->fd, message.p, message.n, MSG_NOSIGNAL) >= 0;
	}
	l->pending = sent;
	return sent;
}

/* At the end: as far as the system knows. */
static void settle_last(struct link *l)
{
	int error = 0;
	socklen_t n = sizeof error;
	settle(l, l->fd < 0 ||
			  (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0));
}

static bool link_send(struct link *l, struct bytes message)
{
	/* Who closes each connection soon is not asked for one with each message. */
	if (l->fd >= 0 && l->target->tcp && !link_alive(l) &&
	    clock_ms() - l->began < STEADY * INT64_C(1000))
		return false;
	if (l->fd < 0 && !link_connect(l))
		return false;
	if (l->target->tcp ? send_stream(l, message) : send_datagram(l, message)) {
		if (l->target->tcp || l->good++ >= GOOD)
			target_state_up(&l->state);
		return true;
	}
	link_break(l, errno);
	return false;
}

/* Waits, twice as long as the time before, but not if the program ends. False: it does. */
static bool back_off(struct link *l)
{
	struct pollfd p = {.fd = l->parent, .events = POLLRDHUP};
	l->wait = l->wait == 0 ? PAUSE_FIRST : 2 * l->wait < PAUSE_MAX ? 2 * l->wait : PAUSE_MAX;
	return poll(&p, 1, l->wait * 1000) <= 0;
}

static void syslog_forward(struct link *l, struct bytes message)
{
	while (!link_send(l, message))
		if (!back_off(l)) {
			target_state_lose(&l->state);
			helper_report(l->parent, (struct helper_report){.lost = 1});
			return;
		}
	if (l->target->tcp)
		helper_report(l->parent, (struct helper_report){.done = 1});
	else
		l->wait = 0;
}

void helper_syslog_work(int fd, const void *arg)
{
	struct link l = {.target = arg, .parent = fd, .fd = -1};
	uint8_t *job = malloc(HELPER_JOB_MAX);
	size_t n;
	l.state.name = l.target->name;
	while (job && (n = helper_take(fd, job)) > 0)
		syslog_forward(&l, bytes_of(job, n));
	settle_last(&l);
	target_state_close(&l.state);
	free(job);
}
