/* test_server.c - the status socket: whoever connects gets the whole document; who is slow, silent,
 * hostile or many keeps nobody waiting; a dead one's socket is replaced, a living one's is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status/ask.h"
#include "status/server.h"

/* More than the buffer of a socket. */
enum { BIG = 8 << 20 };

/* A process of a test that fails does not stay. */
enum { CHILD_SECONDS = 60 };

static const struct run_mode live = {.live = true};

struct place {
	char folder[32], path[64], lock[80];
	struct status_server *server;
};

static void place_make(struct place *p)
{
	snprintf(p->folder, sizeof p->folder, "/tmp/status-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/sock", p->folder);
	snprintf(p->lock, sizeof p->lock, "%s.lock", p->path);
}

static void place_open(struct place *p)
{
	struct error why;
	place_make(p);
	p->server = status_server_open(p->path, &live, &why);
	assert_non_null(p->server);
}

static void place_free(struct place *p)
{
	status_server_close(p->server);
	assert_int_equal(access(p->path, F_OK), -1);
	unlink(p->lock);
	assert_int_equal(rmdir(p->folder), 0);
}

static void small(void *arg, struct outbuf *b)
{
	unsigned *made = arg;
	(*made)++;
	outbuf_str(b, "{}\n");
}

static void big(void *arg, struct outbuf *b)
{
	char *at = outbuf_reserve(b, BIG);
	(void)arg;
	assert_non_null(at);
	memset(at, 'x', BIG);
	b->n = BIG;
}

static void turn(struct place *p, int64_t now, void (*make)(void *arg, struct outbuf *b), void *arg)
{
	struct pollfd fds[STATUS_FDS];
	size_t n = status_server_poll(p->server, fds);
	assert_true(n <= STATUS_FDS);
	poll(fds, (nfds_t)n, 0);
	status_server_ready(p->server, fds, n, now, make, arg);
}

static int client(const struct place *p)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", p->path);
	return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : (close(fd), -1);
}

/* Reads what is there; returns whether that was all up to the end. */
static bool drain(int fd, size_t *n)
{
	char bytes[65536];
	ssize_t got;
	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		*n += (size_t)got;
	return got == 0;
}

static void whoever_connects_gets_the_document(void **state)
{
	(void)state;
	struct place p;
	struct stat st;
	unsigned made = 0;
	size_t n = 0;
	place_open(&p);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	turn(&p, 0, small, &made);
	assert_int_equal(made, 0);
	int one = client(&p), two = client(&p);
	turn(&p, 0, small, &made);
	assert_int_equal(made, 1);
	assert_true(drain(one, &n) && drain(two, &n));
	assert_int_equal(n, 6);
	close(one);
	close(two);
	place_free(&p);
}

static void what_a_client_sends_is_not_read(void **state)
{
	(void)state;
	struct place p;
	unsigned made = 0;
	char bytes[4096] = {0};
	size_t n = 0;
	place_open(&p);
	int fd = client(&p), quiet = client(&p);
	while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
		;
	turn(&p, 0, small, &made);
	assert_true(drain(quiet, &n));
	assert_int_equal(n, 3);
	close(fd);
	close(quiet);
	/* Nor of one that is still answered. */
	fd = client(&p);
	turn(&p, 1, big, NULL);
	assert_int_equal(send(fd, bytes, 1, MSG_NOSIGNAL), -1);
	assert_false(drain(fd, &n));
	close(fd);
	place_free(&p);
}

static void one_that_takes_nothing_is_cut(void **state)
{
	(void)state;
	struct place p;
	unsigned made = 0;
	size_t n = 0;
	place_open(&p);
	int slow = client(&p), quick;
	turn(&p, 0, big, NULL);
	quick = client(&p);
	turn(&p, 1, small, &made);
	assert_true(drain(quick, &n));
	assert_int_equal(n, 3);
	turn(&p, STATUS_PATIENCE_MS - 1, small, &made);
	assert_int_equal(status_server_cut(p.server), 0);
	turn(&p, STATUS_PATIENCE_MS, small, &made);
	assert_int_equal(status_server_cut(p.server), 1);
	n = 0;
	assert_true(drain(slow, &n));
	assert_true(n < BIG);
	close(slow);
	close(quick);
	place_free(&p);
}

static void one_that_reads_slowly_gets_all(void **state)
{
	(void)state;
	struct place p;
	size_t n = 0;
	place_open(&p);
	int fd = client(&p);
	for (int i = 0; i < 1000 && !drain(fd, &n); i++)
		turn(&p, i, big, NULL);
	assert_int_equal(n, BIG);
	close(fd);
	place_free(&p);
}

