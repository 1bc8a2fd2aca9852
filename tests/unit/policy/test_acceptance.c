/* test_acceptance.c - what counts as a wait for the answer to a whole message, and what cannot be
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/acceptance.h"

#include "core/session/transaction.h"
#include "lib/build.h"
#include "lib/weather.h"
#include "smtpwatch/monitor.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT = 90 };

static struct transaction answered_after(int64_t seconds)
{
	return (struct transaction){.answered = true,
				    .end_sent = true,
				    .code = 250,
				    .ts_end = 1000 * FRAME_SECOND,
				    .ts_reply = (1000 + seconds) * FRAME_SECOND};
}

/* Of a session with this message; bytes of the client and of the server are missing. */
static struct acceptance slowest(struct transaction *t, uint64_t client_gap, uint64_t server_gap)
{
	struct conn_side sides[2] = {{0}};
	struct ending ending = {.unsure = UNSURE_NONE};
	struct session_info session = {.first = t};
	struct conn conn = {.flow = {{.gap = client_gap}, {.gap = server_gap}}, .side = sides};
	struct record r = {.conn = &conn, .session = &session, .ending = &ending};
	return acceptance_slowest(&r);
}

static void both_ends_were_seen(void **state)
{
	struct transaction t = answered_after(WAIT);
	(void)state;
	struct acceptance a = slowest(&t, 0, 0);
	assert_int_equal(a.waited, WAIT * FRAME_SECOND);
	assert_true(a.answered && a.message == &t);
}

static void one_end_lies_in_a_hole(void **state)
{
	struct transaction t = answered_after(WAIT);
	(void)state;
	assert_int_equal(slowest(&t, 1, 0).waited, 0);
	assert_int_equal(slowest(&t, 0, 1).waited, 0);
	t.hole = true;
	assert_int_equal(slowest(&t, 0, 0).waited, 0);
}

/* What the client reads at its dot had come before that. Of a clock that went back meanwhile the
 * reply bears the later time. */
static void answered_before_its_end(void **state)
{
	struct transaction t = answered_after(WAIT);
	(void)state;
	t.early = t.code = 552;
	assert_int_equal(slowest(&t, 0, 0).waited, 0);
}

static void take(void *arg, const struct record *r)
{
	*(int64_t *)arg = acceptance_slowest(r).waited / FRAME_SECOND;
}

/* Seconds, of a capture of which so many frames are missing. */
static int64_t waited(const char *text, size_t first, size_t n)
{
	char why[SCENARIO_WHY], *copy = strdup(text);
	int64_t seconds = -1;
	struct scenario *s = scenario_parse("message", copy, why);
	assert_non_null(s);
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weathers, 1);
	struct monitor_config config = monitor_config_default();
	config.session = take;
	config.arg = &seconds;
	struct monitor *m = monitor_new(&config);
	monitor_frames(m, f.frame, first);
	monitor_frames(m, f.frame + first + n, f.n - first - n);
	monitor_finish(m);
	monitor_free(m);
	frames_free(&f);
	trace_free(&trace);
	scenario_free(s);
	free(copy);
	return seconds;
}

#define BEGINS                                                                                     \
	"S: 220 mx.example.net ESMTP\nC: EHLO out.example.org\nS: 250 mx.example.net\nC: MAIL "    \
	"FROM:<a@example.org>\nS: 250 Ok\n"                                                        \
	"C: RCPT TO:<b@example.net>\nS: 250 Ok\nC: DATA\nS: 354 go ahead\nC: Subject: "            \
	"big\nC+\nbulk C 2000\n"
#define ENDS                                                                                       \
	"bulk C 800\nC: .\nwait 61s\nS: 552 too big\nC: QUIT\nS: 221 Bye\nS! FIN\nexpect verdict " \
	"clean\n"

/* Where the handshake is missing, a reply that comes too early shows that the pairing may be wrong:
 * what the client read as the answer to its dot is not known. */
static void perhaps_answered_before_its_end(void **state)
{
	(void)state;
	assert_int_equal(waited(BEGINS ENDS, 0, 0), 61);
	assert_int_equal(waited(BEGINS ENDS, 0, 2), 61);
	assert_int_equal(waited(BEGINS "S: 552 too big\n" ENDS, 0, 0), 0);
	assert_int_equal(waited(BEGINS "S: 552 too big\n" ENDS, 0, 2), 0);
}

/* The client gets none of the server's tries, of which the capture misses the first. A reply that
 * comes late once is acknowledged. */
static void the_first_try_is_missing(void **state)
{
	static const char lost[] = BEGINS "C: .\nmtu S 1\nS: 250 queued\nretransmit S 9\nwait "
					  "100s\nC! FIN\nexpect verdict client-no-quit\n";
	static const char slow[] = BEGINS "C: .\nwait 90s\nS: 250 queued\nC: QUIT\nS: 221 Bye\nS! "
					  "FIN\nexpect verdict clean\n";
	enum { DOT = 17 };
	(void)state;
	for (size_t n = 0; n < 9; n++)
		assert_int_equal(waited(lost, DOT, n), 0);
	assert_int_equal(waited(slow, DOT, 0), 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_were_seen),
		cmocka_unit_test(one_end_lies_in_a_hole),
		cmocka_unit_test(answered_before_its_end),
		cmocka_unit_test(perhaps_answered_before_its_end),
		cmocka_unit_test(the_first_try_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
