/* test_ring.c - what is put into a ring comes out, once, in order and whole; what finds no room is
 * refused, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/ring.h"
#include "lib/segments.h"

#include <poll.h>
#include <pthread.h>

enum { SIZE = 4096, MESSAGES = 200000 };

static size_t length_of(uint32_t i)
{
	return i * 2654435761u % 700;
}

static bool put(struct ring *r, uint32_t i)
{
	size_t n = length_of(i);
	uint8_t *to = ring_reserve(r, i, n, 0);
	if (!to)
		return false;
	assert_int_equal((uintptr_t)to % 16, 0);
	memset(to, (int)(i & 0xff), n);
	ring_commit(r);
	return true;
}

/* False: there is none. */
static bool take(struct ring *r, uint32_t i)
{
	uint32_t kind = UINT32_MAX;
	const uint8_t *from = ring_peek(r, &kind);
	if (!from)
		return false;
	assert_int_equal(kind, i);
	for (size_t k = 0; k < length_of(i); k++)
		assert_int_equal(from[k], i & 0xff);
	ring_release(r);
	return true;
}

/* In runs of every length, so that each message meets the block's end at each place. */
static void what_goes_in_comes_out(void **state)
{
	struct ring *r = ring_new(SIZE);
	struct dice d = dice_new("ring", 1);
	uint32_t in = 0, out = 0;
	(void)state;
	while (in < MESSAGES) {
		for (uint32_t n = dice_roll(&d, 12); n > 0 && put(r, in); n--)
			in++;
		for (uint32_t n = dice_roll(&d, 12); n > 0 && take(r, out); n--)
			out++;
	}
	while (take(r, out))
		out++;
	assert_int_equal(in, out);
	ring_free(r);
}

static void a_full_ring_refuses(void **state)
{
	struct ring *r = ring_new(SIZE);
	uint32_t kind, n = 0;
	(void)state;
	assert_null(ring_peek(r, &kind));
	assert_null(ring_reserve(r, 1, SIZE, 0));
	assert_null(ring_reserve(r, 1, SIZE / 2, 0));
	/* what is to be spared for others is */
	for (; ring_reserve(r, n, 112, SIZE / 4); n++)
		ring_commit(r);
	assert_int_equal(n, SIZE / 128 * 3 / 4);
	for (; ring_reserve(r, n, 112, 0); n++)
		ring_commit(r);
	assert_int_equal(n, SIZE / 128);
	assert_non_null(ring_peek(r, &kind));
	assert_int_equal(kind, 0);
	assert_null(ring_reserve(r, n, 112, 0));
	ring_release(r);
	assert_non_null(ring_reserve(r, n, 112, 0));
	assert_null(ring_reserve(r, n, 113, 0));
	ring_free(r);
}

/* Half of the block is always found, wherever the last message ended. */
static void the_longest_finds_a_place_in_an_empty_ring(void **state)
{
	struct ring *r = ring_new(SIZE);
	uint32_t kind;
	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_non_null(ring_reserve(r, i, i % 3 == 0 ? SIZE / 2 - 16 : i % 300, 0));
		ring_commit(r);
		assert_non_null(ring_peek(r, &kind));
		assert_int_equal(kind, i);
		ring_release(r);
	}
	ring_free(r);
}

static bool readable(const struct ring *r)
{
	struct pollfd p = {.fd = ring_descriptor(r), .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void the_other_side_is_woken(void **state)
{
	struct ring *r = ring_new(SIZE);
	(void)state;
	assert_false(readable(r));
	ring_wake(r);
	ring_wake(r);
	assert_true(readable(r));
	ring_clear(r);
	assert_false(readable(r));
	ring_clear(r);
	ring_free(r);
}

static void *producer(void *arg)
{
	struct ring *r = arg;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		while (!put(r, i))
			ring_wake(r);
		if (i % 16 == 0)
			ring_wake(r);
	}
	ring_wake(r);
	return NULL;
}

static void two_threads(void **state)
{
	struct ring *r = ring_new(SIZE);
	pthread_t thread;
	uint32_t out = 0;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, producer, r), 0);
	while (out < MESSAGES) {
		struct pollfd p = {.fd = ring_descriptor(r), .events = POLLIN};
		assert_int_equal(poll(&p, 1, 10000), 1);
		ring_clear(r);
		while (take(r, out))
			out++;
	}
	pthread_join(thread, NULL);
	assert_false(take(r, out));
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(a_full_ring_refuses),
		cmocka_unit_test(the_longest_finds_a_place_in_an_empty_ring),
		cmocka_unit_test(the_other_side_is_woken),
		cmocka_unit_test(two_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
