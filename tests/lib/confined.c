/* confined.c - a deed in a process of its own, behind the filter of system calls. */
#include "lib/confined.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/sandbox.h"
#include "os/sandbox_unknown.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int confined_ends(unsigned role, bool counting, void (*doing)(void))
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct error why;
		/* The kernel would leave a core file, and the sanitizer a report. */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		signal(SIGABRT, SIG_DFL);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !sandbox_enter(role, NULL, &why))
			_exit(WRONG);
		if (counting)
			sandbox_count();
		doing();
		_exit(FINE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
