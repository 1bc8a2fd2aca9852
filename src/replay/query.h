/* query.h - the session that --explain selects, or all sessions. */
#ifndef SMTPWATCH_REPLAY_QUERY_H
#define SMTPWATCH_REPLAY_QUERY_H

#include "base/error.h"
#include "options/options.h"
#include "trace/ladder.h"

struct query;
struct report;

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
 * not redacted, is copied; r is its report, whose input is borrowed for the life of q.
 */
void query_offer(struct query *q, const struct record *record, const struct report *r);

/* Returns the number of stored sessions: 0 or 1, or of all up to LADDER_SCENES. */
size_t query_count(const struct query *q);

/* Returns the connection of stored session i, for its ladder. Borrowed from q until the next
 * query_offer. */
const struct conn *query_conn(const struct query *q, size_t i);

/* query_clean is a ladder_cleaner: it redacts a text of one session. query_kept returns its
 * argument for session i, borrowed from q. */
struct bytes query_clean(void *kept, struct bytes text);
void *query_kept(struct query *q, size_t i);

/*
 * Sets the ladder of session i, before it is filled. ladder is borrowed until query_free; NULL:
 * there is none. Returns false if memory for its recording is exhausted.
 */
bool query_draw(struct query *q, size_t i, struct ladder *ladder);

/* Prints the result to standard output. Call after the ladders were filled. Returns false with a
 * sentence in why if no session matches, or if the output fails. */
bool query_print(struct query *q, struct error *why);

#endif
