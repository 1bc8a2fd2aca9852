/* sandbox.c - the filter of system calls (seccomp). Two tables name the calls, each row with its
 * reason. A row of this process's role is allowed; any other row kills the process. A call without
 * a row is unknown: a later C library may make it, and it fails with ENOSYS. */
#include "os/sandbox.h"

#include "os/sandbox_unknown.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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

/* WITHOUT_FILTER: make SECCOMP=no, and builds with a sanitizer, whose runtime makes calls of its
 * own.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define WITHOUT_FILTER
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITHOUT_FILTER
#endif

/* The roles of a row. ROLE_NONE: the call kills the process in each role. */
enum {
	ROLE_NONE = 0,
	ROLE_PROGRAM = 1 << SANDBOX_PROGRAM | 1 << SANDBOX_ROOT,
	ROLE_BROKER = 1 << SANDBOX_BROKER,
	ROLE_BOTH = ROLE_PROGRAM | ROLE_BROKER,
	ROLE_PACKETS = 1 << SANDBOX_ROOT | ROLE_BROKER,
	ROLE_TERMINAL = 1 << 8
};

/* A call that its roles may make with any arguments. In all other roles the call kills the process.
 * libseccomp leaves out calls that this machine does not have. */
struct plain {
	unsigned roles;
	int call;
	const char *why;
};

#define CALL(roles, name, why)                                                                     \
	{                                                                                          \
		roles, SCMP_SYS(name), why                                                         \
	}

