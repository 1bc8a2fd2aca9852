/* timers.c - how long a connection of the native engine lives: ageing by capture time, eviction
 * where there is no room. */
#include "core/stream/timers.h"

#include <stdlib.h>

/* How many of the oldest are looked at to find the longest idle: lists are not reordered at each
 * packet, which would cost two cache misses. */
enum { EVICT_LOOK = 64 };

/*
 * A clock that falls back further than this was stepped: the new time is taken. So often, that is,
 * and with so many looks in all: one that goes to and fro makes each connection be looked at again
 * and again. There are no more of them than frames; how many there are is no measure, because every
 * shard must come to the same time.
 */
#define STEP_BACK (60 * FRAME_SECOND)
enum { STEPS_MAX = 1000, STEP_LOOKS = 1000000, LOOKS_FREE = 8000000, LOOKS_PER_FRAME = 16 };

/* After thousands of leaps nothing ages any more: no capture but a forged one has so many. */
#define CLOCK_MAX (INT64_MAX / 2)

/* The longest idle of the oldest in a list; the busy ones among them go to the end, so that the
 * next look finds others. */
static struct native_conn *longest_idle(struct stream *s, enum native_list list)
{
	struct native_conn *idle = NULL;
	uint32_t index = s->lists[list].head;
	for (int i = 0; i < EVICT_LOOK && index != FLOW_NONE; i++) {
		struct native_conn *c = native_at(s, index);
		index = c->in_list.next;
		if (!idle || c->pub.last < idle->pub.last)
			idle = c;
		if (native_clock_at(s, c->pub.last) > c->since)
			native_move(s, c, list);
	}
	return idle;
}

static void evict(struct stream *s)
{
	static const enum native_list order[] = {LIST_CLOSED, LIST_HALF_OPEN, LIST_FIN_WAIT,
						 LIST_OPEN};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		struct native_conn *c = longest_idle(s, order[i]);
		if (!c)
			continue;
		if (order[i] == LIST_HALF_OPEN)
			s->stats.evicted_half_open++;
		else if (!native_is_closed(c))
			s->stats.evicted_idle++;
		if (!native_is_closed(c))
			native_close(s, c, HOW_EVICTED, native_close_time(s, c));
		native_release(s, c);
		return;
	}
}

struct native_conn *native_add(struct stream *s, uint32_t hash, const struct packet *p,
			       bool from_client)
{
	uint32_t index = native_number_take(s);
	if (index == FLOW_NONE) {
		evict(s);
		index = native_number_take(s);
	}
	struct native_conn *c = index == FLOW_NONE ? NULL
						   : native_insert(s, index, hash, p, from_client);
	if (!c) {
		s->stats.no_memory++;
		return NULL;
	}
	s->stats.conns++;
	if (++s->stats.conns_open > s->stats.conns_peak)
		s->stats.conns_peak = s->stats.conns_open;
	return c;
}

/* The end is dated when it was due, not when it was noticed: no other traffic may change a record.
 */
void native_expire(struct stream *s, struct native_conn *c)
{
	int64_t ts = s->now - (s->clock - native_deadline(s, c));
	if (c->state.list == LIST_HALF_OPEN)
		s->stats.aged_half_open++;
	else if (c->state.list == LIST_OPEN)
		s->stats.aged_idle++;
	if (c->state.list == LIST_CLOSED)
		native_release(s, c);
	else
		native_close(s, c, HOW_IDLE, ts);
}

static int64_t since_of(const struct native_conn *c, enum native_list list)
{
	return list == LIST_WAIT ? c->wait_since : c->since;
}

/* The time of a connection in a list is over, or it is only to be looked at. One whose last segment
 * is still to come, since the clock was stepped, begins to be idle now. */
static void look(struct stream *s, struct native_conn *c, enum native_list list)
{
	if (c->pub.last > s->now)
		c->pub.last = s->now;
	native_step(s, s->order.step >> STREAM_STEP_BITS, list, since_of(c, list), c->pub.first);
	if (list == LIST_WAIT)
		reorder_expire(s, c, s->now);
	else if (native_deadline(s, c) > s->clock)
		native_move(s, c, list);
	else
		native_expire(s, c);
}

static int by_number(const void *a, const void *b)
{
	const struct native_conn *x = *(struct native_conn *const *)a,
				 *y = *(struct native_conn *const *)b;
	return x->pub.first < y->pub.first ? -1 : x->pub.first > y->pub.first;
}

/* In a list they stand by their time; those of the same time are put in the order of their first
 * frames, so that it does not matter who else is in the list. */
static int by_wait(const void *a, const void *b)
{
	const struct native_conn *x = *(struct native_conn *const *)a,
				 *y = *(struct native_conn *const *)b;
	return x->wait_since != y->wait_since ? (x->wait_since < y->wait_since ? -1 : 1)
					      : by_number(a, b);
}

