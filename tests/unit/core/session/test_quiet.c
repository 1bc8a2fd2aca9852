/* test_quiet.c - time that goes on without frames, as on a quiet link: what it tells of a silent
 * peer is not taken back at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

static void take(void *arg, const struct record *r)
{
	*(enum verdict *)arg = r->judgement.verdict;
}

/* The frames of the first `most` seconds, then so many seconds of quiet. */
static enum verdict judge(const char *path, int64_t most, int64_t quiet)
{
	char why[SCENARIO_WHY];
	enum verdict verdict = VERDICTS;
	struct scenario *s = scenario_read(path, why);
	assert_non_null(s);
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weathers, 1);
	size_t n = 0;
	while (n < f.n && f.frame[n].ts - f.frame[0].ts < most * FRAME_SECOND)
		n++;
	struct monitor_config config = monitor_config_default();
	config.session = take;
	config.arg = &verdict;
	struct monitor *m = monitor_new(&config);
	monitor_frames(m, f.frame, n);
	for (int64_t i = 1; i <= quiet; i++)
		monitor_tick(m, f.frame[n - 1].ts + i * FRAME_SECOND);
	monitor_finish(m);
	monitor_free(m);
	frames_free(&f);
	trace_free(&trace);
	scenario_free(s);
	return verdict;
}

static void quiet_counts_as_silence(void **state)
{
	static const char path[] = "tests/scenarios/vanished-dot.smtp";
	(void)state;
	assert_int_equal(judge(path, 60, 0), VERDICT_UNKNOWN);
	assert_int_equal(judge(path, 60, 59), VERDICT_SERVER_VANISHED);
	assert_int_equal(judge(path, 60, 61), VERDICT_SERVER_VANISHED);
	assert_int_equal(judge(path, 60, 500), VERDICT_SERVER_VANISHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(quiet_counts_as_silence)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
