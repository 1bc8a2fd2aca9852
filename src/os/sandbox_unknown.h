/* sandbox_unknown.h - counts the system calls that the filter does not know (sandbox.c), and names
 * each once. */
#ifndef SMTPWATCH_OS_SANDBOX_UNKNOWN_H
#define SMTPWATCH_OS_SANDBOX_UNKNOWN_H

#include <stdbool.h>
#include <stdint.h>

/* The calls of which rows name the arguments that are known: row(call, which argument, the error
 * that the kernel has for one that it does not know). */
#define SANDBOX_PARTLY(row) row(ioctl, 1, ENOTTY) row(prctl, 0, EINVAL) row(fcntl, 1, EINVAL)

/* The name of a system call of this machine; NULL: it has none. Caller frees. */
typedef char *sandbox_call_name(int call);

/*
 * Reads from the beginning of fd the filter that traps (SECCOMP_RET_TRAP) each unknown call, and
 * sets the handler of SIGSYS. Call before any filter is loaded. Returns 0 or -errno.
 */
int sandbox_unknown_prepare(int fd, sandbox_call_name *name);

/*
 * Loads that filter for the calling thread and for all threads that it starts later; nothing
 * without sandbox_unknown_prepare. The kernel kills a thread whose unknown call is trapped while it
 * blocks signals, as the C library does where a thread begins: a thread that starts others calls
 * this when they have been started, and each of these where it begins. Before that call, or with
 * signals blocked, an unknown call gets ENOSYS and is not counted.
 */
void sandbox_count(void);

/* Returns how many unknown calls were counted, of all threads. */
uint64_t sandbox_unknown(void);

/* Says on standard error each unknown call that was not said yet, with its number and name; with
 * total, their count too. Says nothing when there was none. For the main thread. */
void sandbox_report(bool total);

#endif
