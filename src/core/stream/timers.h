/* timers.h - advances the time of the native engine, and runs the timers that have expired. */
#ifndef SMTPWATCH_CORE_STREAM_TIMERS_H
#define SMTPWATCH_CORE_STREAM_TIMERS_H

#include "core/stream/native_state.h"

/* Advances the time to now (nanoseconds), and ages every connection whose time is over. frame: the
 * number of the frame that brought the time; 0: no frame. */
void native_age_now(struct stream *s, int64_t now, uint64_t frame);

/* Longest leap of the clock, more than any timer waits for: a larger leap ahead counts as this
 * much. So hostile time stamps cannot make the clock overflow. */
#define NATIVE_LEAP_MAX (40 * INT64_C(86400) * FRAME_SECOND)

/* As native_age_now. Only advances the time if no timer has expired and the clock neither leaps nor
 * falls back. */
static inline void native_age(struct stream *s, int64_t now, uint64_t frame)
{
	int64_t ahead = now - s->now;
	if (ahead < 0 || ahead > NATIVE_LEAP_MAX || s->clock + ahead >= s->due) {
		native_age_now(s, now, frame);
		return;
	}
	s->now = now;
	s->clock += ahead;
}

#endif
