/* ways.c - a table of ways; each takes an item's frames and leaves those that the capture has, as
 * it has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/ways.h"
#include "smtpwatch/verdict.h"

#include <stdlib.h>

#define SWAP_MAX (50 * FRAME_MS)

static size_t any(size_t n, struct dice *d)
{
	return n > 0 ? dice_roll(d, (uint32_t)n) : 0;
}

static struct frames_view view_copy(const struct frames_view *of)
{
	struct frames_view v = {0};
	for (size_t i = 0; i < of->n; i++)
		view_add(&v, &of->frame[i]);
	return v;
}

static struct frames_view view_of(const struct item *item)
{
	return view_copy(&(struct frames_view){.frame = item->frame, .n = item->n});
}

static void take_out(struct frames_view *v, size_t from, size_t n)
{
	if (from >= v->n)
		return;
	n = n < v->n - from ? n : v->n - from;
	memmove(v->frame + from, v->frame + from + n, (v->n - from - n) * sizeof *v->frame);
	v->n -= n;
	if (v->second > from)
		v->second = v->second - from > n ? v->second - n : from;
}

static void put_in(struct frames_view *v, size_t at, const struct frame *f)
{
	struct frame copy = *f;
	view_add(v, &copy);
	memmove(v->frame + at + 1, v->frame + at, (v->n - 1 - at) * sizeof *v->frame);
	v->frame[at] = copy;
}

static void lose_one(struct frames_view *v, struct dice *d)
{
	take_out(v, any(v->n, d), 1);
}

static void lose_run(struct frames_view *v, struct dice *d)
{
	size_t at = any(v->n, d), n = 1 + dice_roll(d, 8);
	take_out(v, at, n);
}

static void lose_some(struct frames_view *v, struct dice *d)
{
	static const unsigned percent[] = {1, 5, 10, 20, 50, 90};
	unsigned p = percent[dice_roll(d, 6)];
	for (size_t i = v->n; i-- > 0;)
		if (dice_roll(d, 100) < p)
			take_out(v, i, 1);
}

/* In one of these ways. */
static void lose(struct frames_view *v, struct dice *d)
{
	switch (dice_roll(d, 4)) {
	case 0:
		lose_some(v, d);
		break;
	case 1:
		lose_run(v, d);
		break;
	default:
		lose_one(v, d);
	}
}

static void way_one(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	lose_one(&x->view, d);
}

static void way_some(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	lose_some(&x->view, d);
}

static void way_run(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	lose_run(&x->view, d);
}

/* Some of one side. */
static void way_one_way(struct damaged *x, const struct items *all, struct dice *d)
{
	static const unsigned percent[] = {1, 5, 10, 20, 50, 90, 100};
	unsigned p = percent[dice_roll(d, 7)], side = dice_roll(d, 2);
	(void)all;
	for (size_t i = x->item->n; i-- > 0;)
		if (x->item->from[i] == side && dice_roll(d, 100) < p)
			take_out(&x->view, i, 1);
}

static void way_begun_late(struct damaged *x, const struct items *all, struct dice *d)
{
	size_t at = any(x->view.n, d);
	(void)all;
	if (dice_roll(d, 2))
		take_out(&x->view, 0, at);
	else
		take_out(&x->view, at + 1, x->view.n);
}

/* No frame is longer than so many bytes. */
static void way_snaplen(struct damaged *x, const struct items *all, struct dice *d)
{
	uint32_t snaplen = 54 + dice_roll(d, 200);
	(void)all;
	for (size_t i = 0; i < x->view.n; i++)
		if (x->view.frame[i].caplen > snaplen)
			x->view.frame[i].caplen = snaplen;
}

/* Up to three pairs change places, of frames that came close to each other; the order of the times
 * stays. */
static void swap(struct frames_view *v, struct dice *d)
{
	for (unsigned n = 1 + dice_roll(d, 3); n > 0 && v->n > 1; n--) {
		size_t i = any(v->n - 1, d);
		struct frame one = v->frame[i], other = v->frame[i + 1];
		int64_t ts = one.ts;
		if (other.ts - ts > SWAP_MAX)
			continue;
		v->frame[i] = other;
		v->frame[i].ts = ts;
		v->frame[i + 1] = one;
		v->frame[i + 1].ts = other.ts;
	}
}