static int by_since(const void *a, const void *b)
{
	const struct native_conn *x = *(struct native_conn *const *)a,
				 *y = *(struct native_conn *const *)b;
	return x->since != y->since ? (x->since < y->since ? -1 : 1) : by_number(a, b);
}

/* How many at the front of a list are due; says when the next one is. */
static uint32_t due_count(struct stream *s, enum native_list list)
{
	uint32_t n = 0, index = s->lists[list].head;
	int64_t limit = s->limits[list];
	for (; index != FLOW_NONE; n++) {
		struct native_conn *c = native_at(s, index);
		int64_t since = since_of(c, list);
		if (since + limit > s->clock) {
			native_due_by(s, list, since);
			break;
		}
		index = list == LIST_WAIT ? c->in_wait.next : c->in_list.next;
	}
	return n;
}

/* Nearly always there is one, and many mostly are in order. Where no memory is to put them in
 * order, they keep that of the list. */
static void list_age(struct stream *s, enum native_list list)
{
	int (*order)(const void *, const void *) = list == LIST_WAIT ? by_wait : by_since;
	bool sorted = true;
	uint32_t n = due_count(s, list), i = 0, index = s->lists[list].head;
	struct native_conn **due = n > 1 ? pool_get_large(s->pool, n * sizeof(struct native_conn *))
					 : NULL;
	if (!due) {
		for (; i < n; i++)
			look(s, native_at(s, s->lists[list].head), list);
		return;
	}
	for (; i < n; i++) {
		due[i] = native_at(s, index);
		index = list == LIST_WAIT ? due[i]->in_wait.next : due[i]->in_list.next;
		sorted = sorted && (i == 0 || order(&due[i - 1], &due[i]) <= 0);
	}
	if (!sorted)
		qsort(due, n, sizeof(struct native_conn *), order);
	for (i = 0; i < n; i++)
		look(s, due[i], list);
	pool_put_large(s->pool, due, n * sizeof(struct native_conn *));
}

static bool step_back(struct stream *s, uint64_t frame)
{
	uint64_t looks = frame < STEP_LOOKS ? frame : STEP_LOOKS;
	if (s->steps == STEPS_MAX || s->step_looks + looks > LOOKS_FREE + LOOKS_PER_FRAME * frame)
		return false;
	s->steps++;
	s->step_looks += looks;
	return true;
}

void native_age_now(struct stream *s, int64_t now, uint64_t frame)
{
	int64_t ahead = now - s->now;
	if (ahead > 0 && s->clock < CLOCK_MAX)
		s->clock += ahead < NATIVE_LEAP_MAX ? ahead : NATIVE_LEAP_MAX;
	if (ahead > 0 || (ahead < -STEP_BACK && step_back(s, frame)))
		s->now = now;
	s->back_from = s->now;
	s->back_to = ahead <= 0 && ahead >= -STEP_BACK ? now : s->now;
	if (s->clock < s->due)
		return;
	native_step(s, frame, 0, 0, 0);
	s->due = INT64_MAX;
	for (enum native_list list = LIST_WAIT; list < NATIVE_LISTS; list++)
		list_age(s, list);
	time_wait_age(s);
}

/* At the end of the capture: the connections of a list, or those of all that are open (LIST_FREE),
 * in order. */
static size_t collect(const struct stream *s, enum native_list list, struct native_conn **out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < s->conns; i++) {
		struct native_conn *c = native_at(s, i);
		bool open = c->state.list != LIST_FREE && !native_is_closed(c);
		if (list == LIST_FREE ? open : c->state.list == list)
			out[n++] = c;
	}
	if (n > 1)
		qsort(out, n, sizeof *out, list == LIST_CLOSED ? by_since : by_number);
	return n;
}

static void end_one(struct stream *s, struct native_conn *c, enum native_list list)
{
	native_step(s, UINT64_MAX >> STREAM_STEP_BITS,
		    list == LIST_FREE ? NATIVE_STEP_SEGMENT : list,
		    list == LIST_CLOSED ? c->since : 0, c->pub.first);
	if (!native_is_closed(c))
		native_close(s, c, HOW_CAPTURE_END, native_close_time(s, c));
	if (list != LIST_FIN_WAIT)
		native_release(s, c);
}

/* First those whose server has closed, as they have ended before the capture does; each of the
 * others is let go at once, so that their number costs nothing. */
void native_end_all(struct stream *s)
{
	static const enum native_list order[] = {LIST_FIN_WAIT, LIST_CLOSED, LIST_FREE};
	size_t size = s->conns * sizeof(struct native_conn *);
	struct native_conn **some = size ? pool_get_large(s->pool, size) : NULL;
	for (size_t o = 0; o < sizeof order / sizeof *order && some; o++) {
		size_t n = collect(s, order[o], some);
		for (size_t i = 0; i < n; i++)
			end_one(s, some[i], order[o]);
	}
	pool_put_large(s->pool, some, size);
	for (uint32_t i = 0; !some && i < s->conns; i++)
		if (native_at(s, i)->state.list != LIST_FREE)
			end_one(s, native_at(s, i), LIST_FREE);
}