static void of_too_many_the_oldest_is_cut(void **state)
{
	(void)state;
	struct place p;
	int fds[STATUS_CLIENTS + 1];
	size_t n = 0;
	place_open(&p);
	for (int i = 0; i <= STATUS_CLIENTS; i++) {
		fds[i] = client(&p);
		assert_true(fds[i] >= 0);
		turn(&p, i, big, NULL);
	}
	assert_int_equal(status_server_cut(p.server), 1);
	assert_true(drain(fds[0], &n));
	assert_false(drain(fds[1], &n));
	for (int i = 0; i <= STATUS_CLIENTS; i++)
		close(fds[i]);
	turn(&p, STATUS_CLIENTS, big, NULL);
	assert_int_equal(status_server_cut(p.server), STATUS_CLIENTS + 1);
	place_free(&p);
}

/* Starts a process that has the socket open; returns when it has. */
static pid_t other_start(const struct place *p)
{
	int line[2];
	char byte;
	pid_t pid;
	assert_int_equal(pipe(line), 0);
	pid = fork();
	if (pid == 0) {
		struct error why;
		alarm(CHILD_SECONDS);
		if (!status_server_open(p->path, &live, &why) || write(line[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(line[0], &byte, 1), 1);
	close(line[0]);
	close(line[1]);
	return pid;
}

static void a_dead_ones_socket_is_replaced_a_living_ones_is_not(void **state)
{
	(void)state;
	struct place p;
	struct error why;
	unsigned made = 0;
	size_t n = 0;
	place_make(&p);
	pid_t other = other_start(&p);
	assert_null(status_server_open(p.path, &live, &why));
	assert_non_null(strstr(why.text, "another smtpwatch, which runs"));
	int fd = client(&p);
	assert_true(fd >= 0);
	close(fd);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	assert_int_equal(client(&p), -1);
	p.server = status_server_open(p.path, &live, &why);
	assert_non_null(p.server);
	fd = client(&p);
	turn(&p, 0, small, &made);
	assert_true(drain(fd, &n) && n == 3);
	close(fd);
	place_free(&p);
}

static void what_is_no_socket_stays(void **state)
{
	(void)state;
	struct place p;
	struct error why;
	place_make(&p);
	close(open(p.path, O_CREAT | O_WRONLY, 0600));
	assert_null(status_server_open(p.path, &live, &why));
	assert_non_null(strstr(why.text, "no socket"));
	assert_int_equal(unlink(p.path), 0);
	unlink(p.lock);
	rmdir(p.folder);
	assert_null(status_server_open(p.path, &live, &why));
	assert_non_null(strstr(why.text, "No such file or directory"));
}

static void nobody_waits_for_a_daemon_that_is_silent(void **state)
{
	(void)state;
	struct place p;
	struct error why;
	struct outbuf b = {0};
	place_open(&p);
	assert_int_equal(status_ask(&b, p.path, 50, &why), ASK_SILENT);
	assert_non_null(strstr(why.text, "does not answer"));
	place_free(&p);
	place_make(&p);
	assert_int_equal(status_ask(&b, p.path, 50, &why), ASK_SILENT);
	assert_non_null(strstr(why.text, "no daemon answers"));
	rmdir(p.folder);
	outbuf_free(&b);
}

static void an_answer_without_an_end_is_given_up(void **state)
{
	(void)state;
	struct place p;
	struct error why;
	struct outbuf b = {0};
	pid_t pid;
	place_open(&p);
	pid = fork();
	if (pid == 0) {
		alarm(CHILD_SECONDS);
		for (int i = 0;; i++)
			turn(&p, i / 1000, big, NULL);
	}
	assert_int_equal(status_ask(&b, p.path, 20000, &why), ASK_SILENT);
	assert_true(b.n > ASK_BYTES && b.n < ASK_BYTES + 8192);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	outbuf_free(&b);
	place_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_connects_gets_the_document),
		cmocka_unit_test(what_a_client_sends_is_not_read),
		cmocka_unit_test(one_that_takes_nothing_is_cut),
		cmocka_unit_test(one_that_reads_slowly_gets_all),
		cmocka_unit_test(of_too_many_the_oldest_is_cut),
		cmocka_unit_test(a_dead_ones_socket_is_replaced_a_living_ones_is_not),
		cmocka_unit_test(what_is_no_socket_stays),
		cmocka_unit_test(nobody_waits_for_a_daemon_that_is_silent),
		cmocka_unit_test(an_answer_without_an_end_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
