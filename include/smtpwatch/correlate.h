/* correlate.h - combines the sessions of each server, and finds the cause of each session. */
#ifndef SMTPWATCH_CORRELATE_H
#define SMTPWATCH_CORRELATE_H

#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"

/*
 * Receives the records of one monitor, or of several monitors that share the connections. Only here
 * is known that several sessions of one server ended together.
 *
 * Use each struct collate in one thread only.
 */
struct collate;

/* Returns a new struct collate. deliver: called with each complete record; the record is borrowed
 * for the call. seed: the secret key of the table of servers. The memory used is at most 4 MiB.
 * Returns NULL if there is no memory. Caller frees with collate_free. */
struct collate *collate_new(const uint64_t seed[2],
			    void (*deliver)(void *arg, const struct record *record), void *arg);
/* Frees c. NULL is allowed. */
void collate_free(struct collate *c);

/*
 * collate_ended takes the event of a session's close. collate_session takes the session's record
 * about a second later, at the release (monitor.h). Call collate_ended before collate_session for
 * the same session.
 *
 * collate_session fills in `cause` and `together`, and calls deliver before it returns. If the
 * dialogue was encrypted, the session is judged again, with the server's habits under TLS.
 */
void collate_ended(struct collate *c, const struct history_event *event);
void collate_session(struct collate *c, const struct record *record);

#endif
