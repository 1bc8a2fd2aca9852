/* helper_process.c - starting the process, and both ends of its socket. */
#include "transport/helper_process.h"

#include "base/log.h"
#include "text/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* PATIENCE: at the end, for what it still has to do. SOCKET_BUFFER: of the socket; the kernel gives
 * what it allows. */
enum { PATIENCE_SECONDS = 5, SOCKET_BUFFER = 1 << 20 };

static_assert(HELPER_JOB_MAX + sizeof(uint32_t) + OUTQUEUE_HEAD <= OUTQUEUE_BOUND,
	      "every job finds room where nothing waits");

struct helper {
	struct outsocket socket;
	struct helper_report said; /* in all */
};

/* Of the helper alone: what could not be said yet. */
static struct helper_report unsaid;

static bool report_send(int fd, int flags)
{
	if (unsaid.done + unsaid.lost + unsaid.reconnects == 0)
		return true;
	if (send(fd, &unsaid, sizeof unsaid, MSG_NOSIGNAL | flags) < 0)
		return false;
	unsaid = (struct helper_report){0};
	return true;
}

/* Whoever was root is so no more. */
static bool become(const struct run_mode *mode)
{
	if (!mode->become)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(mode->gid, mode->gid, mode->gid) == 0 &&
	       setresuid(mode->uid, mode->uid, mode->uid) == 0 &&
	       (mode->uid == 0 || setuid(0) != 0);
}

/* A program that was never root may have been given capabilities to capture with; the helper
 * captures nothing. */
static void capabilities_drop(void)
{
	struct __user_cap_header_struct version = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (geteuid() == 0)
		return;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &version, none);
}

/* Keyboard signals go to all processes of a terminal; this one ends when the program says so. */
static void signals_set(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGPIPE};
	sigset_t none;
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the program's stays open but its own end of the socket, which becomes 3, and standard
 * error. */
static bool descriptors_set(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return false;
	if (fd != 3 && dup2(fd, 3) < 0)
		return false;
	closefrom(4);
	return fcntl(3, F_SETFD, FD_CLOEXEC) == 0;
}

static void live(int fd, pid_t parent, const struct run_mode *mode, helper_work *work,
		 const void *arg)
{
	signals_set();
	prctl(PR_SET_NAME, "smtpwatch-out");
	if (!descriptors_set(fd) || !become(mode) || chdir("/") != 0) {
		log_line("a process for an output could not be set up: %s", strerror(errno));
		_exit(1);
	}
	capabilities_drop();
	/* Behind the change of user, which takes it back. Who died before is noticed by the
	 * parent's number. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Neither it nor a command that it runs becomes another user. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Alerts are on their way through it: no core has them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (getppid() == parent)
		work(3, arg);
	report_send(3, 0);
	_exit(0);
}

struct helper *helper_start(const char *name, const struct run_mode *mode, helper_work *work,
			    const void *arg, struct error *why)
{
	struct helper *c = calloc(1, sizeof *c);
	int pair[2] = {-1, -1}, buffer = SOCKET_BUFFER;
	pid_t pid = -1, parent = getpid();
	if (c && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
		pid = fork();
	}
	if (pid == 0)
		live(pair[1], parent, mode, work, arg);
	if (pid > 0) {
		close(pair[1]);
		outsocket_adopt(&c->socket, pair[0], name, mode);
		return c;
	}
	error_set(why, "cannot start a process for %s: %s", name, strerror(errno));
	if (pair[0] >= 0) {
		close(pair[0]);
		close(pair[1]);
	}
	free(c);
	return NULL;
}

struct outbuf *helper_job(struct helper *c)
{
	return &c->socket.buf;
}

bool helper_flush(struct helper *c)
{
	return outsocket_flush(&c->socket);
}

bool helper_alive(const struct helper *c)
{
	return !c->socket.broken;
}

void helper_tick(struct helper *c, int64_t now)
{
	outsocket_tick(&c->socket, now);
}

size_t helper_poll(const struct helper *c, struct pollfd *p)
{
	size_t n = outsocket_poll(&c->socket, p);
	if (n > 0)
		p->events |= POLLIN;
	return n;
}

/* Reads a report of the helper. False: nothing more, for now or, with *gone, for ever. */
static bool report_read_once(struct helper *c, bool *gone)
{
	struct helper_report report;
	ssize_t n = recv(c->socket.fd, &report, sizeof report, MSG_DONTWAIT);
	*gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n != (ssize_t)sizeof report)
		return false;
	c->said.done += report.done;
	c->said.lost += report.lost;
	c->said.reconnects += report.reconnects;
	return true;
}

