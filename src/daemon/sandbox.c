/* sandbox.c - the tables of what is allowed, each row with its reason; all else kills the process (seccomp). */
#include "daemon/sandbox.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

enum {
	ROLE_PROGRAM = 1 << SANDBOX_PROGRAM | 1 << SANDBOX_ROOT,
	ROLE_OPENER = 1 << SANDBOX_OPENER,
	ROLE_BOTH = ROLE_PROGRAM | ROLE_OPENER,
	ROLE_PACKETS = 1 << SANDBOX_ROOT | ROLE_OPENER,
	ROLE_TERMINAL = 1 << 8
};

/* A call that may be made with any arguments. On some machines some of these do not exist: libseccomp leaves them out. */
struct allowed {
	unsigned roles;
	int call;
	const char *why;
};

#define CALL(roles, name, why)                                                                                                     \
	{                                                                                                                          \
		roles, SCMP_SYS(name), why                                                                                         \
	}

static const struct allowed alloweds[] = {
	CALL(ROLE_BOTH, read, "captures, descriptors that wake a thread, sockets of outputs"),
	CALL(ROLE_PROGRAM, readv, "the same, by libraries"),
	CALL(ROLE_PROGRAM, pread64, "the same, by libraries"),
	CALL(ROLE_BOTH, write, "outputs, standard error, waking a thread"),
	CALL(ROLE_PROGRAM, writev, "the same, by libraries"),
	CALL(ROLE_PROGRAM, pwrite64, "the same, by libraries"),
	CALL(ROLE_BOTH, close, "whatever was open"),
	CALL(ROLE_PROGRAM, openat,
	     "captures where their turn comes, outputs that are opened again, files of packets, counters under /sys"),
	CALL(ROLE_PROGRAM, open, "the same"),
	CALL(ROLE_PROGRAM, lseek, "captures; a file that is emptied"),
	CALL(ROLE_PROGRAM, fstat, "what a descriptor is"),
	CALL(ROLE_PROGRAM, fstatfs, "where a symbolic link stands"),
	CALL(ROLE_PROGRAM, newfstatat, "what a path is"),
	CALL(ROLE_PROGRAM, stat, "the same"),
	CALL(ROLE_PROGRAM, lstat, "the same"),
	CALL(ROLE_PROGRAM, statx, "the same"),
	CALL(ROLE_PROGRAM, access, "libpcap asks for what kind an interface is"),
	CALL(ROLE_PROGRAM, faccessat, "the same"),
	CALL(ROLE_PROGRAM, faccessat2, "the same"),
	CALL(ROLE_PROGRAM, readlink, "the same"),
	CALL(ROLE_PROGRAM, readlinkat, "the same"),
	CALL(ROLE_PROGRAM, getdents64, "the same; how many files of packets there are"),
	CALL(ROLE_PROGRAM, ftruncate, "outputs that are written anew"),
	CALL(ROLE_PROGRAM, fsync, "outputs that must be on the disk"),
	CALL(ROLE_PROGRAM, fdatasync, "the same"),
	CALL(ROLE_PROGRAM, rename, "an output that is replaced as a whole"),
	CALL(ROLE_PROGRAM, renameat, "a file of packets that is whole"),
	CALL(ROLE_PROGRAM, renameat2, "the same, where a C library has no other"),
	CALL(ROLE_PROGRAM, unlink, "pid file, socket of an output, half a file"),
	CALL(ROLE_PROGRAM, unlinkat, "the same"),
	CALL(ROLE_PROGRAM, fchmod, "a file that is replaced keeps its mode"),
	CALL(ROLE_PROGRAM, umask, "the same"),
	CALL(ROLE_BOTH, fcntl, "flags of descriptors, copies of them"),
	CALL(ROLE_PROGRAM, dup, "outputs that share standard output"),
	CALL(ROLE_PROGRAM, dup3, "the same"),
	CALL(ROLE_BOTH, poll, "waiting"),
	CALL(ROLE_BOTH, ppoll, "waiting"),
	CALL(ROLE_PROGRAM, select, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, pselect6, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, epoll_create1, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, epoll_ctl, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, epoll_wait, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, epoll_pwait, "waiting, by libraries"),
	CALL(ROLE_PROGRAM, eventfd2, "a descriptor that wakes a thread"),
	CALL(ROLE_PROGRAM, pipe2, "the same, by libraries"),
	CALL(ROLE_BOTH, restart_syscall, "a wait that was interrupted"),
	CALL(ROLE_BOTH, futex, "locks of the C library; waiting for a thread"),
	CALL(ROLE_PROGRAM, nanosleep, "waiting"),
	CALL(ROLE_PROGRAM, clock_nanosleep, "waiting"),
	CALL(ROLE_PROGRAM, clock_gettime, "the time, where it is a system call"),
	CALL(ROLE_PROGRAM, clock_getres, "the same"),
	CALL(ROLE_PROGRAM, gettimeofday, "the same"),
	CALL(ROLE_PROGRAM, time, "the same"),
	CALL(ROLE_BOTH, brk, "memory"),
	CALL(ROLE_BOTH, munmap, "memory"),
	CALL(ROLE_PROGRAM, mremap, "memory"),
	CALL(ROLE_BOTH, madvise, "memory"),
	CALL(ROLE_PROGRAM, rt_sigaction, "signals"),
	CALL(ROLE_BOTH, rt_sigprocmask, "signals"),
	CALL(ROLE_BOTH, rt_sigreturn, "signals"),
	CALL(ROLE_PROGRAM, sigaltstack, "signals"),
	CALL(ROLE_PROGRAM, signalfd4, "signals"),
	CALL(ROLE_BOTH, getpid, "an abort, the pid in messages"),
	CALL(ROLE_BOTH, gettid, "an abort"),
	CALL(ROLE_PROGRAM, getuid, "who owns a file"),
	CALL(ROLE_PROGRAM, geteuid, "the same"),
	CALL(ROLE_PROGRAM, getgid, "the same"),
	CALL(ROLE_PROGRAM, getegid, "the same"),
	CALL(ROLE_BOTH, exit, "a thread's end"),
	CALL(ROLE_BOTH, exit_group, "the end"),
	CALL(ROLE_PROGRAM, set_robust_list, "a thread's beginning"),
	CALL(ROLE_PROGRAM, rseq, "the same"),
	CALL(ROLE_PROGRAM, sched_yield, "threads"),
	CALL(ROLE_PROGRAM, sched_getaffinity, "how many CPUs there are"),
	CALL(ROLE_PROGRAM, sched_setaffinity, "a worker on a CPU of its own"),
	CALL(ROLE_PROGRAM, membarrier, "threads"),
	CALL(ROLE_PROGRAM, getrandom, "the secret key of the flow table, hashes of redaction"),
	CALL(ROLE_PROGRAM, uname, "libpcap asks for the kernel's version"),
	CALL(ROLE_PROGRAM, sysinfo, "sizes of memory, by libraries"),
	CALL(ROLE_PROGRAM, getrlimit, "a thread's stack"),
	CALL(ROLE_PROGRAM, prlimit64, "the same"),
	CALL(ROLE_PROGRAM, getrusage, "what was used"),
	CALL(ROLE_PROGRAM, connect, "a local socket of an output that has come back"),
	CALL(ROLE_PROGRAM, bind, "a packet socket to its interface"),
	CALL(ROLE_PROGRAM, listen, "sockets of outputs"),
	CALL(ROLE_PROGRAM, accept4, "whoever asks an output for metrics"),
	CALL(ROLE_PROGRAM, accept, "the same"),
	CALL(ROLE_PROGRAM, shutdown, "the same"),
	CALL(ROLE_PROGRAM, sendto, "outputs"),
	CALL(ROLE_PROGRAM, sendmsg, "outputs, and what other processes of ours do for them"),
	CALL(ROLE_PROGRAM, recvfrom, "libpcap, outputs"),
	CALL(ROLE_BOTH, recvmsg, "the same; the opener's descriptor"),
	CALL(ROLE_PROGRAM, getsockname, "libpcap asks whether the interface is still there"),
	CALL(ROLE_PROGRAM, getpeername, "whoever asks an output for metrics"),
	CALL(ROLE_PROGRAM, getsockopt, "how many packets the kernel dropped, errors of sockets"),
	CALL(ROLE_PROGRAM, setsockopt, "the ring, the filter and the group of a packet socket"),
};