static const struct plain plains[] = {
	CALL(ROLE_BOTH, read, "captures, descriptors that wake a thread, sockets of outputs"),
	CALL(ROLE_PROGRAM, readv, "the same, by libraries"),
	CALL(ROLE_PROGRAM, pread64, "the same, by libraries"),
	CALL(ROLE_BOTH, write, "outputs, standard error, waking a thread"),
	CALL(ROLE_PROGRAM, writev, "the same, by libraries"),
	CALL(ROLE_PROGRAM, pwrite64, "the same, by libraries"),
	CALL(ROLE_BOTH, close, "whatever was open"),
	CALL(ROLE_PROGRAM, openat,
	     "captures where their turn comes, outputs that are opened again, files of packets, "
	     "counters under /sys"),
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
#ifdef __s390x__
	CALL(ROLE_BOTH, mmap, "memory; its arguments lie in memory, where no filter sees them"),
#endif
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
	CALL(ROLE_PROGRAM, membarrier, "threads"),
	CALL(ROLE_PROGRAM, getrandom, "the secret key of the flow table, hashes of redaction"),
	CALL(ROLE_PROGRAM, uname, "libpcap asks for the kernel's version"),
	CALL(ROLE_PROGRAM, sysinfo, "sizes of memory, by libraries"),
	CALL(ROLE_PROGRAM, getrlimit, "a thread's stack"),
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
	CALL(ROLE_BOTH, recvmsg, "the same; the broker's descriptor"),
	CALL(ROLE_PROGRAM, getsockname, "libpcap asks whether the interface is still there"),
	CALL(ROLE_PROGRAM, getpeername, "whoever asks an output for metrics"),
	CALL(ROLE_PROGRAM, getsockopt, "how many packets the kernel dropped, errors of sockets"),
	CALL(ROLE_PROGRAM, setsockopt, "the ring, the filter and the group of a packet socket"),
	CALL(ROLE_NONE, execve, "another program"),
	CALL(ROLE_NONE, execveat, "the same"),
	CALL(ROLE_NONE, fork, "another process"),
	CALL(ROLE_NONE, vfork, "the same"),
	CALL(ROLE_NONE, ptrace, "another process's memory and registers"),
	CALL(ROLE_NONE, process_vm_readv, "the same"),
	CALL(ROLE_NONE, process_vm_writev, "the same"),
	CALL(ROLE_NONE, process_madvise, "the same"),
	CALL(ROLE_NONE, kcmp, "what another process has open"),
	CALL(ROLE_NONE, pidfd_open, "another process's descriptors, and signals to it"),
	CALL(ROLE_NONE, pidfd_getfd, "the same"),
	CALL(ROLE_NONE, pidfd_send_signal, "the same"),
	CALL(ROLE_NONE, kill, "signals to others"),
	CALL(ROLE_NONE, tkill, "the same"),
	CALL(ROLE_NONE, rt_sigqueueinfo, "the same"),
	CALL(ROLE_NONE, rt_tgsigqueueinfo, "the same"),
	CALL(ROLE_NONE, setuid, "another user"),
	CALL(ROLE_NONE, setgid, "the same"),
	CALL(ROLE_NONE, setreuid, "the same"),
	CALL(ROLE_NONE, setregid, "the same"),
	CALL(ROLE_NONE, setresuid, "the same"),
	CALL(ROLE_NONE, setresgid, "the same"),
	CALL(ROLE_NONE, setfsuid, "the same"),
	CALL(ROLE_NONE, setfsgid, "the same"),
	CALL(ROLE_NONE, setgroups, "the same"),
	CALL(ROLE_NONE, capset, "more rights"),
	CALL(ROLE_NONE, personality, "memory that can be predicted or run"),
	CALL(ROLE_NONE, pkey_mprotect, "memory to run, past the rows of mprotect"),
	CALL(ROLE_NONE, shmat, "the same"),
	CALL(ROLE_NONE, remap_file_pages, "the same"),
	CALL(ROLE_NONE, modify_ldt, "the same"),
	CALL(ROLE_NONE, socketpair, "sockets, past the rows of socket"),
	CALL(ROLE_NONE, io_uring_setup, "any call, past this filter"),
	CALL(ROLE_NONE, io_uring_enter, "the same"),
	CALL(ROLE_NONE, io_uring_register, "the same"),
	CALL(ROLE_NONE, unshare, "other namespaces"),
	CALL(ROLE_NONE, setns, "the same"),
	CALL(ROLE_NONE, chroot, "another tree of files"),
	CALL(ROLE_NONE, pivot_root, "the same"),
	CALL(ROLE_NONE, mount, "the same"),
	CALL(ROLE_NONE, umount2, "the same"),
	CALL(ROLE_NONE, move_mount, "the same"),
	CALL(ROLE_NONE, open_tree, "the same"),
	CALL(ROLE_NONE, fsopen, "the same"),
	CALL(ROLE_NONE, fsconfig, "the same"),
	CALL(ROLE_NONE, fsmount, "the same"),
	CALL(ROLE_NONE, fspick, "the same"),
	CALL(ROLE_NONE, mount_setattr, "the same"),
	CALL(ROLE_NONE, open_by_handle_at, "files, past the rights of their folders"),
	CALL(ROLE_NONE, mknod, "devices"),
	CALL(ROLE_NONE, mknodat, "the same"),
	CALL(ROLE_NONE, ioperm, "the same"),
	CALL(ROLE_NONE, iopl, "the same"),
	CALL(ROLE_NONE, bpf, "code in the kernel"),
	CALL(ROLE_NONE, init_module, "the same"),
	CALL(ROLE_NONE, finit_module, "the same"),
	CALL(ROLE_NONE, delete_module, "the same"),
	CALL(ROLE_NONE, kexec_load, "another kernel"),
	CALL(ROLE_NONE, kexec_file_load, "the same"),
	CALL(ROLE_NONE, reboot, "the same"),
	CALL(ROLE_NONE, perf_event_open, "errors in the kernel are used by it"),
	CALL(ROLE_NONE, userfaultfd, "the same"),
	CALL(ROLE_NONE, add_key, "the same"),
	CALL(ROLE_NONE, keyctl, "keys of others"),
	CALL(ROLE_NONE, request_key, "the same"),
	CALL(ROLE_NONE, syslog, "addresses in the kernel"),
	CALL(ROLE_NONE, settimeofday, "the machine's clock"),
	CALL(ROLE_NONE, clock_settime, "the same"),
	CALL(ROLE_NONE, clock_adjtime, "the same"),
	CALL(ROLE_NONE, adjtimex, "the same"),
	CALL(ROLE_NONE, sethostname, "the machine's name"),
	CALL(ROLE_NONE, setdomainname, "the same"),
	CALL(ROLE_NONE, swapon, "the machine's memory"),
	CALL(ROLE_NONE, swapoff, "the same"),
	CALL(ROLE_NONE, acct, "a record of all processes"),
	CALL(ROLE_NONE, quotactl, "the users' quotas"),
};

/*
 * A call of which an argument decides. If (argument & mask) == value, the roles may make the call,
 * and in all others it kills the process.
 *
 * A value without a row is unknown for the calls of SANDBOX_PARTLY. The rows of all other calls are
 * complete, together with those of specials_make.
 */
struct conditional {
	unsigned roles;
	int call;
	unsigned arg, mask, value;
	const char *why;
};

#define EQUAL UINT32_MAX

