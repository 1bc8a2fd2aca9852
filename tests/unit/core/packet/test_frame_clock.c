/* test_frame_clock.c - one frame with a wild time stamp changes nothing that is told; a pause, a
 * clock that was stepped, and another capture are believed as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/shards.h"
#include "lib/build.h"
#include "lib/weather.h"
#include "nids/stream_nids.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <stdlib.h>

#define DAY  (86400 * FRAME_SECOND)
#define YEAR (365 * DAY)

/* PORTS: where the two ports stand over Ethernet and IPv4. */
enum { FRAMES_MAX = 512, SESSIONS = 16, PORTS = 14 + 20 };

struct said {
	enum verdict verdict[SESSIONS];
	int64_t start[SESSIONS], last[SESSIONS], end[SESSIONS];
	unsigned n;
	uint64_t wild;
};

static void take(void *arg, const struct record *r)
{
	struct said *s = arg;
	assert_true(s->n < SESSIONS);
	s->verdict[s->n] = r->judgement.verdict;
	s->start[s->n] = r->conn->start;
	s->last[s->n] = r->conn->last;
	s->end[s->n++] = r->end;
}

/* Frames of one clean session, and what else is laid behind them. */
struct tape {
	struct frames from;
	struct frame frame[FRAMES_MAX];
	uint8_t *data[FRAMES_MAX];
	size_t n;
};

static struct tape *tape_new(const char *path)
{
	char why[SCENARIO_WHY];
	struct tape *t = calloc(1, sizeof *t);
	struct scenario *s = scenario_read(path, why);
	assert_non_null(t);
	assert_non_null(s);
	struct trace trace = build_trace(s);
	t->from = weather_frames(s, &trace, weathers, 1);
	trace_free(&trace);
	scenario_free(s);
	return t;
}

static void tape_clear(struct tape *t)
{
	for (; t->n > 0; t->n--)
		free(t->data[t->n - 1]);
}

static void tape_free(struct tape *t)
{
	tape_clear(t);
	frames_free(&t->from);
	free(t);
}

/* n frames of the session, from one on, later by so much; of another client's port. */
static void tape_add(struct tape *t, size_t from, size_t n, int64_t later, uint8_t other)
{
	const uint8_t *client = t->from.frame[0].data + PORTS;
	for (size_t i = from; i < from + n; i++) {
		assert_true(t->n < FRAMES_MAX && i < t->from.n);
		const struct frame *f = &t->from.frame[i];
		uint8_t *data = malloc(f->caplen);
		assert_non_null(data);
		memcpy(data, f->data, f->caplen);
		data[PORTS + (memcmp(data + PORTS, client, 2) == 0 ? 1 : 3)] ^= other;
		t->data[t->n] = data;
		t->frame[t->n] = *f;
		t->frame[t->n].data = data;
		t->frame[t->n++].ts += later;
	}
}

static struct said judge(const struct tape *t, const struct stream_engine *engine, size_t batch)
{
	struct said s = {0};
	struct monitor_stats stats;
	struct monitor_config config = monitor_config_default();
	config.engine = engine;
	config.stream.max_conns = 64;
	config.session = take;
	config.arg = &s;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < t->n; i += batch) {
		size_t n = t->n - i < batch ? t->n - i : batch;
		/* Of its own memory, which is gone when the call returns: nothing may be kept of it
		 * but a copy. */
		struct frame *frames = calloc(n, sizeof *frames);
		for (size_t k = 0; k < n; k++) {
			frames[k] = t->frame[i + k];
			uint8_t *data = malloc(frames[k].caplen);
			memcpy(data, frames[k].data, frames[k].caplen);
			frames[k].data = data;
		}
		monitor_frames(m, frames, n);
		for (size_t k = 0; k < n; k++)
			free((void *)(uintptr_t)frames[k].data);
		free(frames);
	}
	monitor_finish(m);
	monitor_stats(m, &stats);
	s.wild = stats.wild_time;
	monitor_free(m);
	return s;
}

static const struct stream_engine *const engines[] = {&stream_native, &stream_nids};
static const size_t batches[] = {1, 2, 7, FRAMES_MAX};

enum { ENGINES = 2, BATCHES = 4 };

static void same(const struct said *a, const struct said *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->wild, b->wild);
	assert_memory_equal(a->verdict, b->verdict, sizeof a->verdict);
	assert_memory_equal(a->start, b->start, sizeof a->start);
	assert_memory_equal(a->last, b->last, sizeof a->last);
	assert_memory_equal(a->end, b->end, sizeof a->end);
}

/* However the frames are cut; through the native engine what is said. */
static struct said judge_each(const struct tape *t)
{
	struct said own = judge(t, &stream_native, 1);
	for (unsigned e = 0; e < ENGINES; e++) {
		struct said first = judge(t, engines[e], 1);
		for (unsigned b = 1; b < BATCHES; b++) {
			struct said more = judge(t, engines[e], batches[b]);
			same(&more, &first);
		}
		assert_int_equal(first.n, own.n);
		assert_int_equal(first.wild, own.wild);
		assert_memory_equal(first.verdict, own.verdict, sizeof own.verdict);
	}
	return own;
}