static void report_read(struct helper *c)
{
	bool gone;
	while (c->socket.fd >= 0 && report_read_once(c, &gone))
		;
}

/* Its length in front of what was rendered. */
static void length_put(struct outbuf *b)
{
	uint32_t n = (uint32_t)b->n;
	if (!outbuf_reserve(b, sizeof n))
		return;
	memmove(b->p + sizeof n, b->p, n);
	memcpy(b->p, &n, sizeof n);
	b->n += sizeof n;
}

bool helper_send(struct helper *c)
{
	struct outbuf *b = &c->socket.buf;
	report_read(c);
	if (b->n > HELPER_JOB_MAX) {
		target_state_too_long(&c->socket.state);
		c->socket.state.offered++;
		b->n = 0;
	}
	/* Of what could not be rendered whole outsocket_put counts the loss. */
	if (b->n > 0 && !b->failed)
		length_put(b);
	return outsocket_put(&c->socket);
}

void helper_ready(struct helper *c, const struct pollfd *p)
{
	report_read(c);
	outsocket_ready(&c->socket, p);
}

struct helper_counts helper_counts(const struct helper *c)
{
	return (struct helper_counts){c->socket.state.offered, c->said.done,
				      c->said.lost + c->socket.state.lost, c->said.reconnects};
}

/* It closes its end when it is done. */
static bool await_end(struct helper *c)
{
	struct pollfd p = {.fd = c->socket.fd, .events = POLLIN};
	int64_t end = clock_ms() + PATIENCE_SECONDS * INT64_C(1000);
	bool gone = false;
	do {
		poll(&p, 1, 100);
		while (report_read_once(c, &gone))
			;
	} while (!gone && clock_ms() < end);
	return gone;
}

bool helper_close(struct helper *c)
{
	uint64_t before = c->socket.mode->live ? c->said.lost : 0;
	bool done = true, whole;
	outsocket_drain(&c->socket);
	if (c->socket.fd >= 0) {
		shutdown(c->socket.fd, SHUT_WR);
		done = await_end(c);
	}
	if (!done)
		log_line("%s: not everything was done in time", c->socket.state.name);
	/* What was handed to it and not said to be done is lost. */
	c->socket.state.written = c->said.done;
	whole = outsocket_close(&c->socket) && done && c->said.lost == before;
	free(c);
	return whole;
}

void helper_report(int fd, struct helper_report report)
{
	unsaid.done += report.done;
	unsaid.lost += report.lost;
	unsaid.reconnects += report.reconnects;
	report_send(fd, MSG_DONTWAIT);
}

void helper_report_last(int fd)
{
	report_send(fd, 0);
}

/* All of it, or false: the program is at its end. A process that is stopped and goes on, or is
 * frozen with the machine, gets less than MSG_WAITALL asks for. */
static bool take(int fd, uint8_t *to, size_t n)
{
	for (ssize_t got; n > 0; n -= (size_t)got, to += got) {
		do
			got = recv(fd, to, n, MSG_WAITALL);
		while (got < 0 && errno == EINTR);
		if (got <= 0)
			return false;
	}
	return true;
}

size_t helper_take(int fd, uint8_t *job)
{
	uint32_t n;
	if (!take(fd, (uint8_t *)&n, sizeof n) || n > HELPER_JOB_MAX || !take(fd, job, n))
		return 0;
	return n;
}