/* linux/wireless.h cannot be included beside the other headers. */
#ifndef SIOCGIWNAME
#define SIOCGIWNAME 0x8B01
#endif

/* The requests contain the size of struct termios2, which the C library's headers do not define: 44
 * bytes. */
#define TERMINAL_GET    _IOC(_IOC_READ, 'T', 0x2A, 44)
#define TERMINAL_SET(n) _IOC(_IOC_WRITE, 'T', 0x2A + (n), 44)

#define ARGUMENT(name, which, error) ARGUMENT_##name = (which),
enum { SANDBOX_PARTLY(ARGUMENT) };

#define PRCTL(roles, option, why)                                                                  \
	{                                                                                          \
		roles, SCMP_SYS(prctl), ARGUMENT_prctl, EQUAL, option, why                         \
	}
#define IOCTL(roles, request, why)                                                                 \
	{                                                                                          \
		roles, SCMP_SYS(ioctl), ARGUMENT_ioctl, EQUAL, (unsigned)(request), why            \
	}

#define FCNTL(roles, command, why)                                                                 \
	{                                                                                          \
		roles, SCMP_SYS(fcntl), ARGUMENT_fcntl, EQUAL, command, why                        \
	}

/* The argument of clone(2) that has the flags. */
#ifdef __s390x__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const struct conditional conditionals[] = {
#ifndef __s390x__
	{ROLE_BOTH, SCMP_SYS(mmap), 2, PROT_EXEC, 0, "memory"},
	{ROLE_NONE, SCMP_SYS(mmap), 2, PROT_EXEC, PROT_EXEC, "memory to run"},
#endif
	{ROLE_BOTH, SCMP_SYS(mprotect), 2, PROT_EXEC, 0, "memory"},
	{ROLE_NONE, SCMP_SYS(mprotect), 2, PROT_EXEC, PROT_EXEC, "memory to run"},
	{ROLE_PROGRAM, SCMP_SYS(clone), CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD, "threads"},
	{ROLE_NONE, SCMP_SYS(clone), CLONE_FLAGS, CLONE_THREAD, 0, "another process"},
	{ROLE_PROGRAM, SCMP_SYS(prlimit64), 0, EQUAL, 0,
	 "a thread's stack; how many files may be open"},
	{ROLE_PROGRAM, SCMP_SYS(sched_setaffinity), 0, EQUAL, 0,
	 "a thread on a CPU of its own, by libraries"},
	FCNTL(ROLE_BOTH, F_GETFD, "flags of descriptors"),
	FCNTL(ROLE_BOTH, F_SETFD, "the same"),
	FCNTL(ROLE_BOTH, F_GETFL, "the same; specials_make has F_SETFL"),
	FCNTL(ROLE_PROGRAM, F_DUPFD, "copies of descriptors"),
	FCNTL(ROLE_PROGRAM, F_DUPFD_CLOEXEC, "the same"),
	FCNTL(ROLE_PROGRAM, F_GETLK, "the pid file's lock"),
	FCNTL(ROLE_PROGRAM, F_SETLK, "the same"),
	FCNTL(ROLE_PROGRAM, F_SETLKW, "the same"),
	FCNTL(ROLE_NONE, F_SETOWN, "signals to others, when a descriptor is ready"),
	FCNTL(ROLE_NONE, F_SETOWN_EX, "the same"),
	FCNTL(ROLE_NONE, F_SETSIG, "the same"),
	FCNTL(ROLE_NONE, F_SETLEASE, "the same"),
	FCNTL(ROLE_NONE, F_NOTIFY, "the same"),
	PRCTL(ROLE_PROGRAM, PR_SET_NAME, "the names of threads"),
	PRCTL(ROLE_BOTH, PR_SET_VMA, "names of memory, where the C library gives some"),
	PRCTL(ROLE_NONE, PR_SET_DUMPABLE, "memory that others may read"),
	PRCTL(ROLE_NONE, PR_SET_PTRACER, "the same"),
	PRCTL(ROLE_NONE, PR_SET_KEEPCAPS, "more rights"),
	PRCTL(ROLE_NONE, PR_SET_SECUREBITS, "the same"),
	PRCTL(ROLE_NONE, PR_CAP_AMBIENT, "the same"),
	PRCTL(ROLE_NONE, PR_SET_MM, "what the kernel believes of this process"),
	PRCTL(ROLE_NONE, PR_SET_SECCOMP, "other filters"),
	IOCTL(ROLE_PROGRAM, TCGETS, "is it a terminal?"),
	IOCTL(ROLE_PROGRAM, TERMINAL_GET, "the same, by glibc from 2.42 on"),
	IOCTL(ROLE_TERMINAL, TCSETS, "its mode, given back at the end"),
	IOCTL(ROLE_TERMINAL, TCSETSW, "the same"),
	IOCTL(ROLE_TERMINAL, TCSETSF, "the same"),
	IOCTL(ROLE_TERMINAL, TERMINAL_SET(1), "the same, by glibc from 2.42 on"),
	IOCTL(ROLE_TERMINAL, TERMINAL_SET(2), "the same"),
	IOCTL(ROLE_TERMINAL, TERMINAL_SET(3), "the same"),
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
	IOCTL(ROLE_BROKER, SECCOMP_IOCTL_NOTIF_RECV, "a call that asks for a packet socket"),
	IOCTL(ROLE_BROKER, SECCOMP_IOCTL_NOTIF_SEND, "no"),
	IOCTL(ROLE_BROKER, SECCOMP_IOCTL_NOTIF_ADDFD, "the socket"),
	IOCTL(ROLE_NONE, TIOCSTI, "words that the user seems to have typed"),
	IOCTL(ROLE_NONE, TIOCLINUX, "the same"),
	IOCTL(ROLE_NONE, TIOCSCTTY, "another terminal"),
	IOCTL(ROLE_NONE, TIOCSETD, "the same"),
};

