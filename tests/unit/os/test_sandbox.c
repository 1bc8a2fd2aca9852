/* test_sandbox.c - what the filter of system calls lets pass, and what kills: each tried in a
 * process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/confined.h"
#include "os/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static unsigned role;
static bool counting;

static int ends(void (*doing)(void))
{
	return confined_ends(role, counting, doing);
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
	if (big[12345] != 1 || pthread_create(&thread, NULL, idle, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
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

/* A call without its arguments: it kills before the kernel looks at them. */
static long intruding;

static void do_intrude(void)
{
	syscall(intruding, -1, -1, -1, -1, -1, -1);
}

static int family;

static void do_socket(void)
{
	socket(family, SOCK_STREAM, 0);
}

static void do_signal_another(void)
{
	syscall(SYS_tgkill, getpid() + 1, getpid() + 1, 0);
}

static void do_filter_listening(void)
{
	syscall(SYS_seccomp, 2, 0, NULL);
}

/* What has the kernel send a signal to another process, or end it; and what the same calls do for
 * this one. */
static void do_own_another(void)
{
	fcntl(STDIN_FILENO, F_SETOWN, getppid());
}

static void do_own_another_anew(void)
{
	fcntl(STDIN_FILENO, F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_PID, getppid()});
}

static void do_choose_a_signal(void)
{
	fcntl(STDIN_FILENO, F_SETSIG, SIGKILL);
}

static void do_ask_for_signals(void)
{
	fcntl(STDIN_FILENO, F_SETFL, O_ASYNC);
}

static void do_lease(void)
{
	fcntl(STDIN_FILENO, F_SETLEASE, F_RDLCK);
}

static void do_watch_a_folder(void)
{
	fcntl(STDIN_FILENO, F_NOTIFY, DN_CREATE);
}

static void do_limit_another(void)
{
	prlimit(getppid(), RLIMIT_CPU, NULL, NULL);
}

static void do_move_another(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(getppid(), sizeof set, &set);
}

static void *use_own_limits(void *arg)
{
	struct rlimit limit;
	pthread_attr_t attr;
	cpu_set_t set;
	bool fine = getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		    setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		    prlimit(0, RLIMIT_CPU, NULL, &limit) == 0 &&
		    pthread_getattr_np(pthread_self(), &attr) == 0 &&
		    sched_getaffinity(0, sizeof set, &set) == 0 &&
		    sched_setaffinity(0, sizeof set, &set) == 0;
	return fine ? arg : NULL;
}

static void do_flags(void)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);
	if (flags < 0 || fcntl(STDERR_FILENO, F_SETFL, flags & ~O_ASYNC) != 0 ||
	    fcntl(STDERR_FILENO, F_GETFD) < 0)
		_exit(WRONG);
}

/* As the program and the libraries do, in any thread. */
static void do_what_concerns_itself(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), copy = fcntl(fd, F_DUPFD_CLOEXEC, 0),
	    older = fcntl(fd, F_DUPFD, 0);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	pthread_t thread;
	void *fine = NULL;
	if (fd < 0 || copy < 0 || older < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_GETFD) != FD_CLOEXEC)
		_exit(WRONG);
	if (fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND) != 0 ||
	    (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0 || fcntl(fd, F_SETLK, &lock) != 0)
		_exit(WRONG);
	if (!use_own_limits(&fine) || pthread_create(&thread, NULL, use_own_limits, &fine) != 0 ||
	    pthread_join(thread, &fine) != 0 || !fine)
		_exit(WRONG);
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
	static void (*const deeds[])(void) = {do_execve,
					      do_fork,
					      do_internet_socket,
					      do_run_own_memory,
					      do_make_memory_run,
					      do_become_root,
					      do_kill,
					      do_trace};
	(void)state;
	role = SANDBOX_PROGRAM;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds && sandbox_built(); i++) {
		int end = ends(deeds[i]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu: %d", i, end);
	}
	/* Nor does it help that unknown calls are counted. */
	counting = true;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds && sandbox_built(); i++) {
		int end = ends(deeds[i]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu: %d", i, end);
	}
	counting = false;
}

