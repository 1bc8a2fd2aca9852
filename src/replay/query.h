/* query.h - the session that --explain asks for, or all of them, found while all are judged. */
#ifndef SMTPWATCH_REPLAY_QUERY_H
#define SMTPWATCH_REPLAY_QUERY_H

#include "options/options.h"
#include "trace/ladder.h"

struct query;

/*
 * o is borrowed; its explain says which: "worst", a number in the order of ending, an address (with
 * or without its port), a Message-ID or mail address, a queue id, a session id; EXPLAIN_ALL. NULL
 * where there is no memory.
 */
struct query *query_new(const struct options *o);
void query_free(struct query *c);

/*
 * Each session in order; of several that fit the worst is kept, and among equals the first; of all,
 * the first LADDER_SCENES. input is borrowed for the life of c.
 */
void query_offer(struct query *c, const struct record *record, const char *input);

/* How many are kept: 0 or 1, or, of all, several. */
size_t query_count(const struct query *c);

/* The connection that the ladder is wanted of. */
const struct conn *query_conn(const struct query *c, size_t i);

/* A ladder_cleaner, and its argument: texts of this session, redacted as the operator wants. */
struct bytes query_clean(void *kept, struct bytes text);
void *query_kept(struct query *c, size_t i);

/*
 * The i-th ladder, which is borrowed and not filled yet; NULL: there is none. False: no memory for
 * what is kept of its segments.
 */
bool query_draw(struct query *c, size_t i, struct ladder *ladder);

/* Tells all on standard output. False, with a sentence in why, where it cannot be told. */
enum { QUERY_WHY = 256 };
bool query_print(struct query *c, char why[QUERY_WHY]);

#endif
