/*
 * damage.c - what is said of sessions of which the capture misses something: each scenario and
 * capture is judged whole, then again and again with frames lost, cut, repeated, out of order,
 * merged with others, or with pauses or a clock that was stepped. usage: damage [-t SECONDS | -n
 * SESSIONS] [-s SEED] [-c FOLDER] [-r ROUND] [-w CAPTURE] [FILE...]
 *
 * Without FILE: tests/scenarios, pcaps and tests/cases. -c: and every capture of a folder. -r: this
 * round alone; -w: its frames go into CAPTURE, its keys into CAPTURE.keylog, what it is compared
 * with into CAPTURE.base.
 *
 * A session that was innocent whole may raise no alert; one that was at fault may not be called
 * clean with certainty. How many faults are still named is told. Each failure is printed with its
 * round, which the same arguments with -r ROUND make again. Exit status 1: there were failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/score.h"
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

/* Of so many sessions each way and form has some. */
enum { SESSIONS_COVER = 10000 };

struct wish {
	double seconds;
	unsigned long sessions;
	uint64_t seed, round;
	bool alone; /* this round */
	const char *folder, *written;
};

static const struct stream_engine *const engines[2] = {&stream_native, &stream_nids};

static void view_write(const struct damaged *x, const struct frames_view *v, const char *path)
{
	if (v->frame && !frames_save(&(struct frames){.frame = v->frame, .n = v->n},
				     x->item->frame[0].link, path))
		perror(path);
}

static void frames_write(const struct damaged *x, const char *path)
{
	char keylog[4096], base[4096];
	snprintf(keylog, sizeof keylog, "%s.keylog", path);
	snprintf(base, sizeof base, "%s.base", path);
	FILE *keys = x->item->keys ? fopen(keylog, "w") : NULL;
	view_write(x, &x->view, path);
	view_write(x, &x->base, base);
	if (keys) {
		fwrite(x->item->keys, 1, x->item->keys_n, keys);
		fclose(keys);
	}
}

static void round_run(const struct items *items, const struct wish *w, uint64_t number,
		      struct scores *scores)
{
	struct dice d = {w->seed + number};
	struct damaged x = {.item = &items->all[number % items->n]};
	struct score_round r = {.x = &x, .number = number};
	r.engine = dice_roll(&d, 4) == 0;
	r.way = dice_roll(&d, WAYS);
	r.engine = r.engine && !x.item->native;
	for (size_t i = 0; i < x.item->n; i++)
		view_add(&x.view, &x.item->frame[i]);
	ways[r.way].make(&x, items, &d);
	if (w->written)
		frames_write(&x, w->written);
	struct tally now = item_judge(x.item, x.other, &x.view, engines[r.engine]), base = {0},
		     keyless = {0};
	r.now = &now;
	if (x.base.frame) {
		base = item_judge(x.item, x.other, &x.base, engines[r.engine]);
		r.base = &base;
	}
	if (x.base.frame && x.item->decryptor) {
		keyless = item_judge_keyless(x.item, &x.base, engines[r.engine]);
		r.base_keyless = &keyless;
	}
	score_take(scores, &r);
	tally_free(&keyless);
	tally_free(&base);
	tally_free(&now);
	damaged_free(&x);
}

static double now_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Items in turn: each round has a seed of its own. */
static void rounds_run(const struct items *items, const struct wish *w, struct scores *scores)
{
	double until = now_seconds() + w->seconds;
	if (w->alone)
		round_run(items, w, w->round, scores);
	else
		for (uint64_t r = 0;
		     w->sessions ? scores->all.sessions < w->sessions : now_seconds() < until; r++)
			round_run(items, w, r, scores);
}

static bool wish_read(struct wish *w, int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "t:n:s:c:r:w:")) != -1;)
		switch (c) {
		case 't':
			w->seconds = strtod(optarg, NULL);
			break;
		case 'n':
			w->sessions = (strtoul(optarg, NULL, 10) + DEARER - 1) / DEARER;
			break;
		case 's':
			w->seed = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			w->folder = optarg;
			break;
		case 'r':
			w->round = strtoull(optarg, NULL, 10);
			w->alone = true;
			break;
		case 'w':
			w->written = optarg;
			break;
		default:
			return false;
		}
	return true;
}

static void items_find(struct items *items, char **files)
{
	static const char *const everything[] = {"tests/scenarios/*.smtp", "pcaps/*.pcap*",
						 "tests/cases/*.pcap"};
	for (unsigned i = 0; i < sizeof everything / sizeof *everything && !*files; i++) {
		glob_t found;
		if (glob(everything[i], 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++)
			items_read(items, found.gl_pathv[k]);
		globfree(&found);
	}
	for (; *files; files++)
		items_read(items, *files);
}

int main(int argc, char **argv)
{
	struct wish w = {.seconds = 10, .seed = 1};
	struct items items = {0};
	struct scores scores = {0};
	if (!wish_read(&w, argc, argv))
		return 2;
	items_find(&items, argv + optind);
	if (w.folder && !items_read_folder(&items, w.folder))
		fprintf(stderr, "%s: nothing to read\n", w.folder);
	if (items.n == 0)
		return 2;
	printf("%zu scenarios and captures in all their forms, seed %" PRIu64 "\n", items.n,
	       w.seed);
	rounds_run(&items, &w, &scores);
	score_print(&scores);
	bool covers = scores.all.sessions < SESSIONS_COVER || argv[optind] || score_covers(&scores);
	if (!covers)
		printf("a way or a form was hardly tried\n");
	items_free(&items);
	return scores.failures > 0 || !covers;
}
