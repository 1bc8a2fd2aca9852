/* helper_keeper.h - starts the process of an output, and live a second one that keeps it running:
 * the program itself cannot fork behind its system call filter. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_KEEPER_H
#define SMTPWATCH_TRANSPORT_HELPER_KEEPER_H

#include "base/error.h"
#include "transport/run_mode.h"

/* What the process does, with fd as its end of a pair of stream sockets, until the other end is
 * shut down. */
typedef void keeper_work(int fd, const void *arg);

/* fd: the program's end of the process's socket. line: the socket through which keeper_renewed
 * gets further ones; -1: offline, where nothing is started anew. The caller closes both. */
struct kept {
	int fd, line;
};

/*
 * Starts the process, which gives up root as mode says. Live the process has a keeper, its parent,
 * which holds line and reads nothing. If the process dies, the keeper starts it again: after a
 * second, and after twice the time whenever it dies within ten seconds, up to 64 seconds. If the
 * process returns from work, its keeper ends too; both end with the program.
 * Returns false with a sentence in why. Call while the program has one thread.
 */
bool keeper_start(struct kept *k, const char *name, const struct run_mode *mode, keeper_work *work,
		  const void *arg, struct error *why);

/* Returns the program's end of the socket of a process that was started anew, or -1 if there is
 * none. *gone: there will be none. Never waits. */
int keeper_renewed(int line, bool *gone);

#endif