static const char clean[] = "tests/scenarios/clean.smtp";

/* Whichever frame it is, and however wild: one session, clean, of its own time. A lone last frame
 * is believed if its time may lie behind a pause. */
static void a_wild_frame_changes_nothing(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	size_t n = t->from.n;
	tape_add(t, 0, n, 0, 0);
	struct said good = judge_each(t);
	assert_int_equal(good.n, 1);
	assert_int_equal(good.verdict[0], VERDICT_CLEAN);
	assert_int_equal(good.wild, 0);
	for (size_t i = 0; i < n; i++) {
		int64_t ts = t->from.frame[i].ts;
		const int64_t wild[] = {0,
					FRAME_TIME_MAX,
					ts + 37 * YEAR,
					ts - 2 * DAY,
					ts + 5 * 3600 * FRAME_SECOND,
					ts + 3500 * FRAME_SECOND,
					ts - 1900 * FRAME_SECOND,
					ts + 100 * FRAME_SECOND,
					ts - 100 * FRAME_SECOND};
		for (size_t w = 0; w < sizeof wild / sizeof *wild; w++) {
			t->frame[i].ts = wild[w];
			/* A first frame before a pause is no wild one, nor is a last one behind it.
			 */
			bool pause = (i == 0 && wild[w] < ts && wild[w] > ts - YEAR) ||
				     (i == n - 1 && wild[w] > ts && wild[w] < ts + YEAR);
			if (!pause) {
				struct said s = judge_each(t);
				assert_int_equal(s.n, 1);
				assert_int_equal(s.verdict[0], VERDICT_CLEAN);
				assert_int_equal(s.wild, 1);
				assert_in_range(s.start[0], t->from.frame[0].ts,
						t->from.frame[1].ts);
				assert_in_range(s.end[0], t->from.frame[n - 3].ts,
						t->from.frame[n - 1].ts);
				assert_in_range(s.last[0], t->from.frame[n - 3].ts,
						t->from.frame[n - 1].ts);
			}
			t->frame[i].ts = t->from.frame[i].ts;
		}
	}
	tape_free(t);
}

/* A frame of another connection that claims to be minutes later ends none: not the SYN that has no
 * answer yet, not the idle session. */
static void a_wild_frame_ends_no_other_session(void **state)
{
	(void)state;
	static const int64_t wild[] = {100, 600, 1900, 3500, -100, -3500};
	struct tape *t = tape_new(clean);
	size_t n = t->from.n;
	for (size_t w = 0; w < sizeof wild / sizeof *wild; w++) {
		for (size_t at = 1; at < n - 1; at++) {
			tape_clear(t);
			tape_add(t, 0, at, 0, 0);
			tape_add(t, 0, 1, wild[w] * FRAME_SECOND, 1);
			tape_add(t, at, n - at, 0, 0);
			tape_add(t, 1, n - 1, FRAME_SECOND, 1);
			struct said s = judge_each(t);
			assert_int_equal(s.n, 2);
			assert_int_equal(s.wild, 1);
			assert_int_equal(s.verdict[0], VERDICT_CLEAN);
			assert_int_equal(s.verdict[1], VERDICT_CLEAN);
		}
	}
	tape_free(t);
}

/* Several, each with a time of its own. */
static void several_wild_frames_change_nothing(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	tape_add(t, 0, t->from.n, 0, 0);
	t->frame[3].ts = 0;
	t->frame[4].ts += 30 * YEAR;
	t->frame[7].ts -= YEAR;
	struct said s = judge_each(t);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.verdict[0], VERDICT_CLEAN);
	assert_int_equal(s.wild, 3);
	tape_free(t);
}

/* A session, and another one days later, or days before: each of its own time. */
static void a_jump_that_persists_is_believed(void **state)
{
	(void)state;
	static const int64_t jumps[] = {
		3 * DAY,   -3 * DAY,  2 * 3600 * FRAME_SECOND, -2 * 3600 * FRAME_SECOND,
		20 * YEAR, -20 * YEAR};
	struct tape *t = tape_new(clean);
	size_t n = t->from.n;
	for (size_t j = 0; j < sizeof jumps / sizeof *jumps; j++) {
		tape_clear(t);
		tape_add(t, 0, n, 0, 0);
		tape_add(t, 0, n, jumps[j], 1);
		struct said s = judge_each(t);
		assert_int_equal(s.n, 2);
		assert_int_equal(s.wild, 0);
		assert_int_equal(s.verdict[0], VERDICT_CLEAN);
		assert_int_equal(s.verdict[1], VERDICT_CLEAN);
		assert_int_equal(s.start[0], t->from.frame[0].ts);
		assert_in_range(s.end[0], t->from.frame[n - 3].ts, t->from.frame[n - 1].ts);
		assert_in_range(s.end[1], t->from.frame[n - 3].ts + jumps[j],
				t->from.frame[n - 1].ts + jumps[j]);
		assert_int_equal(s.start[1], t->from.frame[0].ts + jumps[j]);
	}
	tape_free(t);
}

