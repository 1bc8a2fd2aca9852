/* test_helper_keeper.c - what becomes of a process of an output that dies: it is started anew, and
 * no record is lost untold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/peer.h"
#include "lib/within.h"
#include "transport/helper_process.h"

static const struct run_mode live = {.live = true}, offline;

/* A helper_work that does each job, but dies of one that begins with 'd'. */
static void work_mortal(int fd, const void *arg)
{
	static uint8_t job[HELPER_JOB_MAX];
	size_t n;

	(void)arg;
	while ((n = helper_take(fd, job)) > 0) {
		if (job[0] == 'd')
			raise(SIGKILL);
		helper_report(fd, (struct helper_report){.done = 1});
	}
}

static void job_put(struct helper *helper, char letter)
{
	outbuf_char(helper_job(helper), letter);
	assert_true(helper_send(helper));
}

/* What the poll loop does, until all jobs are done or lost, and seconds at most. */
static void helper_await(struct helper *helper, unsigned seconds)
{
	struct helper_counts c;
	int64_t begin = clock_ms();

	do {
		struct pollfd f;

		helper_flush(helper);
		if (helper_poll(helper, &f) > 0 && poll(&f, 1, 10) > 0)
			helper_ready(helper, &f);
		c = helper_counts(helper);
	} while (c.offered != c.done + c.lost && helper_alive(helper) &&
		 clock_ms() - begin < seconds * INT64_C(1000));
}

/* It is started anew, and gets what waited; what it had and did not do is lost, and no more. */
static void a_process_that_dies_is_started_anew(void **state)
{
	(void)state;
	struct helper *helper;
	struct helper_counts c;
	struct error why;
	struct peer p;
	char said[128];
	int64_t begin = clock_ms();

	peer_init(&p, SOCK_STREAM);
	helper = helper_start("made", &live, work_mortal, NULL, &why);
	assert_non_null(helper);
	job_put(helper, 'a');
	helper_await(helper, 5);
	for (unsigned i = 0; i < 100; i++)
		job_put(helper, i == 0 ? 'd' : 'b');
	helper_await(helper, 5);
	assert_within(clock_ms() - begin, 900, 3000); /* the back-off */
	c = helper_counts(helper);
	assert_int_equal(c.offered, 101);
	assert_int_equal(c.done + c.lost, 101);
	/* The second job is the death; so many were under way as it was quick to take. */
	assert_in_range(c.lost, 1, 32);
	assert_int_equal(c.restarts, 1);
	assert_true(helper_alive(helper));
	snprintf(said, sizeof said, "has died, and is started anew; records lost in it: %u",
		 (unsigned)c.lost);
	assert_int_equal(peer_said(&p, said), 1);
	assert_int_equal(peer_said(&p, "its process runs again"), 1);
	assert_true(helper_close(helper));
	snprintf(said, sizeof said, "records offered: 101, written: %u, lost: %u",
		 101 - (unsigned)c.lost, (unsigned)c.lost);
	assert_int_equal(peer_said(&p, said), 1);
	peer_free(&p);
}

/* A process that dies of what it gets at the end: the target misses that. */
static void a_process_that_dies_at_the_end_is_told(void **state)
{
	(void)state;
	static const struct run_mode *const modes[] = {&offline, &live};

	for (size_t k = 0; k < 2; k++) {
		struct helper *helper;
		struct error why;
		struct peer p;

		peer_init(&p, SOCK_STREAM);
		helper = helper_start("made", modes[k], work_mortal, NULL, &why);
		assert_non_null(helper);
		job_put(helper, 'a');
		job_put(helper, 'd');
		assert_false(helper_close(helper));
		peer_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_dies_is_started_anew),
		cmocka_unit_test(a_process_that_dies_at_the_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
