/* check.h - --check: what share of the sessions under TLS smtpwatch reads with what is attached. */
#ifndef SMTPWATCH_KEYS_CHECK_H
#define SMTPWATCH_KEYS_CHECK_H

#include "base/error.h"
#include "keys/options.h"

/* Seconds until what was found is reported: what starts just now has its libraries by then. */
enum { CHECK_SETTLES = 4 };

/* A process that runs smtpwatch, a FIFO between both. There is one at a time. */
struct check;

/* Makes both. The process waits for check_go. Call while the program is root and has one process.
 * Returns NULL with a sentence in why. */
struct check *check_new(const struct keys_options *o, struct error *why);

/* The path of the FIFO. Borrowed until check_free. */
const char *check_fifo(const struct check *c);

/* Starts smtpwatch. Does nothing without --check. */
void check_go(void);

/* Returns a descriptor that is readable when the result has been printed. */
int check_end(const struct check *c);

/* NULL is allowed. */
void check_free(struct check *c);

#endif
