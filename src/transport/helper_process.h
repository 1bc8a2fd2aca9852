/* helper_process.h - a small process that does for an output what the program itself may no longer
 * do: run commands, reach other hosts. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_PROCESS_H
#define SMTPWATCH_TRANSPORT_HELPER_PROCESS_H

#include "transport/run_mode.h"
#include "transport/unix_socket.h"

/*
 * The program's filter of system calls allows neither execve nor sockets of the Internet, because
 * it parses what anybody sends. The courier parses nothing. It is started when the output is
 * opened, has nothing of the program's but one socket and standard error, gives up root like it,
 * and ends with it. Jobs go through the socket, a stream, each behind its length; what does not fit
 * waits in the program, within the bound of an outsocket, and never makes it wait.
 */
struct courier;

/* The courier's life: takes jobs from fd until there are no more, and returns. Runs in the new
 * process. */
typedef void courier_work(int fd, const void *arg);

#define COURIER_WHY 512

/* name: for what is said on standard error. arg is whatever work needs; name and mode are borrowed.
 * Call it while the program has one thread. NULL with a sentence in why. */
struct courier *courier_start(const char *name, const struct run_mode *mode, courier_work *work,
			      const void *arg, char why[COURIER_WHY]);

/* No job is longer: whoever renders one sees to it. */
enum { COURIER_JOB = 1536 << 10 };

/* Where a job is rendered; courier_send takes it from there. */
struct outbuf *courier_job(struct courier *c);

/* False once the courier has gone. */
bool courier_send(struct courier *c);
bool courier_flush(struct courier *c);

/* For the loop, as in struct sink_kind. */
void courier_tick(struct courier *c, int64_t now);
size_t courier_watch(const struct courier *c, struct pollfd *p);
void courier_ready(struct courier *c, const struct pollfd *p);

/* Records that did not come to their target: those that the courier never got, and those of which
 * it says so. And how often it had to connect again. */
uint64_t courier_lost(const struct courier *c);
uint64_t courier_reconnects(const struct courier *c);

/* No more jobs: it does what it has, for which it is waited some seconds, and is ended. False:
 * something is missing; live, of what was under way at the end. */
bool courier_close(struct courier *c);

/* For work: what it has lost since the last call, and connected again. */
void courier_confess(int fd, uint64_t lost, uint64_t reconnects);

/* For work: the next job into a buffer of COURIER_JOB bytes; 0: there are no more. Waits, also for
 * the rest of a job of which the beginning is there. */
size_t courier_take(int fd, uint8_t *job);

#endif