static void way_swapped(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	swap(&x->view, d);
}

static void way_swapped_lost(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	swap(&x->view, d);
	lose(&x->view, d);
}

/* Some are captured twice, and one is lost. */
static void way_repeated(struct damaged *x, const struct items *all, struct dice *d)
{
	struct frames_view *v = &x->view;
	(void)all;
	for (unsigned n = 1 + dice_roll(d, 2); n > 0 && v->n > 0; n--) {
		size_t i = any(v->n, d);
		put_in(v, i, &v->frame[i]);
	}
	lose_one(v, d);
}

static int64_t pause_of(struct dice *d)
{
	static const int64_t seconds[] = {1, 30, 61, 90, 300, 900, 3600};
	return seconds[dice_roll(d, 7)] * FRAME_SECOND;
}

static bool is_pause(const struct item *item, size_t at)
{
	return at > 0 && at < item->n && item->frame[at].ts - item->frame[at - 1].ts > FRAME_SECOND;
}

/*
 * Where time may do something: not before a frame that repeats what was sent. Nobody waits for
 * minutes before the next try, and no frame is captured a second time later. Nor beside a pause
 * that is there already: a step back would make that a shorter one.
 */
static size_t any_moment(const struct damaged *x, struct dice *d)
{
	const struct item *item = x->item;
	size_t at = any(item->n, d);
	while (at > 0 && at < item->n &&
	       (item->again[at] || is_pause(item, at - 1) || is_pause(item, at) ||
		is_pause(item, at + 1)))
		at++;
	return at;
}

static void shift(struct frames_view *v, size_t at, int64_t by)
{
	for (size_t i = at; i < v->n; i++)
		v->frame[i].ts += by;
}

/* The clock goes forth or back, once or twice. One that goes forth is no other than a pause; that
 * it goes back makes nobody wait. */
static void way_clock(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	for (unsigned n = 1 + dice_roll(d, 2); n > 0; n--) {
		bool back = dice_roll(d, 2);
		size_t at = any_moment(x, d);
		int64_t by = pause_of(d);
		shift(&x->view, at, back ? -by : by);
		if (!back && !x->base.frame)
			x->base = view_of(x->item);
		if (!back)
			shift(&x->base, at, by);
	}
	lose(&x->view, d);
}

/* Somewhere nothing happens for a while. */
static void way_pause(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	size_t at = any_moment(x, d);
	shift(&x->view, at, pause_of(d));
	x->base = x->view;
	x->view = view_copy(&x->base);
	lose(&x->view, d);
}

/* The client thinks, a minute and more, before up to three commands: no server is at fault by that.
 */
static void way_idle(struct damaged *x, const struct items *all, struct dice *d)
{
	(void)all;
	for (unsigned n = 1 + dice_roll(d, 3), i = 0; n > 0; n--) {
		size_t at = any(x->item->n, d);
		for (i = 0; i < x->item->n && (!x->item->asks[at] || x->item->again[at]); i++)
			at = (at + 1) % x->item->n;
		if (x->item->asks[at])
			shift(&x->view, at, 60 * FRAME_SECOND + pause_of(d));
	}
	lose(&x->view, d);
}

/* No session of both has the same ends. */
static bool ends_differ(const struct item *a, const struct item *b)
{
	for (size_t i = 0; i < b->whole.n; i++)
		if (tally_find(&a->whole, &b->whole.all[i]))
			return false;
	return true;
}

/* What is concluded of a session in TLS depends on how others of its server end: scenarios of
 * different makes are not of one server. */
static bool servers_differ(const struct item *a, const struct item *b)
{
	for (size_t i = 0; i < a->whole.n; i++)
		for (size_t k = 0; k < b->whole.n; k++)
			if (memcmp(&a->whole.all[i].addr[SERVER], &b->whole.all[k].addr[SERVER],
				   sizeof(struct ip_addr)) == 0)
				return false;
	return true;
}

static bool ports_agree(const struct item *a, const struct item *b)
{
	for (unsigned i = 0; i < a->ports; i++)
		for (unsigned k = 0; k < b->ports; k++)
			if (a->port[i].port == b->port[k].port &&
			    a->port[i].kind != b->port[k].kind)
				return false;
	return true;
}

