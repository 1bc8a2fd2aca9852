/* frame_clock.h - which time stamps of frames are believed: one that is far from its neighbours on
 * both sides is not. */
#ifndef SMTPWATCH_CORE_PACKET_FRAME_CLOCK_H
#define SMTPWATCH_CORE_PACKET_FRAME_CLOCK_H

#include "smtpwatch/frame.h"
#include "smtpwatch/pool.h"

#include <stdbool.h>

/*
 * A time that is no farther from that of the frame before is taken as it is. Below the times after
 * which the other connections are judged (an unanswered SYN, an idle session): one frame from later
 * would end them. Above the 37 s between TAI and UTC, by which the clocks of two network cards may
 * differ.
 */
#define FRAME_CLOCK_NEAR (60 * FRAME_SECOND)

/* A capture of several parts may pause for so long. A single frame at the end of a capture that
 * comes still later is not believed. */
#define FRAME_CLOCK_PAUSE (40 * INT64_C(86400) * FRAME_SECOND)

/*
 * Takes a frame, in the order in which they came, with the time that is believed: f->ts, or that of
 * its neighbour. copied: f's bytes are the clock's own, and are gone when the call returns.
 */
typedef void frame_clock_take(void *arg, const struct frame *f, int64_t believed, bool copied);

struct frame_clock_held {
	struct frame frame;
	uint8_t *bytes; /* what frame.data points to */
};

/*
 * A frame whose time is far from the one before waits, copied, for the next frame: the first frame
 * of all too, as nothing stands before it. The next one agrees with it, or goes on behind it: a
 * pause, or a clock that was stepped, and it is believed. The next one goes on where the one before
 * stood: it is not.
 */
struct frame_clock {
	struct pool *pool; /* for the copies; borrowed */
	frame_clock_take *take;
	void *arg;
	int64_t last;  /* the latest time that was believed; with `begun` */
	uint64_t span; /* how many times around `last` agree: 0 until begun, and while a frame waits
			*/
	bool begun;
	unsigned n;                      /* frames that wait: one, or at the beginning two */
	struct frame_clock_held held[2]; /* oldest first */
	uint64_t disbelieved;            /* frames whose own time was not taken */
};

/* True: the time is near the one before, and nothing waits. The caller takes the frame itself, and
 * sets `last`. */
static inline bool frame_clock_agrees(const struct frame_clock *c, int64_t ts)
{
	return (uint64_t)ts - (uint64_t)c->last + FRAME_CLOCK_NEAR < c->span;
}

/* A frame comes with which frame_clock_agrees does not. */
void frame_clock_push(struct frame_clock *c, const struct frame *f);

/* Time has come to `now` without a frame, or nothing more comes: what waits is handed on. A lone
 * frame is believed if its time may lie behind a pause. */
void frame_clock_tick(struct frame_clock *c, int64_t now);
void frame_clock_flush(struct frame_clock *c);

/* The same, and what comes next is of another capture: its time need have nothing to do with what
 * was. */
void frame_clock_break(struct frame_clock *c);

/* Drops what waits. */
void frame_clock_free(struct frame_clock *c);

#endif
