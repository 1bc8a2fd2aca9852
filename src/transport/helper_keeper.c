/* helper_keeper.c - the process of an output: what it gives up, and who starts it anew. */
#include "transport/helper_keeper.h"

#include "base/log.h"
#include "text/clock.h"
#include "transport/pass_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds of the back-off, and how long a process must have run to begin with the first again.
 * SOCKET: the descriptor of each process's own end. */
enum { WAIT_FIRST = 1, WAIT_MAX = 64, STEADY = 10, SOCKET = 3 };

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
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGPIPE, SIGXFSZ};
	sigset_t none;
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the program's stays open but the process's own end of the socket, and standard error.
 */
static bool descriptors_set(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return false;
	if (fd != SOCKET && dup2(fd, SOCKET) < 0)
		return false;
	closefrom(SOCKET + 1);
	return fcntl(SOCKET, F_SETFD, FD_CLOEXEC) == 0;
}

/* The process ends with its parent, and at once if that has died before. */
static void end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

static void confine(int fd, pid_t parent, const struct run_mode *mode)
{
	signals_set();
	if (!descriptors_set(fd) || !become(mode) || chdir("/") != 0) {
		log_line("a process for an output could not be set up: %s", strerror(errno));
		_exit(1);
	}
	capabilities_drop();
	/* Behind the change of user, which takes it back. */
	end_with(parent);
	/* Neither it nor a command that it runs becomes another user. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Alerts are on their way through it: no core has them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static _Noreturn void work_alone(keeper_work *work, const void *arg)
{
	prctl(PR_SET_NAME, "smtpwatch-out");
	work(SOCKET, arg);
	_exit(0);
}

/* Of the keeper: starts the process, and passes the program's end on. Returns its number; -1 with
 * errno: there is none. */
static pid_t kept_start(keeper_work *work, const void *arg)
{
	int pair[2];
	pid_t pid, parent = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		end_with(parent);
		if (!descriptors_set(pair[1]))
			_exit(1);
		work_alone(work, arg);
	}
	if (pid > 0 && !fd_send(SOCKET, pair[0]))
		_exit(0);
	close(pair[0]);
	close(pair[1]);
	return pid;
}

/* Waits, but not if the program ends. False: it does. */
static bool pause_for(int seconds)
{
	int64_t end = clock_ms() + seconds * INT64_C(1000), left;
	while ((left = end - clock_ms()) > 0) {
		struct pollfd p = {.fd = SOCKET, .events = POLLRDHUP};
		if (poll(&p, 1, (int)left) > 0)
			return false;
	}
	return true;
}

/* Whether the process has done its work. */
static bool kept_await(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static _Noreturn void keep(keeper_work *work, const void *arg)
{
	int wait = 0;
	int64_t began;
	prctl(PR_SET_NAME, "smtpwatch-keep");
	do {
		pid_t pid;
		began = clock_ms();
		pid = kept_start(work, arg);
		if (pid > 0 && kept_await(pid))
			_exit(0);
		if (wait == 0 || clock_ms() - began >= STEADY * INT64_C(1000))
			wait = WAIT_FIRST;
		else
			wait = 2 * wait < WAIT_MAX ? 2 * wait : WAIT_MAX;
	} while (pause_for(wait));
	_exit(0);
}

bool keeper_start(struct kept *k, const char *name, const struct run_mode *mode, keeper_work *work,
		  const void *arg, struct error *why)
{
	int pair[2] = {-1, -1};
	pid_t pid = -1, parent = getpid();
	bool gone;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0)
		pid = fork();
	if (pid == 0) {
		confine(pair[1], parent, mode);
		if (mode->live)
			keep(work, arg);
		work_alone(work, arg);
	}
	error_set(why, "cannot start a process for %s: %s", name, strerror(errno));
	if (pair[1] >= 0)
		close(pair[1]);
	*k = (struct kept){.fd = pair[0], .line = -1};
	if (pid > 0 && mode->live)
		*k = (struct kept){.fd = fd_receive(pair[0], 0, &gone), .line = pair[0]};
	if (pid > 0 && k->fd >= 0)
		return true;
	if (pair[0] >= 0)
		close(pair[0]);
	return false;
}

int keeper_renewed(int line, bool *gone)
{
	return fd_receive(line, MSG_DONTWAIT, gone);
}
