/* worst.h - the worst alerted sessions of a run, kept whole and within bounds, for outputs that
 * show a session in detail. */
#ifndef SMTPWATCH_TRACE_WORST_H
#define SMTPWATCH_TRACE_WORST_H

#include "policy/redact.h"
#include "policy/session_report.h"

struct ladder;

/* So many are kept, of so many bytes together; the others are counted. */
enum { EXHIBITS_MOST = 200, EXHIBITS_BYTES = 16 << 20 };

/* One of them, redacted. Borrowed for the length of the call. */
struct exhibit {
	const struct report *report;
	uint64_t number;             /* in the order in which sessions ended; the first is 1 */
	const struct ladder *ladder; /* judged; NULL: there is none */
};

/* How many there are, and how many more were alerts. */
struct exhibits_count {
	size_t kept;
	uint64_t omitted;
};

struct exhibits;

/* NULL where there is no memory. */
struct exhibits *exhibits_new(void);
void exhibits_free(struct exhibits *e);

/* Each session, in order; r is made of record, which is not redacted, so that its ladder can be. */
void exhibits_offer(struct exhibits *e, const struct record *record, const struct report *r);

struct exhibits_count exhibits_count(const struct exhibits *e);

/* Makes the ladder of a connection, which the second pass will fill; clean: a ladder_cleaner
 * (ladder.h). NULL: there will be none. */
typedef struct bytes exhibit_cleaner(void *arg, struct bytes text);
typedef struct ladder *exhibit_drawer(void *arg, const struct conn *conn, exhibit_cleaner *clean,
				      void *clean_arg);

/* Asks for the ladder of each. They must live until the last exhibits_each, and no session may be
 * offered any more. */
void exhibits_draw(struct exhibits *e, struct redactor *redactor, exhibit_drawer *draw, void *arg);

/* Worst first, and among equals the first that ended. False, and no more calls, once `each` is
 * false. */
bool exhibits_each(struct exhibits *e, struct redactor *redactor, const struct alerting *alerting,
		   bool (*each)(void *arg, const struct exhibit *one), void *arg);

#endif
