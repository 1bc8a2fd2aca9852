/* test_sandbox_unknown.c - what the filter of system calls does not know: refused, counted, and
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/confined.h"
#include "os/sandbox.h"
#include "os/sandbox_unknown.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* UNKNOWN: no kernel has a call of this number. HARMLESS: every kernel has this one, and the filter
 * has no row for it. */
enum { UNKNOWN = 1000, HARMLESS = SYS_getpgid };

static unsigned role;
static bool counting;

static int ends(void (*doing)(void))
{
	return confined_ends(role, counting, doing);
}

static bool fails(long result, int error)
{
	return result == -1 && errno == error;
}

static void do_unknown_calls(void)
{
	_exit(fails(syscall(UNKNOWN), ENOSYS) && fails(syscall(HARMLESS, 0), ENOSYS) ? REFUSED
										     : WRONG);
}

/* As in the C library's beginning of a thread. */
static void do_unknown_calls_without_signals(void)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	do_unknown_calls();
}

#define UNKNOWN_ARGUMENT(name, which, number)                                                      \
	if (!fails(syscall(SYS_##name, (which) == 0 ? 9997 : -1, (which) == 1 ? 9997 : -1, 0, 0,   \
			   0),                                                                     \
		   number))                                                                        \
		_exit(WRONG);

static void do_each_unknown_argument(void)
{
	SANDBOX_PARTLY(UNKNOWN_ARGUMENT)
	_exit(sandbox_unknown() == 3 ? FINE : WRONG);
}

static void do_unknown_arguments(void)
{
	if (!fails(ioctl(-1, _IO('T', 0xEE)), ENOTTY) || !fails(prctl(9999, 0, 0, 0, 0), EINVAL) ||
	    !fails(fcntl(STDERR_FILENO, 9998), EINVAL))
		_exit(WRONG);
}

static void do_terminal_question_of_new_libraries(void)
{
	_exit(fails(ioctl(-1, _IOC(_IOC_READ, 'T', 0x2A, 44), NULL), EBADF) ? REFUSED : WRONG);
}

static void *count_in_thread(void *arg)
{
	sandbox_count();
	return fails(syscall(UNKNOWN), ENOSYS) ? arg : NULL;
}

/* What a process says on standard error. */
static FILE *told;

static void do_unknown_calls_and_report(void)
{
	pthread_t thread;
	void *fine = NULL;
	if (dup3(fileno(told), STDERR_FILENO, 0) < 0 ||
	    pthread_create(&thread, NULL, count_in_thread, &fine) != 0 ||
	    pthread_join(thread, &fine) != 0 || !fine)
		_exit(WRONG);
	sandbox_report(false);
	sandbox_count();
	for (unsigned i = 0; i < 3; i++)
		if (!fails(syscall(UNKNOWN), ENOSYS) || !fails(syscall(HARMLESS, 0), ENOSYS))
			_exit(WRONG);
	do_unknown_arguments();
	sandbox_report(false);
	sandbox_report(false);
	sandbox_report(true);
	_exit(sandbox_unknown() == 1 + 6 + 3 ? FINE : WRONG);
}

static void do_nothing_unknown_and_report(void)
{
	if (dup3(fileno(told), STDERR_FILENO, 0) < 0)
		_exit(WRONG);
	sandbox_count();
	isatty(STDIN_FILENO);
	sandbox_report(true);
	_exit(sandbox_unknown() == 0 ? FINE : WRONG);
}

/* More distinct calls than have room for their names. */
static void do_many_unknown_calls(void)
{
	sandbox_count();
	for (unsigned i = 0; i < 100; i++)
		if (!fails(syscall(UNKNOWN + i), ENOSYS))
			_exit(WRONG);
	_exit(sandbox_unknown() == 100 ? FINE : WRONG);
}

static void do_die_of_the_signal(void)
{
	sandbox_count();
	raise(SIGSYS);
}

/* A C library that is newer than the filter asks, and goes on without. */
static void an_unknown_call_is_told_that_there_is_none(void **state)
{
	static const unsigned roles[] = {SANDBOX_PROGRAM, SANDBOX_ROOT, SANDBOX_BROKER,
					 SANDBOX_PROGRAM | SANDBOX_TERMINAL};
	(void)state;
	for (size_t i = 0; i < sizeof roles / sizeof *roles && sandbox_built(); i++) {
		role = roles[i];
		assert_int_equal(ends(do_unknown_calls), REFUSED);
		assert_int_equal(ends(do_unknown_calls_without_signals), REFUSED);
	}
	role = SANDBOX_PROGRAM;
	counting = true;
	if (sandbox_built())
		assert_int_equal(ends(do_unknown_calls), REFUSED);
	counting = false;
}

static void a_terminal_is_asked_in_the_new_way_too(void **state)
{
	(void)state;
	if (!sandbox_built())
		return;
	role = SANDBOX_PROGRAM;
	assert_int_equal(ends(do_terminal_question_of_new_libraries), REFUSED);
	role = SANDBOX_BROKER;
	assert_int_equal(ends(do_terminal_question_of_new_libraries), 128 + SIGSYS);
}

static void said(void (*doing)(void), char *text, size_t room)
{
	told = tmpfile();
	assert_non_null(told);
	assert_int_equal(ends(doing), FINE);
	rewind(told);
	text[fread(text, 1, room - 1, told)] = '\0';
	fclose(told);
}

static unsigned occurs(const char *text, const char *what)
{
	unsigned n = 0;
	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void it_is_counted_and_said_once(void **state)
{
	char text[4096], call[64];
	(void)state;
	role = SANDBOX_PROGRAM;
	if (!sandbox_built())
		return;
	said(do_unknown_calls_and_report, text, sizeof text);
	snprintf(call, sizeof call, "system call %d (getpgid)", (int)HARMLESS);
	assert_int_equal(occurs(text, "\n"), 6);
	assert_int_equal(occurs(text, "system call 1000 (no name), which the filter does not know"),
			 1);
	assert_int_equal(occurs(text, call), 1);
	assert_int_equal(occurs(text, "(ioctl, argument 0x54ee)"), 1);
	assert_int_equal(occurs(text, "(prctl, argument 0x270f)"), 1);
	assert_int_equal(occurs(text, "(fcntl, argument 0x270e)"), 1);
	assert_int_equal(occurs(text, "system calls that the filter does not know: 10\n"), 1);
	counting = true;
	assert_int_equal(ends(do_each_unknown_argument), FINE);
	counting = false;
	said(do_nothing_unknown_and_report, text, sizeof text);
	assert_string_equal(text, "");
	assert_int_equal(ends(do_many_unknown_calls), FINE);
}

static void its_signal_from_elsewhere_ends_the_process(void **state)
{
	(void)state;
	role = SANDBOX_PROGRAM;
	if (sandbox_built())
		assert_int_equal(ends(do_die_of_the_signal), 128 + SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_call_is_told_that_there_is_none),
		cmocka_unit_test(a_terminal_is_asked_in_the_new_way_too),
		cmocka_unit_test(it_is_counted_and_said_once),
		cmocka_unit_test(its_signal_from_elsewhere_ends_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
