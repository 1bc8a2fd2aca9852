/* open_merge.h - the open sessions of the terminal view: lists of several workers as one. */
#ifndef SMTPWATCH_TRACE_OPEN_MERGE_H
#define SMTPWATCH_TRACE_OPEN_MERGE_H

#include "smtpwatch/open_session.h"

/* The most parts, as many as there may be workers offline; those of a larger number are left out.
 */
enum { OPEN_PARTS = 256 };

struct open_merge;

/* Returns NULL if memory is exhausted. open_merge_free frees the result; NULL is allowed. */
struct open_merge *open_merge_new(void);
void open_merge_free(struct open_merge *m);

/* Replaces the list of a part by a copy of o. If memory is exhausted, the part keeps its list. */
void open_merge_take(struct open_merge *m, unsigned part, const struct open_sessions *o);

/* An open session, and in nanoseconds how long it is open and how long it waits. */
struct open_line {
	const struct open_session *session;
	int64_t age, waits;
};

/* Returns the sessions of all parts that wait longest, the longest first, and sets *n to their
 * number, OPEN_SESSIONS at most. Borrowed until the next call of open_merge_take. */
const struct open_line *open_merge_lines(struct open_merge *m, size_t *n);

/* Returns the number of open connections, listed or not; sets *told to false if an engine does not
 * tell which. */
uint64_t open_merge_open(const struct open_merge *m, bool *told);

#endif