/* A clock that is stepped back in the middle of a session and stays there, and two frames that were
 * behind it. */
static void a_step_in_a_session_is_believed(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	size_t n = t->from.n;
	tape_add(t, 0, n / 2, 0, 0);
	tape_add(t, n / 2, n - n / 2, -2 * DAY, 0);
	struct said s = judge_each(t);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.verdict[0], VERDICT_CLEAN);
	assert_int_equal(s.wild, 0);
	assert_in_range(s.last[0], t->from.frame[n - 3].ts - 2 * DAY,
			t->from.frame[n - 1].ts - 2 * DAY);
	tape_clear(t);
	tape_add(t, 0, n, 0, 0);
	tape_add(t, 0, 2, 9 * DAY, 1);
	s = judge_each(t);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.wild, 0);
	assert_int_equal(s.start[1], t->from.frame[0].ts + 9 * DAY);
	tape_free(t);
}

/* A quiet link: a lone SYN a day, each far from both its neighbours, and all of them in order. */
static void lone_frames_in_order_are_believed(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	for (int day = 0; day < 5; day++)
		tape_add(t, 0, 1, day * DAY, (uint8_t)day);
	struct said s = judge_each(t);
	assert_int_equal(s.n, 5);
	assert_int_equal(s.wild, 0);
	for (int day = 0; day < 5; day++)
		assert_int_equal(s.start[day], t->from.frame[0].ts + day * DAY);
	tape_free(t);
}

static struct said judge_files(const struct tape *t, unsigned workers, size_t upto)
{
	struct said s = {0};
	struct monitor_stats stats;
	struct monitor_config config = monitor_config_default();
	config.session = take;
	config.arg = &s;
	struct shards *all = shards_new(&config, workers);
	assert_non_null(all);
	shards_frames(all, 0, t->frame, upto);
	for (size_t i = upto; i < t->n; i++)
		shards_frames(all, 1, &t->frame[i], 1);
	shards_finish(all);
	shards_stats(all, &stats);
	s.wild = stats.wild_time;
	assert_int_equal(stats.frames, t->n);
	assert_int_equal(shards_last(all),
			 upto < t->n ? t->frame[t->n - 1].ts : t->frame[t->n - 2].ts);
	shards_free(all);
	return s;
}

/* Another file of another day, of a single frame even; and as many workers as one likes. */
static void another_capture_is_believed(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	size_t n = t->from.n;
	tape_add(t, 0, n, 0, 0);
	tape_add(t, 0, 1, -3 * YEAR, 1);
	t->frame[4].ts = 0;
	struct said one = judge_files(t, 1, n), three = judge_files(t, 3, n);
	same(&one, &three);
	assert_int_equal(one.n, 2);
	assert_int_equal(one.wild, 1);
	assert_int_equal(one.start[1], t->from.frame[0].ts - 3 * YEAR);
	/* In the same file it is one of a wild time. */
	one = judge_files(t, 1, n + 1);
	assert_int_equal(one.wild, 2);
	tape_free(t);
}

/* Live: what waits is judged at the next tick, two tenths of a second later at most, and time goes
 * on from there. */
static void a_tick_waits_no_longer(void **state)
{
	(void)state;
	struct tape *t = tape_new(clean);
	struct said s = {0};
	struct monitor_stats stats;
	struct monitor_config config = monitor_config_default();
	config.session = take;
	config.arg = &s;
	struct monitor *m = monitor_new(&config);
	struct frame late = t->from.frame[3], wild = t->from.frame[2];
	int64_t base = t->from.frame[1].ts;
	wild.ts = base + 37 * YEAR;
	late.ts = base + 8 * 3600 * FRAME_SECOND;
	monitor_frames(m, t->from.frame, 2);
	monitor_frames(m, &wild, 1);
	monitor_stats(m, &stats);
	assert_int_equal(stats.frames, 2);
	monitor_tick(m, base + FRAME_SECOND);
	monitor_stats(m, &stats);
	assert_int_equal(stats.frames, 3);
	assert_int_equal(stats.wild_time, 1);
	assert_int_equal(monitor_time(m), base);
	monitor_frames(m, &late, 1);
	monitor_tick(m, base + 2 * FRAME_SECOND);
	monitor_stats(m, &stats);
	assert_int_equal(stats.frames, 4);
	assert_int_equal(stats.wild_time, 1);
	assert_int_equal(monitor_time(m), late.ts);
	monitor_finish(m);
	monitor_free(m);
	tape_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wild_frame_changes_nothing),
		cmocka_unit_test(a_wild_frame_ends_no_other_session),
		cmocka_unit_test(several_wild_frames_change_nothing),
		cmocka_unit_test(a_jump_that_persists_is_believed),
		cmocka_unit_test(a_step_in_a_session_is_believed),
		cmocka_unit_test(lone_frames_in_order_are_believed),
		cmocka_unit_test(another_capture_is_believed),
		cmocka_unit_test(a_tick_waits_no_longer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
