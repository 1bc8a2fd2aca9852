/* ways.c - ways in which a capture misses what was on the wire, or has it otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/item.h"

#include <stdlib.h>

const char *const damage_names[DAMAGES] = {"one lost", "some lost", "a run lost", "one way", "begun late",
					   "snaplen",  "swapped",   "repeated",   "clock",   "pause"};

#define SWAP_MOST (50 * FRAME_MS)

void view_free(struct frames_view *v)
{
	free(v->frame);
	*v = (struct frames_view){0};
}

/* All frames that are not marked. */
static struct frames_view view_of(const struct item *item, const bool *lost)
{
	struct frames_view v = {calloc(item->n + 2, sizeof *v.frame), 0};
	assert_non_null(v.frame);
	for (size_t i = 0; i < item->n; i++)
		if (!lost[i])
			v.frame[v.n++] = item->frame[i];
	return v;
}

static size_t any(const struct item *item, struct dice *d)
{
	return dice_roll(d, (uint32_t)item->n);
}

static void lose_some(const struct item *item, struct dice *d, bool *lost, bool one_side)
{
	static const unsigned percent[] = {1, 5, 10, 20, 50, 90};
	unsigned p = percent[dice_roll(d, 6)], side = dice_roll(d, 2);
	for (size_t i = 0; i < item->n; i++)
		lost[i] = (!one_side || item->from[i] == side) && dice_roll(d, 100) < p;
}

static void lose_run(const struct item *item, struct dice *d, bool *lost)
{
	size_t from = any(item, d), n = 1 + dice_roll(d, 8);
	for (size_t i = from; i < item->n && i < from + n; i++)
		lost[i] = true;
}

static void lose_end(const struct item *item, struct dice *d, bool *lost)
{
	size_t at = any(item, d);
	bool late = dice_roll(d, 2);
	for (size_t i = 0; i < item->n; i++)
		lost[i] = late ? i < at : i > at;
}

static void cut(struct frames_view *v, struct dice *d)
{
	uint32_t snaplen = 54 + dice_roll(d, 200);
	for (size_t i = 0; i < v->n; i++)
		v->frame[i].caplen = v->frame[i].caplen < snaplen ? v->frame[i].caplen : snaplen;
}

/* Up to three pairs, of frames that came close to each other; the order of the times stays. */
static void swap(struct frames_view *v, struct dice *d)
{
	for (unsigned n = 1 + dice_roll(d, 3); n > 0 && v->n > 1; n--) {
		size_t i = dice_roll(d, (uint32_t)v->n - 1);
		struct frame one = v->frame[i], other = v->frame[i + 1];
		int64_t ts = one.ts;
		if (other.ts - ts > SWAP_MOST)
			continue;
		v->frame[i] = other;
		v->frame[i].ts = ts;
		v->frame[i + 1] = one;
		v->frame[i + 1].ts = other.ts;
	}
}

static void repeat(struct frames_view *v, struct dice *d)
{
	for (unsigned n = 1 + dice_roll(d, 2); n > 0 && v->n > 0; n--) {
		size_t i = dice_roll(d, (uint32_t)v->n);
		for (size_t k = v->n; k > i; k--)
			v->frame[k] = v->frame[k - 1];
		v->n++;
	}
}

static void shift(struct frames_view *v, struct dice *d, bool back)
{
	static const int64_t steps[] = {1, 30, 61, 90, 300, 3600};
	int64_t by = steps[dice_roll(d, 6)] * FRAME_SECOND;
	size_t at = v->n > 0 ? dice_roll(d, (uint32_t)v->n) : 0;
	for (size_t i = at; i < v->n; i++)
		v->frame[i].ts += back ? -by : by;
}

static void lose_one(struct frames_view *v, struct dice *d)
{
	if (v->n == 0)
		return;
	size_t at = dice_roll(d, (uint32_t)v->n);
	v->n--;
	for (size_t i = at; i < v->n; i++)
		v->frame[i] = v->frame[i + 1];
}

struct frames_view item_damage(const struct item *item, struct dice *d, unsigned ways, enum damage *how, struct frames_view *base)
{
	bool *lost = calloc(item->n, sizeof *lost);
	assert_non_null(lost);
	*how = (enum damage)dice_roll(d, ways);
	if (*how == DAMAGE_ONE)
		lost[any(item, d)] = true;
	else if (*how == DAMAGE_SOME || *how == DAMAGE_ONE_WAY)
		lose_some(item, d, lost, *how == DAMAGE_ONE_WAY);
	else if (*how == DAMAGE_RUN)
		lose_run(item, d, lost);
	else if (*how == DAMAGE_CUT)
		lose_end(item, d, lost);
	struct frames_view v = view_of(item, lost);
	free(lost);
	*base = (struct frames_view){0};
	if (*how == DAMAGE_SNAPLEN)
		cut(&v, d);
	else if (*how == DAMAGE_SWAP)
		swap(&v, d);
	else if (*how == DAMAGE_REPEAT)
		repeat(&v, d);
	if (*how == DAMAGE_CLOCK || *how == DAMAGE_PAUSE) {
		shift(&v, d, *how == DAMAGE_CLOCK && dice_roll(d, 2));
		*base = (struct frames_view){calloc(v.n + 1, sizeof *v.frame), v.n};
		assert_non_null(base->frame);
		memcpy(base->frame, v.frame, v.n * sizeof *v.frame);
	}
	if (*how >= DAMAGE_REPEAT)
		lose_one(&v, d);
	return v;
}