#ifdef WITHOUT_FILTER

bool sandbox_built(void)
{
	return false;
}

bool sandbox_enter(unsigned role, int *packet, struct error *why)
{
	(void)role;
	(void)why;
	(void)plains;
	(void)conditionals;
	if (packet)
		*packet = -1;
	return true;
}

bool sandbox_rules_fit(const char *machine)
{
	(void)machine;
	return true;
}

#else

bool sandbox_built(void)
{
	return true;
}

/* Returns the bits of the rows that hold for a role. */
static unsigned rows_of(unsigned role)
{
	return 1u << (role & ~(unsigned)SANDBOX_TERMINAL) |
	       (role & SANDBOX_TERMINAL ? ROLE_TERMINAL : 0);
}

static uint32_t action_of(unsigned roles, unsigned rows)
{
	return roles & rows ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS;
}

static struct scmp_arg_cmp argument(unsigned arg, unsigned mask, unsigned value)
{
	return (struct scmp_arg_cmp){arg, SCMP_CMP_MASKED_EQ, mask, value};
}

static struct scmp_arg_cmp compared(unsigned arg, enum scmp_compare how, unsigned value)
{
	return (struct scmp_arg_cmp){arg, how, value, 0};
}

static struct scmp_arg_cmp conditional_when(const struct conditional *c)
{
	return argument(c->arg, c->mask, c->value);
}

static int conditional_add(scmp_filter_ctx filter, uint32_t action, const struct conditional *c)
{
	struct scmp_arg_cmp when = conditional_when(c);
	return seccomp_rule_add_array(filter, action, c->call, 1, &when);
}

/* A rule that no table can have: its action or a number is known only at run time, or two arguments
 * decide. */
struct special {
	int call;
	uint32_t action; /* filter_action: no rule, but the call is known */
	unsigned n;
	struct scmp_arg_cmp when[2]; /* the argument of a call of SANDBOX_PARTLY comes first */
};

enum { SPECIALS_MAX = 32 };
static const uint32_t filter_action = SCMP_ACT_ERRNO(ENOSYS);

struct specials {
	struct special all[SPECIALS_MAX];
	size_t n;
};

static void put_any(struct specials *s, uint32_t action, int call)
{
	assert(s->n < SPECIALS_MAX);
	s->all[s->n++] = (struct special){.call = call, .action = action};
}

static void put_one(struct specials *s, uint32_t action, int call, struct scmp_arg_cmp when)
{
	assert(s->n < SPECIALS_MAX);
	s->all[s->n++] = (struct special){call, action, 1, {when}};
}

static void put_two(struct specials *s, uint32_t action, int call, struct scmp_arg_cmp when,
		    struct scmp_arg_cmp and)
{
	assert(s->n < SPECIALS_MAX);
	s->all[s->n++] = (struct special){call, action, 2, {when, and}};
}

/* Machines whose C library makes sockets by socketcall(2): the family lies in memory, where no
 * filter sees it. */
