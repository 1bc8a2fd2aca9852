/* interfaces.h - the interfaces that are watched: opened for all workers at once, and opened anew
 * when one has gone and is there again. */
#ifndef SMTPWATCH_APP_INTERFACES_H
#define SMTPWATCH_APP_INTERFACES_H

#include "app/worker.h"
#include "options/options.h"

struct interfaces;

/*
 * Opens those that options name, for so many workers. One that is not there, or is down, is told on
 * standard error and tried again later. NULL where one cannot be had at all; all of these are told;
 * *usage: the filter does not compile. o is borrowed.
 */
struct interfaces *interfaces_open(const struct options *o, unsigned workers, bool *usage);

/* Gives what is open to the workers, which are borrowed. */
void interfaces_give(struct interfaces *s, struct worker **workers);

/* A worker's message. */
void interfaces_link(struct interfaces *s, const struct worker_link *link, int64_t now);

/* Tries again what is due. now: of a clock that nobody steps, nanoseconds, as everywhere here. */
void interfaces_tick(struct interfaces *s, int64_t now);

/* The name of the i-th; all of them, for people: "eth0", "eth0 and eth1". */
const char *interfaces_name(const struct interfaces *s, unsigned i);
const char *interfaces_names(const struct interfaces *s);

void interfaces_free(struct interfaces *s);

#endif
