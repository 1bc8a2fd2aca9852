/* test_unix_socket.c - readers of a local socket that come late, go, come again, are slow, or take
 * nothing: nothing waits, no record is torn, what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/peer.h"
#include "lib/within.h"
#include "smtpwatch/frame.h"
#include "transport/unix_socket.h"

#define S FRAME_SECOND
enum { START = 1000 };

static const struct run_mode live = {.live = true}, offline;

/* A line with its number, and filled up to n bytes. */
static bool put(struct outsocket *s, unsigned number, unsigned n)
{
	outbuf_format(&s->buf, "%08u", number);
	while (s->buf.n + 1 < n)
		outbuf_char(&s->buf, 'x');
	outbuf_char(&s->buf, '\n');
	return outsocket_put(s);
}

/* Asserts that whole lines were got, one number after the other from the first; the number behind
 * the last. */
static unsigned lines_in_order(const char *text, unsigned first)
{
	while (*text != '\0') {
		const char *end = strchr(text, '\n');

		assert_non_null(end);
		assert_int_equal(strtoul(text, NULL, 10), first);
		assert_int_equal(strspn(text + 8, "x"), end - text - 8);
		first++;
		text = end + 1;
	}
	return first;
}

static void open_live(struct outsocket *s, struct peer *p)
{
	struct error why;

	assert_true(outsocket_open(s, p->path,
				   p->type == SOCK_STREAM ? OUTSOCKET_STREAM : OUTSOCKET_DATAGRAM,
				   "made", &live, &why));
}

/* What the loop does when the reader can take more. */
static void turn(struct outsocket *s)
{
	struct pollfd p;

	if (outsocket_poll(s, &p) > 0 && poll(&p, 1, 0) >= 0)
		outsocket_ready(s, &p);
}

static void a_reader_who_comes_late_gets_all(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;

	peer_init(&p, SOCK_STREAM);
	open_live(&s, &p);
	outsocket_tick(&s, START * S);
	for (unsigned i = 0; i < 3; i++)
		assert_true(put(&s, i, 20));
	outsocket_flush(&s);
	peer_listen(&p);
	outsocket_tick(&s, START * S + S / 2); /* too early: it waits a second at least */
	assert_false(peer_accept(&p));
	outsocket_tick(&s, (START + 3) * S);
	assert_true(peer_accept(&p));
	peer_read(&p, 0);
	assert_int_equal(lines_in_order(p.got, 0), 3);
	assert_int_equal(s.state.lost, 0);
	assert_int_equal(outsocket_reconnects(&s), 0);
	assert_int_equal(peer_said(&p, "made: No such file"), 1);
	assert_int_equal(peer_said(&p, "takes records again; records lost: 0"), 1);
	assert_int_equal(peer_said(&p, ""), 2);
	assert_true(outsocket_close(&s));
	peer_free(&p);
}

/* The pauses double up to about a minute, and it is said once that nobody is there. */
static void the_pauses_grow(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;
	int64_t now = START * S;
	unsigned tries = 0;

	peer_init(&p, SOCK_STREAM);
	open_live(&s, &p);
	for (int second = 0; second < 1000; second++, now += S) {
		int64_t before = s.retry;

		outsocket_tick(&s, now);
		tries += s.retry != before;
		assert_true(s.retry - now <= 64 * S);
	}
	assert_within(tries, 15, 25);
	assert_int_equal(peer_said(&p, ""), 1);
	outsocket_tick(&s, now / 2); /* the clock is set back: it is tried all the same */
	assert_true(s.retry - now / 2 <= 64 * S);
	outsocket_close(&s);
	peer_free(&p);
}

static void who_goes_in_the_middle_tears_no_record(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;
	unsigned first, next;

	peer_init(&p, SOCK_STREAM);
	peer_listen(&p);
	open_live(&s, &p);
	outsocket_tick(&s, START * S);
	assert_true(peer_accept(&p));
	for (unsigned i = 0; i < 40; i++)
		put(&s, i, 50000);
	outsocket_flush(&s);
	assert_true(outqueue_used(&s.queue) > 0);
	peer_read(&p, 25000);
	peer_leave(&p);
	turn(&s);
	assert_int_equal(s.fd, -1);
	peer_listen(&p);
	outsocket_tick(&s, (START + 20) * S);
	assert_true(peer_accept(&p));
	p.n = 0;
	for (unsigned i = 0; i < 1000 && (outqueue_used(&s.queue) > 0 || i < 2); i++) {
		peer_read(&p, 0);
		turn(&s);
	}
	peer_read(&p, 0);
	first = (unsigned)strtoul(p.got, NULL, 10);
	assert_true(first > 0); /* some were in the first reader's hands */
	next = lines_in_order(p.got, first);
	assert_int_equal(next, 40);
	assert_int_equal(outsocket_reconnects(&s), 1);
	assert_true(outsocket_close(&s));
	peer_free(&p);
}

