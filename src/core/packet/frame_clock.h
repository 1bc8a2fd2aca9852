/* frame_clock.h - decides which time stamps of frames are believed: not one that is far from both
 * its neighbours. */
#ifndef SMTPWATCH_CORE_PACKET_FRAME_CLOCK_H
#define SMTPWATCH_CORE_PACKET_FRAME_CLOCK_H

#include "smtpwatch/frame.h"
#include "smtpwatch/pool.h"

#include <stdbool.h>

/* Largest difference from the frame before at which a time is accepted at once. Smaller than the
 * times after which connections are judged (an unanswered SYN, an idle session): one wrong frame
 * must not end other connections. Larger than the 37 s between TAI and UTC, by which the clocks of
 * two network cards may differ. */
#define FRAME_CLOCK_NEAR (60 * FRAME_SECOND)

/* Longest pause in a capture of several parts. If the last frame of a capture comes after a longer
 * pause, its time is not believed. */
#define FRAME_CLOCK_PAUSE (40 * INT64_C(86400) * FRAME_SECOND)

/* Receives each frame, in order of arrival. believed: the time of the frame, f->ts or that of a
 * neighbour. copied: f's bytes belong to the frame clock, and are valid until the call returns. */
typedef void frame_clock_take(void *arg, const struct frame *f, int64_t believed, bool copied);

struct frame_clock_waiting {
	struct frame frame;
	uint8_t *bytes; /* what frame.data points to */
};

/*
 * A frame is copied and waits for the next one if its time is far from the time of the frame
 * before. The first frame waits too.
 *
 * If the next frame agrees with the time or continues behind it, the time is believed: a pause, or
 * a stepped clock. If the next frame continues where the frame before was, the time is not
 * believed.
 */
struct frame_clock {
	struct pool *pool; /* for the copies; borrowed */
	frame_clock_take *take;
	void *arg;
	int64_t last; /* the latest time that was believed; with `begun` */
	/* Width of the range of times around `last` that agree; 0 until begun, and while a frame
	 * waits. */
	uint64_t span;
	bool begun;
	unsigned n;                            /* frames that wait: one, or at the beginning two */
	struct frame_clock_waiting waiting[2]; /* oldest first */
	uint64_t disbelieved;                  /* frames whose own time was not taken */
};

/* Returns true if ts is near the time before and no frame waits. Then the caller takes the frame,
 * and sets `last`. */
static inline bool frame_clock_agrees(const struct frame_clock *c, int64_t ts)
{
	return (uint64_t)ts - (uint64_t)c->last + FRAME_CLOCK_NEAR < c->span;
}

/* Takes a frame for which frame_clock_agrees returned false. f is borrowed for the call. */
void frame_clock_push(struct frame_clock *c, const struct frame *f);

/* frame_clock_tick: the time has advanced to now without a frame; hands on the frames that wait.
 * frame_clock_flush: the same if no more frames come. The time of a single waiting frame is
 * believed if it may lie behind a pause. */
void frame_clock_tick(struct frame_clock *c, int64_t now);
void frame_clock_flush(struct frame_clock *c);

/* As frame_clock_flush; the next frame is of another capture, whose times may be unrelated. */
void frame_clock_break(struct frame_clock *c);

/* Frees the frames that wait, without handing them on. */
void frame_clock_free(struct frame_clock *c);

#endif
