/* test_sandbox.c - what the filter of system calls lets pass, and what kills: each tried in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Exit codes of the processes. */
enum { FINE = 0, REFUSED = 3, WRONG = 4 };

static unsigned role;

/* How a process ends that is confined, and then does something: its exit code, or 128 and the signal. */
static int ends(void (*doing)(void))
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0) {
		char why[SANDBOX_WHY];
		/* The kernel would leave a core file, and the sanitizer a report. */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		signal(SIGABRT, SIG_DFL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !sandbox_enter(role, NULL, why))
			_exit(WRONG);
		doing();
		_exit(FINE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void *idle(void *arg)
{
	return arg;
}

static void do_daily_work(void)
{
	pthread_t thread;
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *big = malloc(64 << 20);
	if (fd < 0 || !big || write(fd, "x", 1) != 1)
		_exit(WRONG);
	memset(big, 1, 64 << 20);
	if (big[12345] != 1 || pthread_create(&thread, NULL, idle, NULL) != 0 || pthread_join(thread, NULL) != 0)
		_exit(WRONG);
	free(big);
	close(fd);
	int local = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (local < 0)
		_exit(WRONG);
	close(local);
}

static void do_packet_socket(void)
{
	_exit(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM ? REFUSED : WRONG);
}

static void do_abort(void)
{
	close(STDERR_FILENO);
	assert(!"this");
}

static void do_execve(void)
{
	char name[] = "true", *argv[] = {name, NULL};
	execv("/bin/true", argv);
}

static void do_fork(void)
{
	if (fork() == 0)
		_exit(FINE);
}

static void do_internet_socket(void)
{
	socket(AF_INET, SOCK_STREAM, 0);
}

static void do_run_own_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_make_memory_run(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void do_become_root(void)
{
	if (setuid(0) != 0)
		_exit(WRONG);
}

static void do_kill(void)
{
	kill(getppid(), 0);
}

static void do_trace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void do_open(void)
{
	open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void do_terminal_size(void)
{
	struct winsize size;
	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
}

static void do_terminal_mode(void)
{
	struct termios mode = {0};
	tcsetattr(-1, TCSADRAIN, &mode);
}

static void do_terminal_input(void)
{
	ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static void daily_work_goes_on(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	assert_int_equal(ends(do_daily_work), FINE);
}

static void a_packet_socket_is_refused(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	if (sandbox_built())
		assert_int_equal(ends(do_packet_socket), REFUSED);
}

static void a_bug_of_ours_ends_as_one(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	assert_int_equal(ends(do_abort), 128 + SIGABRT);
}

static void what_an_intruder_would_do_kills(void **state)
{
	static void (*const deeds[])(void) = {
		do_execve, do_fork, do_internet_socket, do_run_own_memory, do_make_memory_run, do_become_root, do_kill, do_trace};
	(void)state;
	role = SANDBOX_PROGRAM;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds && sandbox_built(); i++) {
		int end = ends(deeds[i]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu: %d", i, end);
	}
}

/* What --top needs, and nothing that types for the user. */
static void a_terminal_is_for_the_view_alone(void **state)
{
	(void)state;
	if (!sandbox_built())
		return;
	role = SANDBOX_PROGRAM;
	assert_int_equal(ends(do_terminal_size), 128 + SIGSYS);
	assert_int_equal(ends(do_terminal_mode), 128 + SIGSYS);
	role = SANDBOX_PROGRAM | SANDBOX_TERMINAL;
	assert_int_equal(ends(do_terminal_size), FINE);
	assert_int_equal(ends(do_terminal_mode), FINE);
	assert_int_equal(ends(do_terminal_input), 128 + SIGSYS);
	assert_int_equal(ends(do_execve), 128 + SIGSYS);
	assert_int_equal(ends(do_packet_socket), REFUSED);
}

static void the_opener_can_do_less(void **state)
{
	static void (*const deeds[])(void) = {do_execve, do_open, do_internet_socket, do_daily_work, do_kill};
	(void)state;
	role = SANDBOX_OPENER;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds && sandbox_built(); i++) {
		int end = ends(deeds[i]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu: %d", i, end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(daily_work_goes_on),        cmocka_unit_test(a_packet_socket_is_refused),
		cmocka_unit_test(a_bug_of_ours_ends_as_one), cmocka_unit_test(what_an_intruder_would_do_kills),
		cmocka_unit_test(the_opener_can_do_less),    cmocka_unit_test(a_terminal_is_for_the_view_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
