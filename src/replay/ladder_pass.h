/* ladder_pass.h - a second pass over captures, which draws the ladders of sessions that the first
 * pass has judged. */
#ifndef SMTPWATCH_REPLAY_LADDER_PASS_H
#define SMTPWATCH_REPLAY_LADDER_PASS_H

#include "policy/session_store.h"
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

/* Notes a session for the second pass. Call after the first pass. Sets s->ladder, which
 * ladders_free frees, or leaves it NULL if there is no room. Two calls for a session give the same
 * ladder. first: number of the session's first frame in the second pass. s is borrowed until
 * ladders_finish. Returns s->ladder. */
struct ladder *ladders_want(struct ladders *t, struct stored_session *s, uint64_t first);

/* Second pass: pass all frames once more, in the same order. input: number of the input; a new
 * number ends the old input. ladders_skip: n frames of the first pass cannot be read any more. Call
 * ladders_finish after the last frame: it judges the ladders (ladder_judge). */
void ladders_frames(struct ladders *t, uint32_t input, const struct frame *frames, size_t n);
void ladders_skip(struct ladders *t, uint64_t n);
void ladders_finish(struct ladders *t);

#endif
