/* frame_clock.c - which time stamps of frames are believed, by what the neighbours say. */
#include "core/packet/frame_clock.h"

#include <string.h>

static bool is_near(int64_t a, int64_t b)
{
	return a - b <= FRAME_CLOCK_NEAR && b - a <= FRAME_CLOCK_NEAR;
}

/* b comes behind a, and no later than a capture may pause. */
static bool is_pause(int64_t a, int64_t b)
{
	return b >= a && b - a <= FRAME_CLOCK_PAUSE;
}

static void span_set(struct frame_clock *c)
{
	c->span = c->begun && c->n == 0 ? 2 * FRAME_CLOCK_NEAR + 1 : 0;
}

static void believe(struct frame_clock *c, const struct frame *f, bool copied)
{
	c->last = f->ts;
	c->begun = true;
	c->take(c->arg, f, f->ts, copied);
}

static size_t waiting_size(const struct frame *f)
{
	return f->caplen > 0 ? f->caplen : 1;
}

static void waiting_free(struct frame_clock *c, const struct frame_clock_waiting *h)
{
	pool_put_large(c->pool, h->bytes, waiting_size(&h->frame));
}

/* The oldest of those that wait is handed on, with its own time or with this one. */
static void release(struct frame_clock *c, bool believed, int64_t otherwise)
{
	struct frame_clock_waiting h = c->waiting[0];
	c->waiting[0] = c->waiting[1];
	c->n--;
	if (believed) {
		believe(c, &h.frame, true);
	} else {
		c->disbelieved++;
		c->take(c->arg, &h.frame, otherwise, true);
	}
	waiting_free(c, &h);
}

/* Without memory for a copy its time is taken as it is. */
static void frame_wait(struct frame_clock *c, const struct frame *f)
{
	uint8_t *bytes = pool_get_large(c->pool, waiting_size(f));
	if (!bytes) {
		believe(c, f, false);
		return;
	}
	if (f->caplen > 0)
		memcpy(bytes, f->data, f->caplen);
	c->waiting[c->n] = (struct frame_clock_waiting){*f, bytes};
	c->waiting[c->n++].frame.data = bytes;
}

/* A frame waits behind what was believed, and the next one comes. */
static void decide(struct frame_clock *c, int64_t next)
{
	int64_t ts = c->waiting[0].frame.ts;
	bool back = ts < c->last;
	/* Behind a pause it goes on; behind a step back too, if it does not come back to where it
	 * was. */
	bool goes_on = next >= ts &&
		       (back ? next < c->last - FRAME_CLOCK_NEAR : is_pause(c->last, ts));
	release(c, is_near(ts, next) || goes_on, c->last);
}

/* Nothing was believed yet: of the first two that are far apart, the third tells which is right. */
static void decide_first(struct frame_clock *c, int64_t next)
{
	int64_t first = c->waiting[0].frame.ts;
	if (c->n == 1 && (is_near(first, next) || is_pause(first, next))) {
		release(c, true, 0);
	} else if (c->n == 2) {
		int64_t second = c->waiting[1].frame.ts;
		release(c, !is_near(second, next), second);
		if (c->begun)
			decide(c, next);
		else
			release(c, true, 0);
	}
}

void frame_clock_push(struct frame_clock *c, const struct frame *f)
{
	if (c->n > 0 && c->begun)
		decide(c, f->ts);
	else if (c->n > 0)
		decide_first(c, f->ts);
	if (c->begun && c->n == 0 && is_near(c->last, f->ts))
		believe(c, f, false);
	else
		frame_wait(c, f);
	span_set(c);
}

void frame_clock_flush(struct frame_clock *c)
{
	while (c->n > 0)
		release(c, !c->begun || is_pause(c->last, c->waiting[0].frame.ts), c->last);
	span_set(c);
}

void frame_clock_tick(struct frame_clock *c, int64_t now)
{
	frame_clock_flush(c);
	if (c->begun && now > c->last)
		c->last = now;
}

void frame_clock_break(struct frame_clock *c)
{
	frame_clock_flush(c);
	c->begun = false;
	span_set(c);
}

void frame_clock_free(struct frame_clock *c)
{
	for (unsigned i = 0; i < c->n; i++)
		waiting_free(c, &c->waiting[i]);
	c->n = 0;
}
