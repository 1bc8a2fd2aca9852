/*
 * test_loss.c - no alarm from our own blindness: frames are taken out of each scenario's capture,
 * each one, each two, and many at random, also where senders repeat themselves, and no session that
 * was fine may raise an alert; of a session that was not, nothing worse may be said than was true
 * of it whole.
 *
 * A scenario may say "not loss: reason", or "not again: reason" of the rounds in which senders
 * repeat themselves. SMTPWATCH_SEED is the first seed of the random rounds, SMTPWATCH_ROUNDS how
 * many are made. Arguments are scenario files; without any, all of tests/scenarios.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

/* Captures of up to so many frames lose each two of them, and each run; all lose some at random, so
 * often. A sanitizer makes a new monitor a hundred times dearer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FRAMES_PAIRED = 12, ROUNDS = 4, AGAIN = 1 };
#else
enum { FRAMES_PAIRED = 48, ROUNDS = 40, AGAIN = 4 };
#endif

/* The worst that was said of a capture's sessions, and what it was. */
struct worst {
	enum severity severity;
	enum verdict verdict;
	unsigned sessions;
};

static unsigned long runs;

static void take(void *arg, const struct record *r)
{
	struct worst *w = arg;
	enum severity severity = verdict_severity(r->judgement.verdict, r->ending);
	w->sessions++;
	if (w->sessions == 1 || severity > w->severity) {
		w->severity = severity;
		w->verdict = r->judgement.verdict;
	}
}

/* Judges the frames but those for which lost[] is set. */
static struct worst judge(const struct scenario *s, const struct frames *f, const bool *lost)
{
	struct worst w = {SEVERITY_NONE, VERDICT_UNKNOWN, 0};
	struct monitor_config config = monitor_config_default();
	config.stream.max_conns = 1024;
	for (unsigned i = 0; i < s->scenes; i++)
		monitor_config_port(&config, s->scene[i].port[SERVER], s->scene[i].kind);
	config.session = take;
	config.arg = &w;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < f->n; i++)
		if (!lost[i])
			monitor_frames(m, f->frame + i, 1);
	monitor_finish(m);
	monitor_free(m);
	runs++;
	return w;
}

/* An alert that the whole capture did not give: what is told of an incomplete one may be less, or
 * nothing, but nothing worse. */
static bool cries_wolf(const struct worst *whole, const struct worst *now)
{
	return now->severity >= SEVERITY_NOTICE && now->severity > whole->severity;
}

static void complain(const struct scenario *s, const char *how, const bool *lost, size_t n,
		     const struct worst *now)
{
	print_error("%s, %s, without frames", s->name, how);
	for (size_t i = 0; i < n; i++)
		if (lost[i])
			print_error(" %zu", i + 1);
	print_error(": %s\n", verdict_row(now->verdict)->id);
}

static unsigned try(const struct scenario *s, const struct frames *f, const bool *lost,
		    const struct worst *whole, const char *how)
{
	struct worst now = judge(s, f, lost);
	if (!cries_wolf(whole, &now))
		return 0;
	complain(s, how, lost, f->n, &now);
	return 1;
}

/* Every frame, and every two. */
static unsigned ones_and_twos(const struct scenario *s, const struct frames *f, bool *lost,
			      const struct worst *whole)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < f->n && f->n <= FRAMES_PAIRED; i++) {
		lost[i] = true;
		wrong += try(s, f, lost, whole, "one lost");
		for (size_t k = i + 1; k < f->n; k++) {
			lost[k] = true;
			wrong += try(s, f, lost, whole, "two lost");
			lost[k] = false;
		}
		lost[i] = false;
	}
	return wrong;
}

/* Every beginning, every end, and every hole of several frames in a row: a capture that was begun
 * late, stopped early, or stood still. */
static unsigned runs_of_frames(const struct scenario *s, const struct frames *f, bool *lost,
			       const struct worst *whole)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < f->n && f->n <= FRAMES_PAIRED; i++) {
		for (size_t k = i; k < f->n; k++) {
			lost[k] = true;
			wrong += try(s, f, lost, whole, "a run lost");
		}
		memset(lost, 0, f->n * sizeof *lost);
	}
	return wrong;
}

static unsigned at_random(const struct scenario *s, const struct frames *f, bool *lost,
			  const struct worst *whole)
{
	static const unsigned percent[] = {1, 5, 20, 50};
	const char *text = getenv("SMTPWATCH_ROUNDS");
	unsigned rounds = text ? (unsigned)strtoul(text, NULL, 10) : ROUNDS, wrong = 0;
	struct dice dice = dice_new(s->name, 1);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t p = 0; p < sizeof percent / sizeof *percent; p++) {
			for (size_t i = 0; i < f->n; i++)
				lost[i] = dice_roll(&dice, 100) < percent[p];
			wrong += try(s, f, lost, whole, "some lost at random");
		}
	memset(lost, 0, f->n * sizeof *lost);
	return wrong;
}

static unsigned in_fair_weather(const struct scenario *s, const struct trace *t)
{
	struct frames f = weather_frames(s, t, weathers, 1);
	bool *lost = calloc(f.n + 1, sizeof *lost);
	struct worst whole = judge(s, &f, lost);
	unsigned wrong = ones_and_twos(s, &f, lost, &whole) + runs_of_frames(s, &f, lost, &whole) +
			 at_random(s, &f, lost, &whole);
	free(lost);
	frames_free(&f);
	return wrong;
}

/* Where senders repeat what had arrived, the first copy may be lost to the capture alone: the
 * second acknowledges what was said since. */
static unsigned sent_again(const struct scenario *s, const struct trace *t)
{
	const struct weather *how = weather_find("retransmitted");
	unsigned wrong = 0;
	for (uint64_t seed = 1;
	     seed <= AGAIN && !scenario_bars(s, "again") && weather_suits(s, t, how); seed++) {
		struct frames f = weather_frames(s, t, how, seed);
		bool *lost = calloc(f.n + 1, sizeof *lost);
		struct worst whole = judge(s, &f, lost);
		for (size_t i = 0; i < f.n; i++) {
			lost[i] = true;
			wrong += try(s, &f, lost, &whole, "sent again, one lost");
			lost[i] = false;
		}
		free(lost);
		frames_free(&f);
	}
	return wrong;
}

static void scenario_is_quiet(void **state)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(*state, why);
	assert_non_null(s);
	if (scenario_bars(s, "loss")) {
		scenario_free(s);
		return;
	}
	struct trace t = build_trace(s);
	unsigned wrong = in_fair_weather(s, &t) + sent_again(s, &t);
	trace_free(&t);
	scenario_free(s);
	assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
	glob_t found = {.gl_pathc = (size_t)argc - 1, .gl_pathv = argv + 1};
	if (argc == 1 && glob("tests/scenarios/*.smtp", 0, NULL, &found) != 0)
		return 1;
	struct CMUnitTest *tests = calloc(found.gl_pathc, sizeof *tests);
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){.name = found.gl_pathv[i],
					       .test_func = scenario_is_quiet,
					       .initial_state = found.gl_pathv[i]};
	int failed = _cmocka_run_group_tests("loss", tests, found.gl_pathc, NULL, NULL);
	printf("%lu incomplete captures judged\n", runs);
	free(tests);
	if (argc == 1)
		globfree(&found);
	return failed;
}
