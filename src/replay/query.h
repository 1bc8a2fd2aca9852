/* query.h - the session that --explain selects, or all sessions. */
#ifndef SMTPWATCH_REPLAY_QUERY_H
#define SMTPWATCH_REPLAY_QUERY_H

#include "base/error.h"
#include "options/options.h"
#include "policy/session_store.h"
#include "trace/ladder.h"

struct query;

/*
 * Makes a query. o is borrowed until query_free. o->explain selects EXPLAIN_ALL, "worst", or an
 * identifier. Identifiers are a number in the order of ending, an address with or without port, and
 * a mail address. So are the ids of message, queue, session and community. Call before the sandbox
 * starts: asks the terminal, and sets the locale. Returns NULL if memory is exhausted. query_free
 * allows NULL.
 */
struct query *query_new(const struct options *o);
void query_free(struct query *q);

/*
 * Offers a session; call in the order in which sessions end. Of several that match, the worst is
 * stored, and among equals the first. Of all, the first LADDER_SCENES are stored. record, which is
 * not redacted, and r, its report, are copied.
 */
void query_offer(struct query *q, const struct record *record, const struct report *r);

/* Returns the stored sessions: one at most, or of all up to LADDER_SCENES. Their ladders are for
 * the caller to set. Borrowed from q. */
struct session_store *query_sessions(struct query *q);

/* Prints the result to standard output. Call after the ladders were filled. Returns false with a
 * sentence in why if no session matches, or if the output fails. */
bool query_print(struct query *q, struct error *why);

#endif
