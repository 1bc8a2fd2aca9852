/* test_prometheus.c - the metrics port while others hold connections and ask nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sink/sink.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct run_mode live = {.live = true};

/* A port that is free now: the sink cannot be asked for the one that it got. */
static in_port_t port_free(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return at.sin_port;
}

static int connect_to(in_port_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* The program's loop, until it has nothing to do for a moment. */
static void loop(void *self)
{
	struct pollfd p;
	assert_int_equal(sink_prometheus.poll(self, &p), 1);
	while (poll(&p, 1, 50) > 0) {
		sink_prometheus.ready(self, &p);
		sink_prometheus.poll(self, &p);
	}
	sink_prometheus.tick(self, 0);
}

static void who_asks_is_answered_whoever_waits(void **state)
{
	enum { SLOW = 200 };
	static int slow[SLOW];
	static const char request[] = "GET /nothing HTTP/1.0\r\n\r\n";
	char target[32], got[512] = "";
	struct error why = {0};
	in_port_t port = port_free();
	(void)state;
	snprintf(target, sizeof target, "127.0.0.1:%u", ntohs(port));
	void *self = sink_prometheus.open(target, &live, &why);
	assert_non_null(self);
	for (size_t i = 0; i < SLOW; i++) {
		slow[i] = connect_to(port);
		assert_int_equal(send(slow[i], "GET", 3, MSG_NOSIGNAL), 3);
		if (i % 8 == 7)
			loop(self);
	}
	loop(self);
	int fd = connect_to(port);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	loop(self);
	assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
	assert_non_null(strstr(got, "404"));
	/* The latest of the slow ones are still there, the first were given up. */
	assert_int_equal(recv(slow[SLOW - 1], got, sizeof got, MSG_DONTWAIT), -1);
	assert_true(recv(slow[0], got, sizeof got, MSG_DONTWAIT) >= 0);
	for (size_t i = 0; i < SLOW; i++)
		close(slow[i]);
	close(fd);
	loop(self);
	assert_true(sink_prometheus.close(self));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_is_answered_whoever_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
