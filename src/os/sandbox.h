/*
 * sandbox.h - restricts the system calls of a process (seccomp). A call that an intruder needs
 * kills the process. A call that the filter does not know fails with ENOSYS (sandbox_unknown.h).
 */
#ifndef SMTPWATCH_OS_SANDBOX_H
#define SMTPWATCH_OS_SANDBOX_H

#include "base/error.h"

#include <stdbool.h>

/* The role of the process. PROGRAM: smtpwatch. ROOT: smtpwatch that stays root, and opens packet
 * sockets itself. BROKER: the process that opens packet sockets for PROGRAM (socket_broker.h). */
enum sandbox_role { SANDBOX_PROGRAM, SANDBOX_ROOT, SANDBOX_BROKER };

/* Added to PROGRAM or ROOT: the process also sets the mode of a terminal and asks for its size. */
enum { SANDBOX_TERMINAL = 1 << 4 };

/* Returns false in builds without the filter: with a sanitizer, or by make SECCOMP=no.
 * sandbox_enter then does nothing. */
bool sandbox_built(void);

/* Returns true if libseccomp accepts the rules of all roles for a machine: "x86_64", "s390x" (by
 * its names). For tests: what this machine cannot run can be built here. */
bool sandbox_rules_fit(const char *machine);

/*
 * Restricts the calling thread and all threads that it starts later. role: enum sandbox_role, with
 * SANDBOX_TERMINAL if needed. Call after privilege_drop, before the first thread and before the
 * first byte is parsed. Each thread calls sandbox_count later.
 *
 * packet decides what socket(AF_PACKET) does in role PROGRAM. The other roles may call it.
 * - NULL: the call fails with EPERM.
 * - Else *packet becomes a descriptor for socket_broker_serve, and the broker answers the call.
 * - *packet is -1 if the kernel cannot do that (before 5.9), if another filter does it already, or
 * if the machine makes sockets by socketcall(2) (s390x, ppc64el). The call then fails with EPERM.
 *
 * Returns false with a sentence in why: then no call is restricted.
 */
bool sandbox_enter(unsigned role, int *packet, struct error *why);

#endif