/* Calls that are allowed where an argument has, of the bits in mask, these. */
struct conditional {
	unsigned roles;
	int call;
	unsigned arg, mask, value;
	const char *why;
};

#define EQUAL UINT32_MAX

/* linux/wireless.h contradicts other headers. */
#ifndef SIOCGIWNAME
#define SIOCGIWNAME 0x8B01
#endif

#define IOCTL(roles, request, why)                                                                                                 \
	{                                                                                                                          \
		roles, SCMP_SYS(ioctl), 1, EQUAL, (unsigned)(request), why                                                         \
	}

static const struct conditional conditionals[] = {
	{ROLE_BOTH, SCMP_SYS(mmap), 2, PROT_EXEC, 0, "memory, but none to run"},
	{ROLE_BOTH, SCMP_SYS(mprotect), 2, PROT_EXEC, 0, "the same"},
	{ROLE_PROGRAM, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD, "threads, but no processes"},
	{ROLE_PROGRAM, SCMP_SYS(prctl), 0, EQUAL, PR_SET_NAME, "the names of threads"},
	{ROLE_BOTH, SCMP_SYS(prctl), 0, EQUAL, PR_SET_VMA, "names of memory, where the C library gives some"},
	{ROLE_PROGRAM, SCMP_SYS(socket), 0, EQUAL, AF_UNIX, "local sockets of outputs"},
	{ROLE_PACKETS, SCMP_SYS(socket), 0, EQUAL, AF_PACKET, "an interface that is opened again"},
	IOCTL(ROLE_PROGRAM, TCGETS, "is it a terminal?"),
	IOCTL(ROLE_TERMINAL, TCSETS, "its mode, given back at the end"),
	IOCTL(ROLE_TERMINAL, TCSETSW, "the same"),
	IOCTL(ROLE_TERMINAL, TCSETSF, "the same"),
	IOCTL(ROLE_TERMINAL, TCFLSH, "what was typed, where a signal ends the view"),
	IOCTL(ROLE_TERMINAL, TIOCGWINSZ, "its size, which changes"),
	IOCTL(ROLE_PROGRAM, SIOCGIFFLAGS, "is the interface up?"),
	IOCTL(ROLE_PROGRAM, SIOCGIFINDEX, "is it still the same interface?"),
	IOCTL(ROLE_PROGRAM, SIOCGIFMTU, "libpcap's questions to an interface"),
	IOCTL(ROLE_PROGRAM, SIOCGIFHWADDR, "the same"),
	IOCTL(ROLE_PROGRAM, SIOCETHTOOL, "the same"),
	IOCTL(ROLE_PROGRAM, SIOCGIWNAME, "the same"),
	IOCTL(ROLE_PROGRAM, FIONREAD, "sockets of outputs"),
	IOCTL(ROLE_PROGRAM, FIONBIO, "the same"),
	IOCTL(ROLE_OPENER, SECCOMP_IOCTL_NOTIF_RECV, "a call that asks for a packet socket"),
	IOCTL(ROLE_OPENER, SECCOMP_IOCTL_NOTIF_SEND, "no"),
	IOCTL(ROLE_OPENER, SECCOMP_IOCTL_NOTIF_ADDFD, "the socket"),
};

