/*
 * damage.c - what is said of sessions of which the capture misses something: each scenario and capture is judged whole, then again and again with frames lost, cut, repeated, out of order, or with a clock
 * that was stepped. usage: damage [-t SECONDS | -n SESSIONS] [-s SEED] [-l] [-w CAPTURE] [FILE...]
 *
 * -l: nothing but loss and order; no pauses, no steps of the clock. -w: writes the frames of the last round.
 *
 * A session that was innocent whole may raise no alert; one that was at fault may not be called clean with certainty. How many faults are still named is told. Each failure is printed with the seed of its
 * round: its line, as arguments with -n 1, makes it again. Exit status 1: there were failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/item.h"
#include "lib/build_frame.h"
#include "nids/stream_nids.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A sanitizer makes a monitor a hundred times dearer: so many sessions are damaged less. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { DEARER = 50 };
#else
enum { DEARER = 1 };
#endif

enum { FAILURES_TOLD = 40 };

/* Of one way of damaging. */
struct score {
	unsigned long sessions, innocent, alarms, faults, named, clean;
};

static struct score scores[DAMAGES][2];
static unsigned long failures;
static unsigned ways = DAMAGES;
static const char *written;

static const struct stream_engine *const engines[2] = {&stream_own, &stream_nids};

static void fail_tell(const struct item *item, uint64_t seed, enum damage how, unsigned engine, const struct said *was,
		      const struct said *now)
{
	if (failures++ < FAILURES_TOLD)
		printf("%s%s -s %" PRIu64 " (%s, %s, client port %u): %s, not %s%s%s\n", ways < DAMAGES ? "-l " : "", item->name,
		       seed, damage_names[how], engine ? "nids" : "own", now->port[CLIENT], verdict_row(now->verdict)->id,
		       was ? verdict_row(was->verdict)->id : "a session", now->slow ? ", slow-acceptance" : "",
		       now->accused ? ", a message accused" : "");
}

static bool is_fault(const struct said *s)
{
	return s && s->severity >= SEVERITY_NOTICE;
}

/*
 * whole: with its pause, or its clock stepped, where the damage is of that kind. Innocent is who was so with and without that: nobody who waits longer is at fault by the damage. Of a session that is only
 * in the damaged capture nothing is known but its ends.
 */
static void compare(const struct item *item, uint64_t seed, enum damage how, unsigned engine, const struct tally *whole,
		    const struct tally *now)
{
	struct score *score = &scores[how][engine];
	for (size_t i = 0; i < now->n; i++) {
		const struct said *s = &now->all[i], *was = tally_find(whole, s), *first = tally_find(&item->whole, s);
		/* Of several sessions on the same ports nobody can tell which is left. */
		if ((was && was->sessions > 1) || (first && first->sessions > 1))
			continue;
		bool fault = is_fault(was), innocent = !fault && !is_fault(first);
		bool slow = s->slow && !(was && was->slow) && !(first && first->slow);
		bool accused = s->accused && !(was && was->accused) && !(first && first->accused);
		bool alarm = innocent && (is_fault(s) || slow || accused),
		     clean = fault && s->verdict == VERDICT_CLEAN && s->certain;
		score->sessions++;
		score->innocent += innocent;
		score->faults += fault;
		score->alarms += alarm;
		score->named += fault && is_fault(s);
		score->clean += clean;
		if (clean || alarm)
			fail_tell(item, seed, how, engine, was, s);
	}
}

static unsigned long round_run(const struct item *item, uint64_t seed)
{
	struct dice d = {seed};
	unsigned engine = dice_roll(&d, 4) == 0;
	enum damage how;
	struct frames_view base, view = item_damage(item, &d, ways, &how, &base);
	struct tally now = item_judge(item, &view, engines[engine]), whole = {0};
	if (written && !frames_save(&(struct frames){.frame = view.frame, .n = view.n}, item->frame[0].link, written))
		perror(written);
	if (base.frame)
		whole = item_judge(item, &base, engines[engine]);
	compare(item, seed, how, engine, base.frame ? &whole : &item->whole, &now);
	tally_free(&whole);
	view_free(&base);
	unsigned long n = now.n;
	tally_free(&now);
	view_free(&view);
	return n;
}

static void table_print(void)
{
	printf("%-12s %-5s %10s %10s %7s %9s %9s %6s\n", "damage", "by", "sessions", "innocent", "alarms", "faults", "named",
	       "clean");
	struct score all = {0};
	for (unsigned how = 0; how < ways; how++)
		for (unsigned e = 0; e < 2; e++) {
			const struct score *s = &scores[how][e];
			printf("%-12s %-5s %10lu %10lu %7lu %9lu %9lu %6lu\n", damage_names[how], e ? "nids" : "own", s->sessions,
			       s->innocent, s->alarms, s->faults, s->named, s->clean);
			all.sessions += s->sessions;
			all.innocent += s->innocent;
			all.alarms += s->alarms;
			all.faults += s->faults;
			all.named += s->named;
			all.clean += s->clean;
		}
	printf("%lu sessions: %lu alerts on %lu innocent ones; of %lu faults %lu named (%.1f %%), %lu called clean with "
	       "certainty\n",
	       all.sessions, all.alarms, all.innocent, all.faults, all.named,
	       all.faults ? 100.0 * (double)all.named / (double)all.faults : 0.0, all.clean);
}

static double now_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Items in turn: each round has a seed of its own. */
static void rounds_run(const struct item *items, size_t n, double seconds, unsigned long sessions, uint64_t seed)
{
	double until = now_seconds() + seconds;
	unsigned long done = 0;
	for (uint64_t r = 0; n > 0 && (sessions ? done < sessions : now_seconds() < until); r++)
		done += round_run(&items[r % n], seed + r);
}

static struct item *items_read(char **paths, size_t n, size_t *found)
{
	struct item *items = calloc(n + 1, sizeof *items);
	assert_non_null(items);
	*found = 0;
	for (size_t i = 0; i < n; i++)
		*found += item_read(&items[*found], paths[i]);
	return items;
}

int main(int argc, char **argv)
{
	double seconds = 10;
	unsigned long sessions = 0;
	uint64_t seed = 1;
	for (int c; (c = getopt(argc, argv, "t:n:s:lw:")) != -1;) {
		if (c == 't')
			seconds = strtod(optarg, NULL);
		else if (c == 'n')
			sessions = (strtoul(optarg, NULL, 10) + DEARER - 1) / DEARER;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (c == 'l')
			ways = DAMAGE_CLOCK;
		else if (c == 'w')
			written = optarg;
		else
			return 2;
	}
	glob_t files = {.gl_pathc = (size_t)(argc - optind), .gl_pathv = argv + optind};
	bool all = optind == argc;
	if (all && (glob("tests/scenarios/*.smtp", 0, NULL, &files) != 0 || glob("pcaps/*.pcap*", GLOB_APPEND, NULL, &files) != 0))
		return 2;
	size_t n;
	struct item *items = items_read(files.gl_pathv, files.gl_pathc, &n);
	printf("%zu scenarios and captures, seed %" PRIu64 "\n", n, seed);
	rounds_run(items, n, seconds, sessions, seed);
	table_print();
	for (size_t i = 0; i < n; i++)
		item_free(&items[i]);
	free(items);
	if (all)
		globfree(&files);
	return failures > 0;
}