static bool has_socketcall(uint32_t machine)
{
	return machine == SCMP_ARCH_S390X || machine == SCMP_ARCH_PPC64LE ||
	       machine == SCMP_ARCH_PPC64;
}

/*
 * The rules of socket(2). packet: the action for AF_PACKET. Outputs have local sockets. libibverbs,
 * which libpcap may be linked with, asks by netlink for its devices, and goes on without an answer.
 * Every other family kills the process. With socketcall(2) all families are allowed: packet sockets
 * are then refused by the kernel, for want of a capability.
 */
static void specials_socket(struct specials *s, unsigned rows, uint32_t packet, uint32_t machine)
{
	if (has_socketcall(machine)) {
		put_any(s, action_of(ROLE_BOTH, rows), SCMP_SYS(socket));
		return;
	}
	put_one(s, action_of(ROLE_PROGRAM, rows), SCMP_SYS(socket), argument(0, EQUAL, AF_UNIX));
	put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), compared(0, SCMP_CMP_GT, AF_PACKET));
	for (unsigned family = 0; family < AF_NETLINK; family++)
		if (family != AF_UNIX)
			put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket),
				argument(0, EQUAL, family));
	put_one(s, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), argument(0, EQUAL, AF_NETLINK));
	put_one(s, packet, SCMP_SYS(socket), argument(0, EQUAL, AF_PACKET));
}

/*
 * Rules of calls that may concern this process and no other.
 * - tgkill: an abort ends the process.
 * - prlimit64: could lower the CPU time of another process, which is killed at its end. The C
 * library passes 0, the process itself, for each thread.
 * - fcntl: F_SETFL with O_ASYNC would make a terminal send SIGIO to its foreground processes.
 */
static void specials_own(struct specials *s, unsigned rows)
{
	struct scmp_arg_cmp flags = argument(ARGUMENT_fcntl, EQUAL, F_SETFL);
	unsigned self = (unsigned)getpid();
	put_one(s, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), argument(0, EQUAL, self));
	put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(tgkill), compared(0, SCMP_CMP_NE, self));
	put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(prlimit64), compared(0, SCMP_CMP_NE, 0));
	put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(sched_setaffinity), compared(0, SCMP_CMP_NE, 0));
	put_two(s, action_of(ROLE_BOTH, rows), SCMP_SYS(fcntl), flags, argument(2, O_ASYNC, 0));
	put_two(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(fcntl), flags, argument(2, O_ASYNC, O_ASYNC));
}

/* Makes all rules that are in no table. clone3(2) fails with ENOSYS: the C library then uses
 * clone(2), whose flags the filter can read. seccomp(2) is allowed to make this filter narrower
 * (sandbox_count). */
static void specials_make(struct specials *s, unsigned rows, uint32_t packet, uint32_t machine)
{
	s->n = 0;
	put_one(s, filter_action, SCMP_SYS(clone3), (struct scmp_arg_cmp){0});
	put_one(s, SCMP_ACT_KILL_PROCESS, SCMP_SYS(seccomp),
		compared(0, SCMP_CMP_NE, SECCOMP_SET_MODE_FILTER));
	put_two(s, action_of(ROLE_PROGRAM, rows), SCMP_SYS(seccomp),
		compared(0, SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER), compared(1, SCMP_CMP_EQ, 0));
	specials_own(s, rows);
	specials_socket(s, rows, packet, machine);
}

static int rules_add(scmp_filter_ctx filter, unsigned rows, uint32_t packet, uint32_t machine)
{
	struct specials s;
	int r = 0;
	specials_make(&s, rows, packet, machine);
	for (size_t i = 0; i < s.n && r == 0; i++)
		if (s.all[i].action != filter_action)
			r = seccomp_rule_add_array(filter, s.all[i].action, s.all[i].call,
						   s.all[i].n, s.all[i].when);
	for (size_t i = 0; i < sizeof plains / sizeof plains[0] && r == 0; i++)
		r = seccomp_rule_add(filter, action_of(plains[i].roles, rows), plains[i].call, 0);
	for (size_t i = 0; i < sizeof conditionals / sizeof conditionals[0] && r == 0; i++)
		r = conditional_add(filter, action_of(conditionals[i].roles, rows),
				    &conditionals[i]);
	return r;
}

/* Loads the filter. packet: the action for socket(AF_PACKET). *listener: set if packet is
 * SCMP_ACT_NOTIFY. The kernel permits one listener, which belongs to the filter that is loaded
 * last. */
