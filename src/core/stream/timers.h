/* timers.h - time goes on in the own engine: nearly always nothing is due. */
#ifndef SMTPWATCH_CORE_STREAM_TIMERS_H
#define SMTPWATCH_CORE_STREAM_TIMERS_H

#include "core/stream/native_state.h"

/* Time has come to `now`, with a frame or (0) between two: ages whatever is due. */
void own_age_now(struct stream *s, int64_t now, uint64_t frame);

/* A leap ahead counts as this much, more than any time that is waited for: hostile clocks must not
 * take the own one to its end. */
#define OWN_LEAP (40 * INT64_C(86400) * FRAME_SECOND)

/* Nearly always nothing is. */
static inline void own_age(struct stream *s, int64_t now, uint64_t frame)
{
	int64_t ahead = now - s->now;
	if (ahead < 0 || ahead > OWN_LEAP || s->clock + ahead >= s->due) {
		own_age_now(s, now, frame);
		return;
	}
	s->now = now;
	s->clock += ahead;
}

#endif
