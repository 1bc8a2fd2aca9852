/* worst.h - the worst sessions with alerts of a run, stored within bounds, for outputs that show
 * sessions in detail. */
#ifndef SMTPWATCH_TRACE_WORST_H
#define SMTPWATCH_TRACE_WORST_H

#include "policy/redact.h"
#include "policy/session_report.h"

struct ladder;

/* The most sessions, and the most bytes of their records. Further sessions are counted. */
enum { WORST_MAX = 200, WORST_BYTES = 16 << 20 };

/* One session, redacted. Borrowed for the call. */
struct worst_session {
	const struct report *report;
	uint64_t number;             /* in the order in which sessions ended, from 1 */
	const struct ladder *ladder; /* judged; NULL: none */
};

/* kept: sessions stored; omitted: further sessions with alerts */
struct worst_count {
	size_t kept;
	uint64_t omitted;
};

struct worst;

/* Returns NULL if memory is exhausted. worst_free allows NULL, and does not free the ladders. */
struct worst *worst_new(void);
void worst_free(struct worst *w);

/* Offers a session; call in the order in which sessions end. Copies the session if it has an alert
 * or stands out, and is bad enough. record: not redacted; r: made from it. The input's name is
 * borrowed for the life of w. */
void worst_offer(struct worst *w, const struct record *record, const struct report *r);

/* Returns how many sessions are stored and omitted. */
struct worst_count worst_count(const struct worst *w);

/* Makes the ladder of a connection, which the second pass fills. clean: a ladder_cleaner
 * (ladder.h), which gets clean_arg. Returns NULL if there is none. The ladder remains the drawer's.
 */
typedef struct bytes session_cleaner(void *arg, struct bytes text);
typedef struct ladder *session_drawer(void *arg, const struct conn *conn, session_cleaner *clean,
				      void *clean_arg);

/* Calls draw for each stored session. redactor is borrowed as long as the ladders are filled. The
 * ladders must live until the last worst_each. Do not call worst_offer afterwards. */
void worst_draw(struct worst *w, struct redactor *redactor, session_drawer *draw, void *arg);

/* Calls `each` for the stored sessions, by falling severity; among equals, the first that ended
 * comes first. Judges each ladder before. If `each` returns false, stops and returns false. */
bool worst_each(struct worst *w, struct redactor *redactor,
		bool (*each)(void *arg, const struct worst_session *one), void *arg);

#endif
