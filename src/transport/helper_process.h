/* helper_process.h - a helper process that does for an output what the system call filter forbids
 * the program: run commands, connect to other hosts. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_PROCESS_H
#define SMTPWATCH_TRANSPORT_HELPER_PROCESS_H

#include "base/error.h"
#include "transport/run_mode.h"
#include "transport/unix_socket.h"

/*
 * A helper process. The program parses input from anybody; its system call filter allows neither
 * execve nor Internet sockets. The helper parses nothing.
 * The helper starts when the output is opened. The helper keeps one socket and standard error,
 * gives up root as the program does, and ends with the program. Live, a helper that dies is started
 * anew (helper_keeper.h).
 * Jobs go through the stream socket, each behind its length; live 32 at most are under way, handed
 * over and not reported. Those are lost if the helper dies. Other jobs wait in the program, within
 * the bound of an outsocket, and never block it.
 */
struct helper;

/* The main function of a helper process: takes jobs from fd with helper_take until there are no
 * more, then returns. */
typedef void helper_work(int fd, const void *arg);

/* Starts a helper process. name: for messages on standard error. arg is passed to work. name and
 * mode are borrowed. Call while the program has one thread. Returns NULL with a sentence in why. */
struct helper *helper_start(const char *name, const struct run_mode *mode, helper_work *work,
			    const void *arg, struct error *why);

/* The longest job, in bytes. The caller keeps to it. */
enum { HELPER_JOB_MAX = 1536 << 10 };

/* Returns the buffer to render a job into; helper_send then takes the job. */
struct outbuf *helper_job(struct helper *c);

/* helper_send queues the job in the buffer; helper_flush sends what the helper accepts. Both
 * return what outsocket_put returns. */
bool helper_send(struct helper *c);
bool helper_flush(struct helper *c);

/* Returns false once the process has died and is not started anew: offline, or because its keeper
 * has died too, or because it cannot do its work. */
bool helper_alive(const struct helper *c);

/* For the poll loop, as in struct sink_kind. */
void helper_tick(struct helper *c, int64_t now);
size_t helper_poll(const struct helper *c, struct pollfd *p);
void helper_ready(struct helper *c, const struct pollfd *p);

/* What became of the jobs so far: offered, done by the helper, lost before it and in it; how often
 * it connected again, and was started anew. */
struct helper_counts {
	uint64_t offered, done, lost, reconnects, restarts;
};

struct helper_counts helper_counts(const struct helper *c);

/* Lets the helper finish its jobs, for some seconds, then ends it, and frees c. Returns false if a
 * record is missing; live, only records of the time of the close count. */
bool helper_close(struct helper *c);

/* For work: what became of jobs since the last call, each done or lost, and the connections made.
 */
struct helper_report {
	uint64_t done, lost, reconnects;
};

void helper_report(int fd, struct helper_report report);

/* For a work that executes another program: says at its end what could not be said yet. */
void helper_report_last(int fd);

/* For work: reads the next job into a buffer of HELPER_JOB_MAX bytes, and waits for it. Returns its
 * length; 0: there are no more jobs. */
size_t helper_take(int fd, uint8_t *job);

#endif
