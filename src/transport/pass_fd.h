/* pass_fd.h - passes a descriptor to another process (unix(7), SCM_RIGHTS). */
#ifndef SMTPWATCH_TRANSPORT_PASS_FD_H
#define SMTPWATCH_TRANSPORT_PASS_FD_H

#include <stdbool.h>

/* Sends a copy of fd through line, a Unix socket. Returns false if the other end has closed. */
bool fd_send(int line, int fd);

/* Receives a descriptor, which is closed on exec; the caller closes it. flags: of recvmsg(2).
 * Returns -1 if there is none: *gone tells whether the other end has closed. */
int fd_receive(int line, int flags, bool *gone);

#endif
