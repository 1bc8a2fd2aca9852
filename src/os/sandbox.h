/*
 * sandbox.h - which system calls a process may still make. What an intruder would need kills it;
 * what the filter does not know fails with ENOSYS (sandbox_unknown.h).
 */
#ifndef SMTPWATCH_OS_SANDBOX_H
#define SMTPWATCH_OS_SANDBOX_H

#include <stdbool.h>

#define SANDBOX_WHY 256

/* Whose life it is (role): the program itself; the same where it was told to stay root, and opens
 * packet sockets itself; the small process that opens them for it (socket_broker.h). */
enum sandbox_role { SANDBOX_PROGRAM, SANDBOX_ROOT, SANDBOX_BROKER };

/* Beside one of the first two: it also sets the mode of a terminal and asks for its size. */
enum { SANDBOX_TERMINAL = 1 << 4 };

/*
 * False in builds with a sanitizer, whose runtime makes calls of its own, when and how many nobody
 * knows: there is no filter then, and sandbox_enter does nothing.
 */
bool sandbox_built(void);

/*
 * For the calling thread and those that it will start: call it before there are others, and before
 * the first byte is parsed. privilege_drop comes first. packet: NULL: a packet socket cannot be
 * opened, which is an error of socket(2) and kills nobody. Else *packet is a descriptor to give to
 * the opener, who will answer such calls; or -1, where the kernel (before 5.9) cannot do that, or
 * another filter around us already does. False with a sentence in why: nothing is restricted.
 */
bool sandbox_enter(unsigned role, int *packet, char why[SANDBOX_WHY]);

#endif
