/* test_stepped_clock.c - a capture whose clock was stepped back by less than what counts as another
 * time: the order of frames tells what came first, and nobody has waited for what the step makes of
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "nids/stream_nids.h"
#include "policy/acceptance.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

static const struct stream_engine *const engines[] = {&stream_native, &stream_nids};

struct outcome {
	enum verdict verdict;
	int64_t waited; /* for the answer to a message */
	int64_t after;  /* from the last segment to the end */
};

static void take(void *arg, const struct record *r)
{
	*(struct outcome *)arg = (struct outcome){
		r->judgement.verdict, acceptance_slowest(r).waited, r->end - r->conn->last};
}

/* The first n frames, of which those from `at` on are dated back by so many seconds; then so many
 * seconds of quiet. */
struct course {
	size_t n, at;
	int64_t back, quiet;
};

static struct outcome run(const struct frames *f, const struct stream_engine *engine,
			  struct course c)
{
	struct outcome outcome = {VERDICTS, 0, 0};
	struct monitor_config config = monitor_config_default();
	config.engine = engine;
	config.session = take;
	config.arg = &outcome;
	struct monitor *m = monitor_new(&config);
	struct frame frame = {0};
	for (size_t i = 0; i < c.n; i++) {
		frame = f->frame[i];
		frame.ts -= i >= c.at ? c.back * FRAME_SECOND : 0;
		monitor_frames(m, &frame, 1);
	}
	for (int64_t i = 1; i <= c.quiet; i++)
		monitor_tick(m, frame.ts + i * FRAME_SECOND);
	monitor_finish(m);
	monitor_free(m);
	return outcome;
}

static enum verdict judge(const struct frames *f, const struct stream_engine *engine,
			  struct course c)
{
	return run(f, engine, c).verdict;
}

static struct frames frames_of(struct scenario *s)
{
	assert_non_null(s);
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weathers, 1);
	trace_free(&trace);
	scenario_free(s);
	return f;
}

/* A client tries again for 10 s, and the capture ends. */
static void no_silence_before_the_first_try(void **state)
{
	char why[SCENARIO_WHY];
	struct frames f = frames_of(scenario_read("tests/scenarios/vanished-dot.smtp", why));
	size_t n = 0;
	(void)state;
	while (n < f.n && f.frame[n].ts - f.frame[0].ts < 15 * FRAME_SECOND)
		n++;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(judge(&f, engines[i], (struct course){n, 1, 0, 0}),
				 VERDICT_UNKNOWN);
		assert_int_equal(judge(&f, engines[i], (struct course){n, 1, 50, 0}),
				 VERDICT_UNKNOWN);
		assert_int_equal(judge(&f, engines[i], (struct course){n, 1, 50, 30}),
				 VERDICT_SERVER_VANISHED);
	}
	frames_free(&f);
}

/* Another connection, then a SYN: the capture ends behind it. */
static void no_wait_before_the_syn(void **state)
{
	char why[SCENARIO_WHY], text[] = "connect\nexpect verdict unknown\nsession 2\nclient "
					 "192.0.2.77:40077\nconnect unanswered\n"
					 "expect verdict connect-unanswered\n";
	struct frames f = frames_of(scenario_parse("syn", text, why));
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (int64_t back = 0; back <= 20; back += 20)
			assert_int_equal(judge(&f, engines[i], (struct course){4, 3, back, 0}),
					 VERDICT_UNKNOWN);
	assert_int_equal(judge(&f, &stream_native, (struct course){f.n, 3, 20, 30}),
			 VERDICT_CONNECT_UNANSWERED);
	frames_free(&f);
}

/* The client leaves a second before the greeting, by the clock alone; and truly before it. */
static void a_greeting_before_the_fin(void **state)
{
	char why[SCENARIO_WHY],
		greeted[] =
			"connect\nwait 30s\nS: 220 mx.example.net ESMTP\nC: EHLO out.example.org\n"
			"S: 250 mx.example.net\nC! FIN\nexpect verdict client-drop\n";
	struct frames f = frames_of(scenario_parse("greeted", greeted, why));
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (int64_t back = 0; back < 3; back++)
			assert_int_equal(judge(&f, engines[i], (struct course){f.n, 6, back, 0}),
					 VERDICT_CLIENT_DROP);
	frames_free(&f);
	f = frames_of(scenario_read("tests/scenarios/greeting-never-30.smtp", why));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(judge(&f, engines[i], (struct course){f.n, f.n, 0, 0}),
				 VERDICT_CLIENT_GAVE_UP);
	frames_free(&f);
}

/* Replies that are captured before what they answer wait for it; where the clock goes back between
 * the two, they seem to be of a later time. */
static void a_reply_before_its_command(void **state)
{
	char why[SCENARIO_WHY];
	struct frames f = frames_of(scenario_read("tests/scenarios/trap-25-reply-first.smtp", why));
	(void)state;
	for (size_t at = 1; at <= f.n; at++)
		for (int64_t back = 50; back <= 300; back += 250) {
			struct outcome o =
				run(&f, &stream_native, (struct course){f.n, at, back, 0});
			assert_int_equal(o.verdict, VERDICT_CLEAN);
			assert_true(o.waited < FRAME_SECOND);
		}
	frames_free(&f);
}

/* A hole within sight of the step is waited for to the end of the capture: that time is no silence
 * of the two sides either. */
static void a_hole_behind_the_step(void **state)
{
	char why[SCENARIO_WHY], text[] = "S: 220 mx.example.net ESMTP\nlose C 1\nC: EHLO "
					 "out.example.org\nS: 250 mx.example.net\n"
					 "C: MAIL FROM:<a@example.org>\nS: 250 Ok\nS! RST\nexpect "
					 "verdict drop-in-transaction\n";
	struct frames f = frames_of(scenario_parse("hole", text, why));
	(void)state;
	for (int64_t back = 0; back <= 50; back += 50)
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(
				run(&f, engines[i], (struct course){f.n, 5, back, 0}).after, 0);
	frames_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_silence_before_the_first_try),
		cmocka_unit_test(no_wait_before_the_syn),
		cmocka_unit_test(a_greeting_before_the_fin),
		cmocka_unit_test(a_reply_before_its_command),
		cmocka_unit_test(a_hole_behind_the_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
