/* ladder_pass.h - a second pass over captures that draws the ladders of some of the sessions that
 * the first one has judged. */
#ifndef SMTPWATCH_REPLAY_LADDER_PASS_H
#define SMTPWATCH_REPLAY_LADDER_PASS_H

#include "smtpwatch/monitor.h"
#include "trace/ladder.h"

struct ladders;

/* At most so many sessions. */
enum { LADDERS_MAX = 4096 };

/* config: of the first pass; it is copied, its callbacks do not matter. NULL where there is no
 * memory. */
struct ladders *ladders_new(const struct monitor_config *config);

/* With all ladders. */
void ladders_free(struct ladders *t);

/* Behind the first pass. The ladder of this session (of a record), which the second pass will fill
 * and ladders_free frees; who asks for it a second time gets the same; clean: see ladder_new. NULL:
 * no room. */
struct ladder *ladders_want(struct ladders *t, const struct conn *conn, ladder_cleaner *clean,
			    void *arg);

/* Second pass: all frames once more, in the same order. ladders_skip: so many of those that there
 * were cannot be read any more. ladders_finish: there are no more. */
void ladders_frames(struct ladders *t, uint32_t input, const struct frame *frames, size_t n);
void ladders_skip(struct ladders *t, uint64_t n);
void ladders_finish(struct ladders *t);

#endif
