/* socket_broker.h - a small process that can do one thing: open packet sockets for a program that
 * no longer may. */
#ifndef SMTPWATCH_OS_SOCKET_BROKER_H
#define SMTPWATCH_OS_SOCKET_BROKER_H

#include <stdbool.h>

#define SOCKET_BROKER_WHY 256

/*
 * An interface that is removed and made anew has to be opened anew. The program has neither root
 * nor a capability then, and its filter of system calls has socket(AF_PACKET) answered by somebody
 * else: by this process, which gives it such a socket and knows nothing else. That gives away
 * nothing: who holds one packet socket can bind it to any interface.
 */
struct socket_broker;

/* Starts it, as `user` (privilege.h) with CAP_NET_RAW alone; call it before there are threads, and
 * before privilege_drop. It ends with us. NULL with a sentence in why. */
struct socket_broker *socket_broker_start(const char *user, char why[SOCKET_BROKER_WHY]);

/* Gives it the descriptor from sandbox_enter, which is closed here; from then on it serves. False:
 * it is gone. */
bool socket_broker_serve(struct socket_broker *o, int packet);

void socket_broker_free(struct socket_broker *o);

#endif