#ifdef SANITIZED

bool sandbox_built(void)
{
	return false;
}

bool sandbox_enter(unsigned role, int *packet, char why[SANDBOX_WHY])
{
	(void)role;
	(void)why;
	(void)alloweds;
	(void)conditionals;
	if (packet != NULL)
		*packet = -1;
	return true;
}

#else

bool sandbox_built(void)
{
	return true;
}

static struct scmp_arg_cmp argument(unsigned arg, unsigned mask, unsigned value)
{
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, mask, value};
}

/*
 * The C library falls back to clone(2), whose flags can be looked at, unlike those of clone3. An abort may end us, and nobody else. Of what libpcap was built with, libibverbs asks by netlink
 * for its devices, and goes on without.
 */
static int rules_special(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, argument(0, EQUAL, AF_NETLINK));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, argument(0, EQUAL, (unsigned)getpid()));
	return r;
}

static int conditional_add(scmp_filter_ctx filter, const struct conditional *c)
{
	struct scmp_arg_cmp when = argument(c->arg, c->mask, c->value);

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->call, 1, &when);
}

/* The bits of the rows that hold for it. */
static unsigned rows_of(unsigned role)
{
	return 1u << (role & ~(unsigned)SANDBOX_TERMINAL) | (role & SANDBOX_TERMINAL ? ROLE_TERMINAL : 0);
}

static int rules_add(scmp_filter_ctx filter, unsigned role)
{
	unsigned rows = rows_of(role);
	int r = rules_special(filter);

	for (size_t i = 0; i < sizeof(alloweds) / sizeof(alloweds[0]) && r == 0; i++)
		if (alloweds[i].roles & rows)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, alloweds[i].call, 0);
	for (size_t i = 0; i < sizeof(conditionals) / sizeof(conditionals[0]) && r == 0; i++)
		if (conditionals[i].roles & rows)
			r = conditional_add(filter, &conditionals[i]);
	return r;
}

/* packet: what becomes of socket(AF_PACKET). A listener is taken from the filter that is loaded last, and there may be one only. */
static int filter_load(unsigned role, uint32_t packet, int *listener)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter != NULL ? rules_add(filter, role) : -ENOMEM;

	if (r == 0 && (role & ~(unsigned)SANDBOX_TERMINAL) == SANDBOX_PROGRAM)
		r = seccomp_rule_add(filter, packet, SCMP_SYS(socket), 1, argument(0, EQUAL, AF_PACKET));
	if (r == 0)
		r = seccomp_load(filter);
	if (r == 0 && packet == SCMP_ACT_NOTIFY)
		*listener = seccomp_notify_fd(filter);
	seccomp_release(filter);
	return r;
}

bool sandbox_enter(unsigned role, int *packet, char why[SANDBOX_WHY])
{
	int r = -1;

	if (packet != NULL) {
		*packet = -1;
		r = filter_load(role, SCMP_ACT_NOTIFY, packet);
	}
	if (r != 0)
		r = filter_load(role, SCMP_ACT_ERRNO(EPERM), NULL);
	if (r != 0)
		snprintf(why, SANDBOX_WHY, "the kernel takes no filter of system calls: %s", strerror(-r));
	return r == 0;
}

#endif