static void so_does_each_call_of_an_intruder(void **state)
{
	static const long all[] = {SYS_execve,
				   SYS_execveat,
				   SYS_ptrace,
				   SYS_process_vm_readv,
				   SYS_process_vm_writev,
				   SYS_pidfd_open,
				   SYS_pidfd_getfd,
				   SYS_pidfd_send_signal,
				   SYS_kcmp,
				   SYS_kill,
				   SYS_tkill,
				   SYS_tgkill,
				   SYS_rt_sigqueueinfo,
				   SYS_setuid,
				   SYS_setgid,
				   SYS_setresuid,
				   SYS_setresgid,
				   SYS_setgroups,
				   SYS_capset,
				   SYS_personality,
				   SYS_shmat,
				   SYS_socketpair,
				   SYS_io_uring_setup,
				   SYS_io_uring_enter,
				   SYS_unshare,
				   SYS_setns,
				   SYS_chroot,
				   SYS_pivot_root,
				   SYS_mount,
				   SYS_umount2,
				   SYS_move_mount,
				   SYS_open_tree,
				   SYS_fsopen,
				   SYS_fsmount,
				   SYS_open_by_handle_at,
				   SYS_mknodat,
				   SYS_bpf,
				   SYS_init_module,
				   SYS_finit_module,
				   SYS_delete_module,
				   SYS_kexec_load,
				   SYS_reboot,
				   SYS_perf_event_open,
				   SYS_userfaultfd,
				   SYS_keyctl,
				   SYS_add_key,
				   SYS_clock_settime,
				   SYS_swapon,
				   SYS_pkey_mprotect,
				   SYS_prlimit64,
				   SYS_sched_setaffinity,
				   SYS_mprotect,
				   SYS_mmap,
				   SYS_socket};
	static const unsigned roles[] = {SANDBOX_PROGRAM, SANDBOX_ROOT, SANDBOX_BROKER,
					 SANDBOX_PROGRAM | SANDBOX_TERMINAL};
	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all * 4 && sandbox_built(); i++) {
		intruding = all[i / 4];
		role = roles[i % 4];
		if (ends(do_intrude) != 128 + SIGSYS)
			fail_msg("system call %ld, role %u", intruding, role);
	}
}

/* In each role: whoever is confined ends no process but its own. */
static void so_does_what_has_the_kernel_signal_others(void **state)
{
	static void (*const deeds[])(void) = {
		do_own_another, do_own_another_anew, do_choose_a_signal, do_ask_for_signals,
		do_lease,       do_watch_a_folder,   do_limit_another,   do_move_another};
	static const unsigned roles[] = {SANDBOX_PROGRAM, SANDBOX_ROOT, SANDBOX_BROKER,
					 SANDBOX_PROGRAM | SANDBOX_TERMINAL};
	(void)state;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds * 4 && sandbox_built(); i++) {
		role = roles[i % 4];
		int end = ends(deeds[i / 4]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu, role %u: %d", i / 4, role, end);
	}
	for (size_t i = 0; i < 4; i++) {
		role = roles[i];
		counting = role != SANDBOX_BROKER;
		assert_int_equal(ends(do_flags), FINE);
		if (counting)
			assert_int_equal(ends(do_what_concerns_itself), FINE);
	}
	counting = false;
}

static void so_does_each_family_of_sockets(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	for (family = 0; family < 256 && sandbox_built(); family++)
		if (family != AF_UNIX && family != AF_NETLINK && family != AF_PACKET &&
		    ends(do_socket) != 128 + SIGSYS)
			fail_msg("family %d", family);
	for (unsigned bit = 8; bit < 31 && sandbox_built(); bit++) {
		family = 1 << bit | AF_UNIX;
		assert_int_equal(ends(do_socket), 128 + SIGSYS);
	}
}

static void so_does_what_only_looks_harmless(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	if (!sandbox_built())
		return;
	assert_int_equal(ends(do_signal_another), 128 + SIGSYS);
	assert_int_equal(ends(do_filter_listening), 128 + SIGSYS);
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

/* libseccomp refuses rules that contradict each other, which depends on the machine's calls. */
static void the_rules_fit_other_machines(void **state)
{
	(void)state;
	static const char *const machines[] = {"x86_64", "aarch64", "s390x", "ppc64le", "riscv64"};
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		assert_true(sandbox_rules_fit(machines[i]));
	assert_int_equal(sandbox_rules_fit("no machine"), !sandbox_built());
}

static void the_opener_can_do_less(void **state)
{
	static void (*const deeds[])(void) = {do_execve, do_open, do_internet_socket, do_daily_work,
					      do_kill};
	(void)state;
	role = SANDBOX_BROKER;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds && sandbox_built(); i++) {
		int end = ends(deeds[i]);
		if (end != 128 + SIGSYS)
			fail_msg("deed %zu: %d", i, end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(daily_work_goes_on),
		cmocka_unit_test(a_packet_socket_is_refused),
		cmocka_unit_test(a_bug_of_ours_ends_as_one),
		cmocka_unit_test(what_an_intruder_would_do_kills),
		cmocka_unit_test(the_opener_can_do_less),
		cmocka_unit_test(a_terminal_is_for_the_view_alone),
		cmocka_unit_test(so_does_each_call_of_an_intruder),
		cmocka_unit_test(so_does_what_has_the_kernel_signal_others),
		cmocka_unit_test(so_does_each_family_of_sockets),
		cmocka_unit_test(so_does_what_only_looks_harmless),
		cmocka_unit_test(the_rules_fit_other_machines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
