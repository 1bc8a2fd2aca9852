/* socket_broker.h - a helper process that opens packet sockets for a program without the privilege.
 */
#ifndef SMTPWATCH_OS_SOCKET_BROKER_H
#define SMTPWATCH_OS_SOCKET_BROKER_H

#include "base/error.h"

#include <stdbool.h>

/*
 * If an interface is removed and created again, its packet socket must be opened again. At that
 * time the program has neither root nor a capability. The program's filter of system calls passes
 * its socket(AF_PACKET) to the broker, which answers with a socket. The broker gives the program
 * nothing new: a program with one packet socket can bind it to any interface.
 */
struct socket_broker;

/* Starts the process as user (privilege.h), with CAP_NET_RAW and no other privilege. Call before
 * the first thread and before privilege_drop. The process ends with the caller. Returns NULL with a
 * sentence in why. socket_broker_free frees the result. */
struct socket_broker *socket_broker_start(const char *user, struct error *why);

/* Passes on the descriptor of sandbox_enter, and closes packet. The broker then answers calls.
 * Returns false if the process has ended. */
bool socket_broker_serve(struct socket_broker *o, int packet);

/* Returns a descriptor that becomes ready to read when the process dies. Borrowed from o. */
int socket_broker_descriptor(const struct socket_broker *o);

/* Ends the process. o may be NULL. */
void socket_broker_free(struct socket_broker *o);

#endif
