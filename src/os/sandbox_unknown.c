/* sandbox_unknown.c - a trapped system call raises SIGSYS in the thread that made it. The handler
 * gives the call its error and records the call. The main thread prints the report later, because a
 * handler must not write. */
#include "os/sandbox_unknown.h"

#include "base/log.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* From asm-generic/siginfo.h; not in every C library. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* FILTER_MAX: instructions of the filter; about 600 are used. CALLS_MAX: different calls that are
 * recorded; others are only counted. */
enum { FILTER_MAX = 4096, CALLS_MAX = 16 };

static struct sock_filter instructions[FILTER_MAX];
static struct sock_fprog filter = {.filter = instructions};
static sandbox_call_name *name_of;

/* Written by the handler in any thread. An element is the number of the call + 1. Its upper 32 bits
 * are the argument that makes the call unknown. */
static _Atomic uint64_t calls[CALLS_MAX], count;
static unsigned reported;

/* The system call's result and its first two arguments in the signal frame of this machine. */
#if defined(__x86_64__)
#define TRAP_KNOWN
#define RESULT(context)      ((context)->uc_mcontext.gregs[REG_RAX])
#define ARGUMENT(context, n) ((context)->uc_mcontext.gregs[(n) == 0 ? REG_RDI : REG_RSI])
#elif defined(__aarch64__)
#define TRAP_KNOWN
#define RESULT(context)      ((context)->uc_mcontext.regs[0])
#define ARGUMENT(context, n) ((context)->uc_mcontext.regs[n])
#endif

#ifdef TRAP_KNOWN

#define ROW(name, which, number) {.call = SYS_##name, .argument = which, .error = number},

static const struct {
	int call, argument, error;
} partly[] = {SANDBOX_PARTLY(ROW)};

static void call_record(uint64_t call)
{
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		uint64_t seen = 0;
		if (atomic_compare_exchange_strong(&calls[i], &seen, call) || seen == call)
			break;
	}
	atomic_fetch_add(&count, 1);
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	uint64_t call = (uint32_t)info->si_syscall + UINT64_C(1);
	int error = ENOSYS;

	/* The signal was sent by a process: do its default action. */
	if (info->si_code != SYS_SECCOMP) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
		return;
	}
	for (size_t i = 0; i < sizeof partly / sizeof partly[0]; i++)
		if (info->si_syscall == partly[i].call) {
			call |= (uint64_t)(uint32_t)ARGUMENT(u, partly[i].argument) << 32;
			error = partly[i].error;
		}
	call_record(call);
	RESULT(u) = (__typeof__(RESULT(u)))-error;
}

int sandbox_unknown_prepare(int fd, sandbox_call_name *name)
{
	struct sigaction trap = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
	ssize_t n = pread(fd, instructions, sizeof instructions, 0);
	if (n <= 0 || n == (ssize_t)sizeof instructions || n % (ssize_t)sizeof instructions[0] != 0)
		return n < 0 ? -errno : -EINVAL;
	if (sigaction(SIGSYS, &trap, NULL) != 0)
		return -errno;
	filter.len = (unsigned short)((size_t)n / sizeof instructions[0]);
	name_of = name;
	return 0;
}

#else

/* On this machine an unknown call gets ENOSYS too, but is not counted. */
int sandbox_unknown_prepare(int fd, sandbox_call_name *name)
{
	(void)fd;
	name_of = name;
	return 0;
}

#endif

void sandbox_count(void)
{
	if (filter.len > 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
		log_line("system calls that the filter does not know will not be counted");
}

uint64_t sandbox_unknown(void)
{
	return atomic_load(&count);
}

static void call_print(uint64_t call)
{
	int number = (int)((call & UINT32_MAX) - 1);
	char *name = name_of ? name_of(number) : NULL, argument[32] = "";
	if (call >> 32 != 0)
		snprintf(argument, sizeof argument, ", argument 0x%x", (unsigned)(call >> 32));
	log_line("the C library asked for system call %d (%s%s), which the filter does not know; "
		 "it was told that there is none",
		 number, name ? name : "no name", argument);
	free(name);
}

void sandbox_report(bool total)
{
	for (uint64_t call; reported < CALLS_MAX && (call = atomic_load(&calls[reported])) != 0;
	     reported++)
		call_print(call);
	if (total && sandbox_unknown() > 0)
		log_line("system calls that the filter does not know: %llu",
			 (unsigned long long)sandbox_unknown());
}
