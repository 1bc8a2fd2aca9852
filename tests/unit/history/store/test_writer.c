/* test_writer.c - what was watched, as a live run tells it: beats, losses, midnight, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "history/store/day_file.h"
#include "history/store/folder.h"
#include "history/store/writer.h"
#include "lib/made.h"
#include "smtpwatch/frame.h"

static char folder[] = "/tmp/history-XXXXXX";
/* 2026-01-01, a minute before midnight. */
static const int64_t begin = (INT64_C(20455) * 86400 - 60) * FRAME_SECOND;

static struct history_writer *writer(const char *gateway, bool live)
{
	struct error why = {0};
	struct history_writer_config c = {
		.path = folder, .days = 30, .gateway = gateway, .mode = {.live = live}};
	struct history_writer *w = history_writer_open(&c, &why);
	if (!w)
		fail_msg("%s", why.text);
	return w;
}

struct watched {
	struct day_watched all[16];
	unsigned n;
};

static void on_watched(void *arg, const struct day_watched *w)
{
	struct watched *all = arg;
	assert_true(all->n < 16);
	all->all[all->n++] = *w;
}

/* All that was watched by a gateway, of all days. */
static struct watched watched_of(const char *gateway)
{
	struct watched all = {0};
	struct folder f;
	struct error why = {0};
	assert_true(folder_read(folder, &f, &why));
	for (size_t i = 0; i < f.n; i++) {
		char path[512];
		enum day_fault fault;
		snprintf(path, sizeof path, "%s/%s", folder, f.all[i].name);
		struct day_file *d = day_open(path, DAY_READ, "", 0, &fault, &why);
		assert_non_null(d);
		if (strcmp(day_gateway(d), gateway) == 0)
			assert_true(day_read_watched(d, on_watched, &all, &why));
		day_close(d, false);
	}
	free(f.all);
	return all;
}

static void is(const struct day_watched *w, int64_t start, int64_t end)
{
	assert_int_equal(w->start, begin / FRAME_MS + start * 1000);
	assert_int_equal(w->end, begin / FRAME_MS + end * 1000);
}

static void tick(struct history_writer *w, int64_t seconds, uint64_t dropped)
{
	history_writer_tick(w, begin + seconds * FRAME_SECOND, dropped);
}

static void beats_renew_one_time(void **state)
{
	struct history_writer *w = writer("beats", true);
	(void)state;
	for (int64_t s = 0; s <= 45; s++)
		tick(w, s, 0);
	assert_true(history_writer_close(w));
	struct watched all = watched_of("beats");
	assert_int_equal(all.n, 1);
	is(&all.all[0], 0, 40);
}

static void a_day_ends_at_midnight(void **state)
{
	struct history_writer *w = writer("midnight", true);
	(void)state;
	for (int64_t s = 0; s <= 120; s++)
		tick(w, s, 0);
	assert_true(history_writer_close(w));
	struct watched all = watched_of("midnight");
	assert_int_equal(all.n, 2);
	assert_int_equal(all.all[0].end, begin / FRAME_MS + 60 * 1000 - 1);
	is(&all.all[1], 60, 120);
}

/* What was lost stands in a time of its own. */
static void losses_are_times_of_their_own(void **state)
{
	struct history_writer *w = writer("losses", true);
	(void)state;
	for (int64_t s = 0; s <= 50; s++)
		tick(w, s, s < 25 ? 0 : 7);
	assert_true(history_writer_close(w));
	struct watched all = watched_of("losses");
	assert_int_equal(all.n, 3);
	is(&all.all[0], 0, 20);
	assert_int_equal(all.all[0].dropped, 0);
	assert_int_equal(all.all[1].start, begin / FRAME_MS + 20001);
	assert_int_equal(all.all[1].dropped, 7);
	assert_int_equal(all.all[2].dropped, 0);
	assert_int_equal(all.all[2].end, begin / FRAME_MS + 50000);
}

/* Nobody watched between two beats that lie too far apart. */
static void a_clock_that_is_set_begins_anew(void **state)
{
	struct history_writer *w = writer("clock", true);
	(void)state;
	tick(w, -3000, 0);
	tick(w, -2990, 0);
	tick(w, -1000, 0);
	tick(w, -990, 0);
	tick(w, -5000, 0);
	tick(w, -4990, 0);
	assert_true(history_writer_close(w));
	struct watched all = watched_of("clock");
	assert_int_equal(all.n, 3);
	is(&all.all[0], -5000, -4990);
	is(&all.all[1], -3000, -2990);
	is(&all.all[2], -1000, -990);
}

static void a_capture_is_one_time_a_day(void **state)
{
	struct history_writer *w = writer("capture", false);
	struct made m;
	(void)state;
	made_init(&m);
	m.ending.connected = m.ending.encrypted = true;
	m.record.end = begin;
	history_writer_record(w, &m.record);
	history_writer_span(w, begin, begin + 100 * FRAME_SECOND, 3);
	assert_int_equal(history_writer_counts(w).sessions, 3);
	assert_true(history_writer_close(w));
	struct watched all = watched_of("capture");
	assert_int_equal(all.n, 2);
	assert_int_equal(all.all[0].sessions, 1);
	assert_int_equal(all.all[0].unread, 1);
	assert_int_equal(all.all[1].sessions, 0);
	assert_int_equal(all.all[1].dropped, 3);
	is(&all.all[1], 60, 100);
	made_free(&m);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beats_renew_one_time),
		cmocka_unit_test(a_day_ends_at_midnight),
		cmocka_unit_test(losses_are_times_of_their_own),
		cmocka_unit_test(a_clock_that_is_set_begins_anew),
		cmocka_unit_test(a_capture_is_one_time_a_day),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