static void who_takes_nothing_costs_a_bound_and_no_time(void **state)
{
	(void)state;
	enum { RECORDS = 100000, BYTES = 100 };
	struct outsocket s;
	struct peer p;
	unsigned next;

	peer_init(&p, SOCK_STREAM);
	peer_listen(&p);
	open_live(&s, &p);
	outsocket_tick(&s, START * S);
	assert_true(peer_accept(&p));
	for (unsigned i = 0; i < RECORDS; i++)
		assert_true(put(&s, i, BYTES));
	assert_true(outqueue_used(&s.queue) <= OUTQUEUE_BOUND);
	assert_true(s.state.lost > RECORDS / 4);
	assert_int_equal(peer_said(&p, ""), 1);
	for (unsigned i = 0; i < 10000 && outqueue_used(&s.queue) > 0; i++) {
		peer_read(&p, 0);
		turn(&s);
	}
	peer_read(&p, 0);
	next = lines_in_order(p.got, 0);
	assert_int_equal(next + s.state.lost, RECORDS);
	assert_int_equal(peer_said(&p, "takes records again"), 1);
	/* The next episode is told anew. */
	assert_true(put(&s, next, BYTES));
	assert_true(outsocket_close(&s));
	peer_free(&p);
}

/* A record that never fits is no fault of the reader's: it has a sentence of its own, and the
 * others go on. */
static void a_record_beyond_the_bound_is_told_apart(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;

	peer_init(&p, SOCK_STREAM);
	peer_listen(&p);
	open_live(&s, &p);
	outsocket_tick(&s, START * S);
	assert_true(peer_accept(&p));
	assert_true(put(&s, 0, OUTQUEUE_BOUND - OUTQUEUE_HEAD));
	assert_int_equal(s.state.lost, 0);
	for (unsigned i = 0; i < 1000 && outqueue_used(&s.queue) > 0; i++) {
		peer_read(&p, 0);
		turn(&s);
	}
	assert_true(put(&s, 9, OUTQUEUE_BOUND - OUTQUEUE_HEAD + 1));
	assert_true(put(&s, 9, OUTQUEUE_BOUND * 2));
	assert_int_equal(s.state.lost, 2);
	assert_true(put(&s, 1, 20));
	outsocket_flush(&s);
	peer_read(&p, 0);
	assert_int_equal(lines_in_order(p.got, 0), 2);
	assert_int_equal(peer_said(&p, ""), 1);
	assert_int_equal(peer_said(&p, "made: a record is too long for it, and is lost"), 1);
	assert_true(outsocket_close(&s));
	peer_free(&p);
}

static void who_goes_at_once_each_time_is_not_asked_all_the_time(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;
	unsigned accepted = 0;

	peer_init(&p, SOCK_STREAM);
	peer_listen(&p);
	open_live(&s, &p);
	for (unsigned i = 0; i < 300; i++) {
		outsocket_tick(&s, (START + i) * S);
		put(&s, i, 20);
		accepted += peer_accept(&p);
		if (p.fd >= 0)
			close(p.fd);
		p.fd = -1;
		turn(&s);
	}
	assert_within(accepted, 3, 20);
	outsocket_close(&s);
	peer_free(&p);
}

static void offline_nothing_is_lost_and_an_end_is_an_end(void **state)
{
	(void)state;
	struct error why;
	struct outsocket s;
	struct peer p;

	peer_init(&p, SOCK_STREAM);
	assert_false(outsocket_open(&s, p.path, OUTSOCKET_STREAM, "made", &offline, &why));
	assert_non_null(strstr(why.text, "cannot connect to /tmp/"));
	assert_false(outsocket_open(&s, "", OUTSOCKET_STREAM, "made", &offline, &why));
	peer_listen(&p);
	assert_true(outsocket_open(&s, p.path, OUTSOCKET_STREAM, "made", &offline, &why));
	assert_true(peer_accept(&p));
	assert_true(put(&s, 0, 20));
	peer_leave(&p);
	assert_false(put(&s, 1, 20));
	assert_false(put(&s, 2, 20));
	assert_int_equal(peer_said(&p, "nothing more goes there"), 1);
	assert_false(outsocket_close(&s));
	peer_free(&p);
}

