/* test_helper_syslog.c - syslog to other hosts: each message whole, a server that comes again gets
 * what waited, and one that is not there costs no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/made.h"
#include "lib/peer.h"
#include "lib/within.h"
#include "sink/sink.h"

static const struct run_mode live = {.live = true};

/* A syslog server on the loopback interface. */
struct loghost {
	int listener, fd;
	uint16_t port;
	char *got;
	size_t n;
};

static void loghost_listen(struct loghost *s, int type, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(at);
	int yes = 1;

	s->listener = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	s->fd = type == SOCK_DGRAM ? s->listener : -1;
	if (type == SOCK_STREAM)
		listen(s->listener, 4);
}

/* Until so many of these are there, ten seconds at most; of a stream the connections that come. */
static bool loghost_read(struct loghost *s, const char *what, unsigned times)
{
	char piece[65536];
	int64_t end = clock_ms() + 10000;

	while (clock_ms() < end) {
		struct pollfd p[2] = {{.fd = s->listener, .events = POLLIN},
				      {.fd = s->fd, .events = POLLIN}};
		unsigned found = 0;

		for (const char *at = s->got; at != NULL && (at = strstr(at, what)) != NULL; at++)
			found++;
		if (found >= times)
			return true;
		if (poll(p, 2, 100) <= 0)
			continue;
		if (s->fd != s->listener && p[0].revents != 0) {
			if (s->fd >= 0)
				close(s->fd);
			s->fd = accept(s->listener, NULL, NULL);
		} else if (p[1].revents != 0) {
			ssize_t n = recv(s->fd, piece, sizeof(piece), 0);

			if (n <= 0) {
				close(s->fd);
				s->fd = -1;
				continue;
			}
			s->got = realloc(s->got, s->n + (size_t)n + 1);
			memcpy(s->got + s->n, piece, (size_t)n);
			s->n += (size_t)n;
			s->got[s->n] = '\0';
		}
	}
	return false;
}

static void loghost_leave(struct loghost *s)
{
	if (s->fd >= 0 && s->fd != s->listener)
		close(s->fd);
	close(s->listener);
	s->fd = -1;
}

static void messages_by_udp(void **state)
{
	(void)state;
	struct loghost s = {0};
	struct error why;
	char target[64];
	struct made m;
	void *self;

	loghost_listen(&s, SOCK_DGRAM, 0);
	snprintf(target, sizeof(target), "udp://127.0.0.1:%u", (unsigned)s.port);
	self = sink_syslog.open(target, &live, &why);
	assert_non_null(self);
	made_init(&m);
	for (unsigned i = 0; i < 3; i++)
		assert_true(sink_syslog.record(self, &m.report));
	assert_true(sink_syslog.close(self));
	assert_true(loghost_read(&s, "<18>1 2026-11-23T10:00:03.250000Z ", 3));
	assert_memory_equal(s.got, "<18>1 ", 6);
	loghost_leave(&s);
	free(s.got);
	made_free(&m);
}

/* By octet counting; a server that goes and comes again gets what waited, each message whole. */
static void messages_by_tcp(void **state)
{
	(void)state;
	struct loghost s = {.fd = -1};
	struct sink_counts loss = {0};
	struct error why;
	char target[64];
	struct peer p;
	struct made m;
	void *self;
	FILE *check;

	peer_init(&p, SOCK_STREAM);
	loghost_listen(&s, SOCK_STREAM, 0);
	snprintf(target, sizeof(target), "tcp://127.0.0.1:%u", (unsigned)s.port);
	self = sink_syslog.open(target, &live, &why);
	assert_non_null(self);
	made_init(&m);
	assert_true(sink_syslog.record(self, &m.report));
	assert_true(sink_syslog.flush(self));
	assert_true(loghost_read(&s, "<18>1 ", 1));
	loghost_leave(&s);
	for (unsigned i = 0; i < 200; i++)
		assert_true(sink_syslog.record(self, &m.report));
	assert_true(sink_syslog.flush(self));
	for (int64_t end = clock_ms() + 5000;
	     peer_said(&p, "tcp://127.0.0.1") == 0 && clock_ms() < end; nap())
		;
	loghost_listen(&s, SOCK_STREAM, s.port);
	/* Few messages are under way at once: the rest follows when those are reported. */
	for (int64_t end = clock_ms() + 5000; loss.written < 201 && clock_ms() < end;) {
		struct pollfd f;

		if (sink_syslog.poll(self, &f) > 0 && poll(&f, 1, 10) > 0)
			sink_syslog.ready(self, &f);
		sink_syslog.counts(self, &loss);
	}
	assert_true(loghost_read(&s, "<18>1 ", 201));
	check = popen("/usr/bin/python3 tests/program/rfc5424_check.py >/dev/null", "w");
	fwrite(s.got, 1, s.n, check);
	assert_int_equal(pclose(check), 0);
	assert_int_equal(loss.reconnects, 1);
	assert_int_equal(loss.lost, 0);
	assert_int_equal(peer_said(&p, "it is tried again"), 1);
	assert_int_equal(peer_said(&p, "takes records again"), 1);
	assert_true(sink_syslog.close(self));
	loghost_leave(&s);
	free(s.got);
	made_free(&m);
	peer_free(&p);
}

/* A host that takes each connection and closes it at once is not asked for one with each message.
 */
static void who_closes_at_once_is_left_alone(void **state)
{
	(void)state;
	struct loghost s = {.fd = -1};
	struct error why;
	char target[64];
	unsigned connections = 0;
	struct peer p;
	struct made m;
	void *self;

	peer_init(&p, SOCK_STREAM);
	loghost_listen(&s, SOCK_STREAM, 0);
	snprintf(target, sizeof(target), "tcp://127.0.0.1:%u", (unsigned)s.port);
	self = sink_syslog.open(target, &live, &why);
	assert_non_null(self);
	made_init(&m);
	for (int64_t end = clock_ms() + 2500; clock_ms() < end;) {
		struct pollfd f[2] = {{.fd = s.listener, .events = POLLIN}};
		size_t n = sink_syslog.poll(self, &f[1]);
		int fd;

		assert_true(sink_syslog.record(self, &m.report));
		assert_true(sink_syslog.flush(self));
		poll(f, 1 + n, 20);
		if (n > 0)
			sink_syslog.ready(self, &f[1]);
		if (f[0].revents != 0 && (fd = accept(s.listener, NULL, NULL)) >= 0) {
			connections++;
			close(fd);
		}
	}
	assert_within(connections, 1, 4);
	sink_syslog.close(self);
	loghost_leave(&s);
	made_free(&m);
	peer_free(&p);
}

/* A host that is not there costs no time, not even at the end. */
static void who_cannot_be_reached_is_not_waited_for(void **state)
{
	(void)state;
	struct error why;
	int64_t begin = clock_ms();
	struct peer p;
	struct made m;
	void *self;

	peer_init(&p, SOCK_STREAM);
	self = sink_syslog.open("tcp://127.0.0.1:1", &live, &why);
	assert_non_null(self);
	made_init(&m);
	for (unsigned i = 0; i < 10000; i++)
		assert_true(sink_syslog.record(self, &m.report));
	assert_true(clock_ms() - begin < 3000);
	begin = clock_ms();
	assert_false(sink_syslog.close(self));
	assert_true(clock_ms() - begin < 9000);
	assert_true(peer_said(&p, "Connection refused") >= 1);
	made_free(&m);
	peer_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_by_udp),
		cmocka_unit_test(messages_by_tcp),
		cmocka_unit_test(who_closes_at_once_is_left_alone),
		cmocka_unit_test(who_cannot_be_reached_is_not_waited_for),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
