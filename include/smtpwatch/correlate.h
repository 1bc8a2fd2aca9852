/* correlate.h - combines the sessions of each server, and finds the cause of each session. */
#ifndef SMTPWATCH_CORRELATE_H
#define SMTPWATCH_CORRELATE_H

#include "smtpwatch/record.h"
#include "smtpwatch/server_history.h"

/*
 * Receives the records of one monitor, or of several monitors that share the connections. Only here
 * is known that several sessions of one server ended together.
 *
 * Use each struct correlator in one thread only.
 */
struct correlator;

/* Returns a new struct correlator. seed: the secret key of the table of servers. The memory used is
 * at most 4 MiB. Returns NULL if there is no memory. Caller frees with correlator_free. */
struct correlator *correlator_new(const uint64_t seed[2]);
/* Frees c. NULL is allowed. */
void correlator_free(struct correlator *c);

/*
 * correlator_ended takes the event of a session's close. correlator_session takes the session's
 * record about a second later, at the release (monitor.h). Call correlator_ended before
 * correlator_session for the same session.
 *
 * correlator_session returns the complete record, with `cause` and `together`. If the dialogue was
 * encrypted, the session is judged again, with the server's habits under TLS. Borrowed until the
 * next call, and no longer than *record.
 */
void correlator_ended(struct correlator *c, const struct server_event *event);
const struct record *correlator_session(struct correlator *c, const struct record *record);

#endif