/* Offline one record that was lost on the way makes a failure of the run, though the reader took
 * all that came behind it; live it was counted and said. */
static void what_was_lost_offline_is_missing_at_the_end(void **state)
{
	(void)state;
	static const struct run_mode *const modes[] = {&offline, &live};
	static const unsigned longest[] = {20, 3 << 20, OUTQUEUE_BOUND + 1};

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 3; i++) {
			struct error why;
			struct outsocket s;
			struct peer p;

			peer_init(&p, SOCK_DGRAM);
			peer_listen(&p);
			assert_true(outsocket_open(&s, p.path, OUTSOCKET_DATAGRAM, "made", modes[k],
						   &why));
			outsocket_tick(&s, START * S);
			assert_true(put(&s, 0, 20));
			assert_true(put(&s, 1, longest[i]));
			assert_true(put(&s, 2, 20));
			outsocket_flush(&s);
			peer_read(&p, 0);
			assert_int_equal(p.records, i == 0 ? 3 : 2);
			assert_int_equal(s.state.lost, i == 0 ? 0 : 1);
			assert_int_equal(outsocket_close(&s), i == 0 || modes[k]->live);
			peer_free(&p);
		}
}

static void datagrams_and_a_reader_that_is_started_again(void **state)
{
	(void)state;
	struct outsocket s;
	struct peer p;

	peer_init(&p, SOCK_DGRAM);
	peer_listen(&p);
	open_live(&s, &p);
	outsocket_tick(&s, START * S);
	put(&s, 0, 20);
	put(&s, 1, 3 << 20); /* no datagram can be so long */
	put(&s, 2, 20);
	outsocket_flush(&s);
	peer_read(&p, 0);
	assert_int_equal(p.records, 2);
	assert_int_equal(s.state.lost, 1);
	assert_int_equal(peer_said(&p, "too long"), 1);
	outsocket_tick(&s, (START + 100) * S);
	peer_leave(&p);
	peer_listen(&p);
	put(&s, 3, 20); /* the connection had stood: it is tried at once */
	outsocket_flush(&s);
	peer_read(&p, 0);
	assert_int_equal(p.records, 3);
	assert_int_equal(outsocket_reconnects(&s), 1);
	assert_true(outsocket_reopen(&s));
	put(&s, 4, 20);
	assert_true(outsocket_close(&s));
	peer_read(&p, 0);
	assert_int_equal(p.records, 4);
	peer_free(&p);
}

static void a_queue_keeps_order_and_bound(void **state)
{
	(void)state;
	static uint8_t big[OUTQUEUE_BOUND];
	struct outqueue q = {0};
	uint32_t put_n = 0, got_n = 0;

	assert_null(outqueue_first(&q).p);
	assert_false(outqueue_put(&q, bytes_of(big, sizeof(big))));
	assert_true(outqueue_put(&q, bytes_of(big, sizeof(big) - 4)));
	assert_false(outqueue_put(&q, bytes_of(big, 1)));
	outqueue_remove(&q);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t v[16] = {put_n};

		if (rand() % 5 < 3 && outqueue_put(&q, bytes_of(v, sizeof(v))))
			put_n++;
		else if (put_n > got_n) {
			memcpy(v, outqueue_first(&q).p, sizeof(v));
			assert_int_equal(v[0], got_n++);
			outqueue_remove(&q);
		}
	}
	assert_int_equal(outqueue_used(&q), (put_n - got_n) * 68);
	outqueue_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_who_comes_late_gets_all),
		cmocka_unit_test(the_pauses_grow),
		cmocka_unit_test(who_goes_in_the_middle_tears_no_record),
		cmocka_unit_test(who_takes_nothing_costs_a_bound_and_no_time),
		cmocka_unit_test(a_record_beyond_the_bound_is_told_apart),
		cmocka_unit_test(who_goes_at_once_each_time_is_not_asked_all_the_time),
		cmocka_unit_test(offline_nothing_is_lost_and_an_end_is_an_end),
		cmocka_unit_test(what_was_lost_offline_is_missing_at_the_end),
		cmocka_unit_test(datagrams_and_a_reader_that_is_started_again),
		cmocka_unit_test(a_queue_keeps_order_and_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