/* A session that was still open at the end of the capture may be over when another one goes on, and
 * its last frames are lost. */
static bool ends_known(const struct item *item)
{
	for (size_t i = 0; i < item->whole.n; i++)
		if (item->whole.all[i].verdict == VERDICT_UNKNOWN)
			return false;
	return true;
}

/* Frames among those of the view, by time. */
static void merge(struct frames_view *v, const struct frames_view *more)
{
	struct frames_view out = {0};
	size_t i = 0;
	for (size_t k = 0; k < more->n; k++) {
		while (i < v->n && v->frame[i].ts <= more->frame[k].ts)
			view_add(&out, &v->frame[i++]);
		view_add(&out, &more->frame[k]);
	}
	while (i < v->n)
		view_add(&out, &v->frame[i++]);
	view_free(v);
	*v = out;
}

/* Another capture's sessions put between by time, as mergecap does. Both end at once: whose capture
 * goes on without it seems to be silent. */
static void way_merged(struct damaged *x, const struct items *all, struct dice *d)
{
	enum { TRIES = 32 };
	for (unsigned i = 0; i < TRIES && !x->other && ends_known(x->item); i++) {
		const struct item *item = &all->all[any(all->n, d)];
		if (!item->decryptor == !x->item->decryptor && item->n + x->item->n < 2000 &&
		    ends_known(item) && ends_differ(x->item, item) &&
		    (x->item->form != FORM_SEALED || servers_differ(x->item, item)) &&
		    ports_agree(x->item, item))
			x->other = item;
	}
	if (x->other) {
		struct frames_view more = view_of(x->other);
		shift(&more, 0, x->view.frame[x->view.n - 1].ts - more.frame[more.n - 1].ts);
		merge(&x->view, &more);
		view_free(&more);
	}
	lose(&x->view, d);
}

/* The same captured at two places, each of which misses some, merged by time. A copy comes up to so
 * much later, and within the capture. */
static void way_two_places(struct damaged *x, const struct items *all, struct dice *d)
{
	static const int64_t later[] = {0, 1, 100 * 1000, FRAME_MS, 5 * FRAME_MS};
	struct frames_view more = view_of(x->item);
	int64_t by = later[dice_roll(d, 5)],
		within = (more.frame[more.n - 1].ts - more.frame[0].ts) / 4;
	(void)all;
	if (within <= 0)
		return;
	shift(&more, 0, by < within ? by : within);
	lose(&more, d);
	lose(&x->view, d);
	merge(&x->view, &more);
	view_free(&more);
}

/* A capture in two files, of which the second is read first. */
static void way_file_order(struct damaged *x, const struct items *all, struct dice *d)
{
	struct frames_view out = {0};
	size_t at = any(x->view.n, d);
	(void)all;
	if (dice_roll(d, 2))
		lose_one(&x->view, d);
	for (size_t i = at; i < x->view.n; i++)
		view_add(&out, &x->view.frame[i]);
	out.second = out.n;
	for (size_t i = 0; i < at && i < x->view.n; i++)
		view_add(&out, &x->view.frame[i]);
	view_free(&x->view);
	x->view = out;
}

const struct way ways[WAYS] = {
	{"one lost", way_one},          {"some lost", way_some},
	{"a run lost", way_run},        {"one way", way_one_way},
	{"begun late", way_begun_late}, {"snaplen", way_snaplen},
	{"swapped", way_swapped},       {"swapped, lost", way_swapped_lost},
	{"repeated", way_repeated},     {"clock", way_clock},
	{"pause", way_pause},           {"idle client", way_idle},
	{"merged", way_merged},         {"two places", way_two_places},
	{"file order", way_file_order},
};

bool damaged_differs(const struct damaged *x)
{
	const struct frames_view *v = &x->view;
	const struct frame *base = x->base.frame ? x->base.frame : x->item->frame;
	if (x->other || v->second || v->n != (x->base.frame ? x->base.n : x->item->n))
		return true;
	for (size_t i = 0; i < v->n; i++)
		if (v->frame[i].data != base[i].data || v->frame[i].ts != base[i].ts ||
		    v->frame[i].caplen != base[i].caplen)
			return true;
	return false;
}

void damaged_free(struct damaged *x)
{
	view_free(&x->view);
	view_free(&x->base);
}
