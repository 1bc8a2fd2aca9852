/* worst.h - the worst alerted sessions of a run, kept whole and within bounds, for outputs that
 * show a session in detail. */
#ifndef SMTPWATCH_TRACE_WORST_H
#define SMTPWATCH_TRACE_WORST_H

#include "policy/redact.h"
#include "policy/session_report.h"

struct ladder;

/* So many are kept, of so many bytes together; the others are counted. */
enum { WORST_MAX = 200, WORST_BYTES = 16 << 20 };

/* One of them, redacted. Borrowed for the length of the call. */
struct worst_session {
	const struct report *report;
	uint64_t number;             /* in the order in which sessions ended; the first is 1 */
	const struct ladder *ladder; /* judged; NULL: there is none */
};

/* How many there are, and how many more were alerts. */
struct worst_count {
	size_t kept;
	uint64_t omitted;
};

struct worst;

/* NULL where there is no memory. */
struct worst *worst_new(void);
void worst_free(struct worst *e);

/* Each session, in order; r is made of record, which is not redacted, so that its ladder can be. */
void worst_offer(struct worst *e, const struct record *record, const struct report *r);

struct worst_count worst_count(const struct worst *e);

/* Makes the ladder of a connection, which the second pass will fill; clean: a ladder_cleaner
 * (ladder.h). NULL: there will be none. */
typedef struct bytes session_cleaner(void *arg, struct bytes text);
typedef struct ladder *session_drawer(void *arg, const struct conn *conn, session_cleaner *clean,
				      void *clean_arg);

/* Asks for the ladder of each. They must live until the last worst_each, and no session may be
 * offered any more. */
void worst_draw(struct worst *e, struct redactor *redactor, session_drawer *draw, void *arg);

/* Worst first, and among equals the first that ended. False, and no more calls, once `each` is
 * false. */
bool worst_each(struct worst *e, struct redactor *redactor, const struct alerting *alerting,
		bool (*each)(void *arg, const struct worst_session *one), void *arg);

#endif
