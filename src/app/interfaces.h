/* interfaces.h - the watched interfaces: opens each once for every worker, and again when an
 * interface has gone and comes back. */
#ifndef SMTPWATCH_APP_INTERFACES_H
#define SMTPWATCH_APP_INTERFACES_H

#include "app/worker.h"
#include "options/options.h"
#include "stats/totals.h"

struct interfaces;

/*
 * Opens the interfaces of o->interfaces, once for each worker. o is borrowed. Call while the
 * process may open packet sockets. An interface that is down is tried again by interfaces_tick; so
 * is one that does not exist, with o->wait_interface. Returns NULL if an interface cannot be opened
 * otherwise, after printing the errors of all. *usage: the operator's filter does not compile.
 */
struct interfaces *interfaces_open(const struct options *o, unsigned workers, bool *usage);

/* Gives the open interfaces to the workers. The array and its workers are borrowed as long as
 * interfaces_tick is called. Call once, before interfaces_link and interfaces_tick. */
void interfaces_give(struct interfaces *s, struct worker **workers);

/* Handles a WORKER_LINK message of a worker. now: monotonic, nanoseconds. */
void interfaces_link(struct interfaces *s, const struct worker_link *link, int64_t now);

/* Tries to open the interfaces that are absent, after pauses from 1/8 to 4 seconds. Call at least
 * once a second. now: monotonic, nanoseconds. */
void interfaces_tick(struct interfaces *s, int64_t now);

/* Returns whether an interface is absent, so that interfaces_tick has something to do. */
bool interfaces_absent(const struct interfaces *s);

/* Fills the states of at most n interfaces. Returns their number. */
size_t interfaces_watched(const struct interfaces *s, struct watched *out, size_t n);

/* Returns the name of an interface. Borrowed until interfaces_free. */
const char *interfaces_name(const struct interfaces *s, unsigned i);

/* Closes the interfaces that no worker has, and frees s. s may be NULL. */
void interfaces_free(struct interfaces *s);

#endif
