/* test_standard_error.c - standard error that nobody reads: it is not waited for, and what is lost
 * is said when somebody does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/standard_error.h"

enum { LINES = 20000 };
static char got[1 << 20];

static size_t drain(int fd)
{
	size_t n = 0;
	ssize_t r;

	while (n < sizeof(got) - 1 &&
	       (r = recv(fd, got + n, sizeof(got) - 1 - n, MSG_DONTWAIT)) > 0)
		n += (size_t)r;
	while (n < sizeof(got) - 1 && (r = read(fd, got + n, sizeof(got) - 1 - n)) > 0)
		n += (size_t)r;
	got[n] = '\0';
	return n;
}

/* ends: of a pipe or a pair of sockets; the first is read from. */
static void speak_into(const int ends[2])
{
	int old = dup(STDERR_FILENO);
	unsigned whole = 0;
	unsigned long long lost = 0;
	char *said;

	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	dup2(ends[1], STDERR_FILENO);
	alarm(60); /* which ends a test that waits */
	errorout_begin();
	for (unsigned i = 0; i < LINES; i++)
		fprintf(stderr, "line %05u, and some words\n", i);
	drain(ends[0]);
	for (const char *at = got; (at = strstr(at, "some words\n")) != NULL; at++)
		whole++;
	fprintf(stderr, "the %s\n", "last");
	drain(ends[0]);
	errorout_end();
	alarm(0);
	/* others that have the same descriptor find it as it was */
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	dup2(old, STDERR_FILENO);
	close(old);
	said = strstr(got, "no room here: ");
	assert_non_null(said);
	assert_int_equal(sscanf(said, "no room here: %llu\nthe last\n", &lost), 1);
	assert_int_equal(whole + lost, LINES);
	assert_true(whole > 100 && lost > 100);
	assert_string_equal(strchr(said, '\n'), "\nthe last\n");
	close(ends[0]);
	close(ends[1]);
}

static void a_full_pipe(void **state)
{
	(void)state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	speak_into(ends);
}

/* What a service of systemd has. */
static void a_full_socket(void **state)
{
	(void)state;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	speak_into(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_full_pipe),
					   cmocka_unit_test(a_full_socket)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
