/* test_acceptance.c - what counts as a wait for the answer to a whole message, and what cannot be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/acceptance.h"

#include "core/transaction.h"

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
	struct ending ending = {.unsure = UNSURE_NONE};
	struct session_facts session = {.first = t};
	struct conn conn = {.flow = {{.gap = client_gap}, {.gap = server_gap}}};
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

/* What the client reads at its dot had come before that. Of a clock that went back meanwhile the reply bears the later time. */
static void answered_before_its_end(void **state)
{
	struct transaction t = answered_after(WAIT);
	(void)state;
	t.early = t.code = 552;
	assert_int_equal(slowest(&t, 0, 0).waited, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_were_seen),
		cmocka_unit_test(one_end_lies_in_a_hole),
		cmocka_unit_test(answered_before_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
