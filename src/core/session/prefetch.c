/* prefetch.c - which memory of a session the next calls will read. */
#include "core/session/state.h"

/* Mostly what was written last is written again, or something behind it. */
POOL_AHEAD void strings_prefetch(const struct strings *n)
{
	if (n->block)
		pool_prefetch(n->block + n->recent, (size_t)n->used - n->recent);
}

/* What tells of the whole session, when it ends: the facts, and the first message. */
POOL_AHEAD void end_prefetch(const struct session *s, int step)
{
	if (step == 1)
		pool_prefetch(&s->info, sizeof *s - offsetof(struct session, info));
	if (step < 2)
		return;
	__builtin_prefetch(s->info.strings.block, 1);
	if (s->info.first)
		pool_prefetch(s->info.first, sizeof *s->info.first);
}

/* What bytes inside a message need is far less than what a command or a reply does, and nearly all
 * bytes are of that kind. */
POOL_AHEAD void bytes_prefetch(const struct session *s, int step)
{
	bool content = step > 0 &&
		       (s->dialogue.mode == MODE_CONTENT || s->dialogue.mode == MODE_CHUNK);
	if (step == 0) {
		__builtin_prefetch(s, 1);
		__builtin_prefetch(&s->sending, 1);
	} else if (step == 1) {
		__builtin_prefetch(s->dialogue.mode == MODE_TLS ? (const void *)&s->tls
								: (const void *)&s->dialogue.head,
				   1);
		if (!content)
			__builtin_prefetch(&s->info, 1);
		if (s->sending)
			pool_prefetch(s->sending, content ? offsetof(struct transaction, rcpt_count)
							  : sizeof *s->sending);
	} else if (!content) {
		__builtin_prefetch(s->dialogue.head, 1);
		strings_prefetch(&s->info.strings);
		if (s->sending)
			strings_prefetch(&s->sending->strings);
	}
}

/* All of a closed session is read at its release. */
static inline void one_prefetch(const struct session *s, enum coming coming, int step)
{
	if (coming == COMING_RELEASE && step == 0)
		pool_prefetch(s, offsetof(struct session, info));
	if (coming != COMING_RELEASE)
		bytes_prefetch(s, step);
	if (coming != COMING_BYTES)
		end_prefetch(s, step);
}

static inline void step_prefetch(const struct stream_expected *expected, size_t n, int step)
{
	for (const struct stream_expected *e = expected; e < expected + n; e++)
		if (e->conn->user)
			one_prefetch(e->conn->user, e->coming, step);
}

/* A loop for each step, so that none asks which one it is. */
void session_prefetch(const struct stream_expected *expected, size_t n, int step)
{
	if (step == 0)
		step_prefetch(expected, n, 0);
	else if (step == 1)
		step_prefetch(expected, n, 1);
	else
		step_prefetch(expected, n, 2);
}