static int filter_load(unsigned role, uint32_t packet, int *listener)
{
	uint32_t machine = seccomp_arch_native();
	if (packet == SCMP_ACT_NOTIFY && has_socketcall(machine))
		return -EOPNOTSUPP;
	scmp_filter_ctx filter = seccomp_init(filter_action);
	int r = filter ? rules_add(filter, rows_of(role),
				   rows_of(role) & ROLE_PACKETS ? SCMP_ACT_ALLOW : packet, machine)
		       : -ENOMEM;
	if (r == 0)
		r = seccomp_load(filter);
	if (r == 0 && packet == SCMP_ACT_NOTIFY)
		*listener = seccomp_notify_fd(filter);
	seccomp_release(filter);
	return r;
}

#define IS_CALL(name, which, error) || call == SCMP_SYS(name)

static bool is_partly_known(int call)
{
	return false SANDBOX_PARTLY(IS_CALL);
}

/* Adds a rule for a known call. when: the argument that decides, for a call of SANDBOX_PARTLY. Rows
 * of one call repeat the rule: libseccomp then returns EEXIST. */
static int known_add(scmp_filter_ctx filter, int call, struct scmp_arg_cmp when)
{
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, is_partly_known(call) ? 1 : 0,
				       &when);
	return r == -EEXIST ? 0 : r;
}

/* Allows every call that the loaded filter has a rule for. */
static int rules_known(scmp_filter_ctx filter, uint32_t machine)
{
	struct specials s;
	int r = 0;
	specials_make(&s, 0, SCMP_ACT_ALLOW, machine);
	for (size_t i = 0; i < s.n && r == 0; i++)
		r = known_add(filter, s.all[i].call, s.all[i].when[0]);
	for (size_t i = 0; i < sizeof plains / sizeof plains[0] && r == 0; i++)
		r = known_add(filter, plains[i].call, (struct scmp_arg_cmp){0});
	for (size_t i = 0; i < sizeof conditionals / sizeof conditionals[0] && r == 0; i++)
		r = known_add(filter, conditionals[i].call, conditional_when(&conditionals[i]));
	return r;
}

static char *call_name(int call)
{
	return seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
}

/* Prepares the filter of sandbox_count. In the kernel its TRAP prevails over the ENOSYS of the
 * loaded filter, and KILL over TRAP. */
static int unknown_prepare(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int fd = memfd_create("filter", MFD_CLOEXEC),
	    r = fd < 0    ? -errno
		: !filter ? -ENOMEM
			  : rules_known(filter, seccomp_arch_native());
	if (r == 0)
		r = seccomp_export_bpf(filter, fd);
	if (r == 0)
		r = sandbox_unknown_prepare(fd, call_name);
	seccomp_release(filter);
	if (fd >= 0)
		close(fd);
	return r;
}

/* A filter with this default and no rules, for another machine. */
static scmp_filter_ctx filter_for(uint32_t action, uint32_t machine)
{
	scmp_filter_ctx filter = seccomp_init(action);
	if (filter && machine != seccomp_arch_native() &&
	    (seccomp_arch_remove(filter, SCMP_ARCH_NATIVE) != 0 ||
	     seccomp_arch_add(filter, machine) != 0)) {
		seccomp_release(filter);
		return NULL;
	}
	return filter;
}

bool sandbox_rules_fit(const char *machine)
{
	uint32_t arch = seccomp_arch_resolve_name(machine);
	bool fit = arch != 0;
	for (unsigned role = SANDBOX_PROGRAM; role <= SANDBOX_BROKER && fit; role++) {
		scmp_filter_ctx filter = filter_for(filter_action, arch),
				known = filter_for(SCMP_ACT_TRAP, arch);
		fit = filter && known &&
		      rules_add(filter, rows_of(role), SCMP_ACT_ERRNO(EPERM), arch) == 0 &&
		      rules_known(known, arch) == 0;
		seccomp_release(filter);
		seccomp_release(known);
	}
	return fit;
}

bool sandbox_enter(unsigned role, int *packet, struct error *why)
{
	int r = rows_of(role) & ROLE_PROGRAM ? unknown_prepare() : 0;
	if (packet)
		*packet = -1;
	/* With a listener if that is possible. */
	if (r == 0 && (!packet || filter_load(role, SCMP_ACT_NOTIFY, packet) != 0))
		r = filter_load(role, SCMP_ACT_ERRNO(EPERM), NULL);
	if (r != 0)
		error_set(why, "the kernel takes no filter of system calls: %s", strerror(-r));
	return r == 0;
}

#endif
