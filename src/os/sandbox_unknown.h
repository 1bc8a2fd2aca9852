/* sandbox_unknown.h - counts the system calls that the filter of sandbox.c does not know, and
 * reports each once. */
#ifndef SMTPWATCH_OS_SANDBOX_UNKNOWN_H
#define SMTPWATCH_OS_SANDBOX_UNKNOWN_H

#include <stdbool.h>
#include <stdint.h>

/* The calls of which single argument values are known, as row(call, index of the argument, error).
 * The error is that of the kernel for a value it does not know. */
#define SANDBOX_PARTLY(row) row(ioctl, 1, ENOTTY) row(prctl, 0, EINVAL) row(fcntl, 1, EINVAL)

/* Returns the name of a system call of this machine, or NULL if the call has none. Caller frees. */
typedef char *sandbox_call_name(int call);

/* Reads the filter that traps each unknown call (seccomp(2), SECCOMP_RET_TRAP) from the beginning
 * of fd, and sets the handler of SIGSYS. name: for sandbox_report. Call before any filter is
 * loaded. Returns 0 or -errno. */
int sandbox_unknown_prepare(int fd, sandbox_call_name *name);

/*
 * Loads that filter for the calling thread and for all threads that it starts later. Does nothing
 * without sandbox_unknown_prepare. Before this call an unknown call fails with ENOSYS and is not
 * counted.
 *
 * If a thread blocks signals, the kernel kills it at an unknown call. The C library blocks signals
 * while a thread begins. So a thread that starts others calls sandbox_count after it has started
 * them, and each new thread calls it first.
 */
void sandbox_count(void);

/* Returns the number of unknown calls of all threads so far. */
uint64_t sandbox_unknown(void);

/* Prints to standard error the number and name of each unknown call that was not reported before.
 * total: prints the count too, if it is not 0. Only the main thread calls this. */
void sandbox_report(bool total);

#endif
