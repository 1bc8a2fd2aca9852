/* ladder_pass.h - a second pass over captures, which draws the ladders of sessions that the first
 * pass has judged. */
#ifndef SMTPWATCH_REPLAY_LADDER_PASS_H
#define SMTPWATCH_REPLAY_LADDER_PASS_H

#include "smtpwatch/monitor.h"
#include "trace/ladder.h"

struct ladders;

/* The most sessions of one pass. */
enum { LADDERS_MAX = 4096 };

/* config: of the first pass; copied, its callbacks are not used. Returns NULL if memory is
 * exhausted. */
struct ladders *ladders_new(const struct monitor_config *config);

/* Frees all, the ladders included. NULL is allowed. */
void ladders_free(struct ladders *t);

/* Returns the ladder of a session, empty until the second pass fills it. Call after the first pass.
 * conn: of the session's record. A second call for the session returns the same ladder. clean, arg:
 * as for ladder_new. Borrowed until ladders_free. Returns NULL if there is no room. */
struct ladder *ladders_want(struct ladders *t, const struct conn *conn, ladder_cleaner *clean,
			    void *arg);

/* Second pass: pass all frames once more, in the same order. input: number of the input; a new
 * number ends the old input. ladders_skip: n frames of the first pass cannot be read any more. Call
 * ladders_finish after the last frame. */
void ladders_frames(struct ladders *t, uint32_t input, const struct frame *frames, size_t n);
void ladders_skip(struct ladders *t, uint64_t n);
void ladders_finish(struct ladders *t);

#endif
