/* test_server_history.c - what sessions of one server have in common: ended together, at the same
 * age, after the same count; and the bounds of that memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/segments.h"
#include "lib/within.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/server_history.h"

#define S  FRAME_SECOND
#define MS FRAME_MS

static const uint64_t seed[2] = {1, 2};
static const int64_t begin = 1000000 * S;

static const struct ending by_fin = {
	.connected = true, .closer = CLOSER_SERVER, .how = HOW_FIN, .spoke = true};
static const struct ending by_rst = {
	.connected = true, .closer = CLOSER_SERVER, .how = HOW_RST, .spoke = true};

struct fixture {
	struct pool *pool;
	struct server_history *h;
};

static struct fixture fixture_new(unsigned servers)
{
	struct fixture x = {.pool = pool_new((size_t)16 << 20)};
	x.h = server_history_new(x.pool, seed, servers);
	assert_non_null(x.h);
	return x;
}

static void fixture_free(struct fixture *x)
{
	server_history_free(x->h);
	assert_int_equal(pool_used(x->pool), 0);
	pool_free(x->pool);
}

/* A connection to the n-th server that began so long before it closed at ts. */
static struct conn conn_to(unsigned n, int64_t ts, int64_t age)
{
	struct conn c = {.start = ts - age, .port = {40000, 25}};
	memset(c.addr[SERVER].b + 10, 0xff, 2);
	memcpy(c.addr[SERVER].b + 12, &n, 4);
	return c;
}

static void closed_conn(struct fixture *x, const struct conn *c, const struct ending *e, int64_t ts)
{
	struct server_event event;
	if (server_history_event(c, e, ts, &event))
		server_history_closed(x->h, &event);
}

static void closed(struct fixture *x, unsigned server, const struct ending *e, int64_t ts)
{
	struct conn c = conn_to(server, ts, 5 * S);
	closed_conn(x, &c, e, ts);
}

static struct cause_hints hints(struct fixture *x, unsigned server, const struct ending *e,
				int64_t ts, int64_t age, uint32_t messages)
{
	struct conn c = conn_to(server, ts, age);
	struct cause_hints out = {9, 9, 9, 9};
	server_history_hints(x->h, &c, &(struct session_info){.messages = messages}, e, ts, &out);
	return out;
}

static void assert_hints(struct cause_hints got, struct cause_hints want)
{
	assert_int_equal(got.together, want.together);
	assert_int_equal(got.together_rst, want.together_rst);
	assert_int_equal(got.same_life, want.same_life);
	assert_int_equal(got.same_messages, want.same_messages);
}

/* One session, from its end to its being asked for. */
static struct cause_hints ended(struct fixture *x, const struct ending *e, int64_t ts, int64_t age,
				uint32_t messages)
{
	closed(x, 1, e, ts);
	return hints(x, 1, e, ts, age, messages);
}

static void within_a_second_is_together(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	static const int64_t times[] = {0, 700 * MS, 1000 * MS, 1800 * MS, 9000 * MS};
	static const uint32_t together[] = {3, 3, 4, 2, 1};
	for (unsigned i = 0; i < 5; i++)
		closed(&x, 1, i == 1 ? &by_rst : &by_fin, begin + times[i]);
	closed(&x, 2, &by_fin, begin);
	for (unsigned i = 0; i < 5; i++)
		assert_hints(hints(&x, 1, &by_fin, begin + times[i], 5 * S, 0),
			     (struct cause_hints){.together = together[i], .together_rst = i < 3});
	assert_hints(hints(&x, 2, &by_fin, begin, 5 * S, 0), (struct cause_hints){.together = 1});
	fixture_free(&x);
}

/* Two thousand at once, and no more memory for them. */
static void many_at_once_are_counted(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	size_t used = pool_used(x.pool);
	for (unsigned i = 0; i < 2000; i++)
		closed(&x, 1, &by_rst, begin + i * MS / 4);
	assert_int_equal(pool_used(x.pool), used);
	assert_hints(hints(&x, 1, &by_rst, begin + 250 * MS, 5 * S, 0),
		     (struct cause_hints){.together = 2000, .together_rst = 2000});
	fixture_free(&x);
}

/* One every 10 ms for a minute: about 200 lie within a second, whenever it is asked. */
static void a_steady_stream_is_counted_about_right(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	for (int64_t at = 0; at < 60 * S; at += 10 * MS) {
		closed(&x, 1, &by_fin, begin + at);
		if (at < 2 * S)
			continue;
		uint32_t n = hints(&x, 1, &by_fin, begin + at - S, 5 * S, 0).together;
		assert_within(n, 185, 216);
	}
	fixture_free(&x);
}

/* Only what the server did of itself counts, and is told anything. */
static void others_do_not_count(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	const struct ending others[] = {
		{.connected = true, .closer = CLOSER_CLIENT, .how = HOW_FIN},
		{.connected = true, .closer = CLOSER_NOBODY, .how = HOW_SILENCE, .vanished = true},
		{.connected = true, .closer = CLOSER_SERVER, .how = HOW_FIN, .quit_sent = true},
		{.connected = true,
		 .closer = CLOSER_SERVER,
		 .how = HOW_FIN,
		 .farewell = FAREWELL_REFUSAL},
		{.connected = true, .closer = CLOSER_SERVER, .how = HOW_FIN, .encrypted = true},
		{.connected = true,
		 .closer = CLOSER_SERVER,
		 .how = HOW_FIN,
		 .unsure = UNSURE_SERVER_GAP},
		{.closer = CLOSER_SERVER, .how = HOW_RST, .refused = true},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		closed(&x, 1, &others[i], begin);
		assert_hints(hints(&x, 1, &others[i], begin, 60 * S, 9), (struct cause_hints){0});
	}
	assert_hints(ended(&x, &by_fin, begin, 60 * S, 9), (struct cause_hints){.together = 1});
	const struct ending announced = {.connected = true,
					 .closer = CLOSER_CLIENT,
					 .final_421 = PLACE_BETWEEN},
			    unasked = {.connected = true,
				       .closer = CLOSER_CLIENT,
				       .unasked_221 = PLACE_BEFORE};
	assert_int_equal(ended(&x, &announced, begin, 5 * S, 0).together, 2);
	assert_hints(ended(&x, &unasked, begin, 5 * S, 0), (struct cause_hints){.together = 3});
	fixture_free(&x);
}

static void ages_are_learned(void **state)
{
	(void)state;
	/* The first is forgotten when the last comes. */
	struct fixture x = fixture_new(8);
	static const struct {
		int64_t at, age;
		uint32_t same;
	} rows[] = {
		{0, 120 * S, 0},       {100 * S, 121 * S, 1}, {200 * S, 123 * S, 1},
		{300 * S, 60 * S, 0},  {400 * S, 119 * S, 2}, {500 * S, 5 * S, 0},
		{600 * S, 5 * S, 0},   {700 * S, 12 * S, 0},  {800 * S, 12 * S, 1},
		{900 * S, 120 * S, 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_hints(ended(&x, &by_fin, begin + rows[i].at, rows[i].age, 0),
			     (struct cause_hints){.together = 1, .same_life = rows[i].same});
	fixture_free(&x);
}

static void counts_are_learned(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	static const struct {
		uint32_t messages, same;
	} rows[] = {{100, 0}, {100, 1}, {99, 0}, {100, 2}, {1, 0},
		    {1, 0},   {0, 0},   {0, 0},  {2, 0},   {2, 1}};
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_hints(ended(&x, &by_fin, begin + i * 100 * S, (20 + 10 * i) * S,
				   rows[i].messages),
			     (struct cause_hints){.together = 1, .same_messages = rows[i].same});
	fixture_free(&x);
}

/* Connections that began together and were ended together are of one age, and of one event. */
static void what_ended_together_teaches_nothing(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	for (unsigned i = 0; i < 4; i++)
		closed(&x, 1, &by_fin, begin + i * 10 * MS);
	for (unsigned i = 0; i < 4; i++)
		assert_hints(hints(&x, 1, &by_fin, begin + i * 10 * MS, 60 * S, 7),
			     (struct cause_hints){.together = 4});
	assert_hints(ended(&x, &by_fin, begin + 100 * S, 60 * S, 7),
		     (struct cause_hints){.together = 1, .same_life = 4, .same_messages = 4});
	fixture_free(&x);
}

/* The latest eight ends are remembered. */
static void old_ends_are_forgotten(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ended(&x, &by_fin, begin + i * 10 * S, 60 * S, 0).same_life,
				 i < 8 ? i : 8);
	for (unsigned i = 20; i < 28; i++)
		ended(&x, &by_fin, begin + i * 10 * S, (2 * i + 100) * S, 0);
	assert_int_equal(ended(&x, &by_fin, begin + 280 * S, 60 * S, 0).same_life, 0);
	fixture_free(&x);
}

/* The server that was longest not heard of makes room; asking is hearing of it too. */
static void a_full_table_forgets_the_oldest(void **state)
{
	(void)state;
	struct fixture x = fixture_new(3);
	for (unsigned n = 1; n <= 3; n++) {
		closed(&x, n, &by_fin, begin);
		closed(&x, n, &by_fin, begin);
	}
	assert_int_equal(hints(&x, 1, &by_fin, begin, 5 * S, 0).together, 2);
	closed(&x, 4, &by_fin, begin);
	assert_int_equal(hints(&x, 1, &by_fin, begin, 5 * S, 0).together, 2);
	assert_int_equal(hints(&x, 3, &by_fin, begin, 5 * S, 0).together, 2);
	assert_int_equal(hints(&x, 4, &by_fin, begin, 5 * S, 0).together, 1);
	assert_hints(hints(&x, 2, &by_rst, begin, 5 * S, 0),
		     (struct cause_hints){.together = 1, .together_rst = 1});
	fixture_free(&x);
}

static void ports_are_servers_of_their_own(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	struct conn a = conn_to(1, begin, 5 * S), b = a;
	struct cause_hints out;
	b.port[SERVER] = 587;
	closed_conn(&x, &a, &by_fin, begin);
	closed_conn(&x, &b, &by_fin, begin);
	server_history_hints(x.h, &b, &(struct session_info){0}, &by_fin, begin, &out);
	assert_int_equal(out.together, 1);
	fixture_free(&x);
}

/* A hundred thousand servers pass through a table of 64, and once it is full their number costs
 * nothing; the latest are remembered. */
static void memory_is_bounded(void **state)
{
	(void)state;
	struct fixture x = fixture_new(64);
	size_t used = 0, held = 0;
	for (unsigned n = 0; n < 100000; n++) {
		closed(&x, n, &by_fin, begin + n * MS);
		if (n < 64) {
			used = pool_used(x.pool);
			held = pool_reserved(x.pool);
		}
		assert_int_equal(hints(&x, n, &by_fin, begin + n * MS, 60 * S, 2).together, 1);
		if (n >= 20)
			assert_int_equal(
				hints(&x, n - 20, &by_fin, begin + (n + 5000) * MS, 60 * S, 2)
					.same_life,
				1);
	}
	assert_int_equal(pool_used(x.pool), used);
	assert_int_equal(pool_reserved(x.pool), held);
	fixture_free(&x);
}

/* What a table of 16 should know: who was heard of last, and how many ends of each lie within the
 * second. */
static void it_agrees_with_a_plain_list(void **state)
{
	(void)state;
	struct dice d = dice_new("it_agrees_with_a_plain_list", 4);
	struct fixture x = fixture_new(16);
	unsigned order[16], n = 0, count[40] = {0};
	for (unsigned i = 0; i < 20000; i++) {
		unsigned server = dice_roll(&d, 40), at = 0;
		while (at < n && order[at] != server)
			at++;
		if (at == n && n == 16)
			count[order[at = 15]] = 0;
		else if (at == n)
			n++;
		memmove(order + 1, order, at * sizeof *order);
		order[0] = server;
		count[server]++;
		closed(&x, server, &by_fin, begin);
		assert_int_equal(hints(&x, server, &by_fin, begin, 5 * S, 0).together,
				 count[server]);
	}
	fixture_free(&x);
}

/* Clocks are stepped: ends from before the last ones are no trouble. */
static struct cause_hints ended_age(struct fixture *x, const struct ending *e, int64_t ts,
				    int64_t age)
{
	struct conn c = conn_to(1, ts, age);
	closed_conn(x, &c, e, ts);
	return hints(x, 1, e, ts, age, 0);
}

/* A burst that is turned away began together: that it ends together tells nothing. */
static void the_young_are_not_together(void **state)
{
	(void)state;
	struct fixture x = fixture_new(8);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ended_age(&x, &by_fin, begin + i * MS, 900 * MS).together, 1);
	fixture_free(&x);
	x = fixture_new(8);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ended_age(&x, &by_fin, begin + 60 * S + i * MS, S).together,
				 i + 1);
	fixture_free(&x);
}

/* A server that ends every session so, and now three or thirty of them at once, does what it always
 * does. One that does it for once is stopped. */
static void a_habit_is_no_event(void **state)
{
	(void)state;
	static const struct ending clean = {.connected = true,
					    .closer = CLOSER_CLIENT,
					    .how = HOW_FIN,
					    .spoke = true,
					    .quit_sent = true};
	static const struct ending other = {
		.connected = true, .closer = CLOSER_SERVER, .how = HOW_FIN, .stage = STAGE_RCPT};
	struct fixture x = fixture_new(8);
	for (unsigned i = 0; i < 3; i++)
		ended_age(&x, &by_fin, begin + i * 10 * S, 5 * S);
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(ended_age(&x, &by_fin, begin + 60 * S + i * MS, 5 * S).together,
				 1);
	for (unsigned i = 0; i < 3; i++)
		closed(&x, 1, &other, begin + 120 * S);
	assert_int_equal(hints(&x, 1, &other, begin + 120 * S, 5 * S, 0).together, 3);
	for (unsigned i = 0; i < 100; i++)
		ended_age(&x, &clean, begin + (200 + i) * S, 5 * S);
	for (unsigned i = 0; i < 3; i++)
		closed(&x, 1, &by_fin, begin + 600 * S);
	assert_int_equal(hints(&x, 1, &by_fin, begin + 600 * S, 5 * S, 0).together, 3);
	fixture_free(&x);
}

static void time_may_jump(void **state)
{
	(void)state;
	struct dice d = dice_new("time_may_jump", 5);
	struct fixture x = fixture_new(4);
	for (unsigned i = 0; i < 20000; i++) {
		int64_t ts = dice_roll(&d, 50) == 0
				     ? (int64_t)dice_roll(&d, 1000) - 500
				     : begin + (int64_t)dice_roll(&d, 10) * S - 5 * S;
		struct cause_hints out = ended(&x, &by_rst, ts,
					       (int64_t)dice_roll(&d, 100) * S - 20 * S,
					       dice_roll(&d, 4));
		assert_true(out.together >= 1 && out.together_rst == out.together &&
			    out.same_life <= 8 && out.same_messages <= 8);
	}
	fixture_free(&x);
}

static void without_memory_nothing_is_known(void **state)
{
	(void)state;
	struct pool *pool = pool_new(1 << 10);
	assert_null(server_history_new(pool, seed, 4096));
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
	server_history_free(NULL);
	struct fixture x = fixture_new(0);
	assert_hints(ended(&x, &by_rst, begin, 60 * S, 2),
		     (struct cause_hints){.together = 1, .together_rst = 1});
	fixture_free(&x);
}

/* With 300 servers the tables can grow no more: what they hold is what is remembered, and the
 * oldest still makes room. */
static void a_table_that_cannot_grow_forgets_too(void **state)
{
	(void)state;
	enum { SERVERS = 2000 };
	struct fixture x = fixture_new(SERVERS);
	size_t room = 0;
	void *rest = NULL;
	for (unsigned n = 0; n < SERVERS; n++) {
		if (n == 300) {
			room = ((size_t)16 << 20) - pool_reserved(x.pool);
			rest = pool_get_large(x.pool, room);
			assert_non_null(rest);
		}
		closed(&x, n, &by_fin, begin);
		closed(&x, n, &by_fin, begin);
	}
	assert_int_equal(hints(&x, SERVERS - 1, &by_fin, begin, 5 * S, 0).together, 2);
	assert_int_equal(hints(&x, SERVERS - 300, &by_fin, begin, 5 * S, 0).together, 2);
	assert_int_equal(hints(&x, 0, &by_fin, begin, 5 * S, 0).together, 1);
	pool_put_large(x.pool, rest, room);
	fixture_free(&x);
}

/* What a server does under TLS is known of the sessions before, and of one that closed first by its
 * own accord. */
static void habits(void **state)
{
	(void)state;
	struct pool *pool = pool_new(1 << 20);
	struct server_history *h = server_history_new(pool, (const uint64_t[]){1, 2}, 8);
	struct conn conn = {.port = {40000, 25}};
	const struct ending_tls quit = {.followed = true,
					.done = true,
					.first = CLOSER_SERVER,
					.notified = true,
					.short_answered = true,
					.reply = 15};
	struct ending e = {.encrypted = true, .tls = quit};
	assert_non_null(h);

	e.tls.first = CLOSER_CLIENT;
	server_history_habits(h, &conn, &e);
	e.tls = quit;
	server_history_habits(h, &conn, &e);
	assert_false(e.tls.notifies); /* it only answered the client's */
	e.tls = quit;
	server_history_habits(h, &conn, &e);
	assert_true(e.tls.notifies);
	assert_int_equal(e.tls.usual, 0); /* one is no habit */
	e.tls = quit;
	server_history_habits(h, &conn, &e);
	assert_int_equal(e.tls.usual, 15);
	e.tls = quit;
	conn.port[SERVER] = 587;
	server_history_habits(h, &conn, &e);
	assert_false(e.tls.notifies); /* another server */
	server_history_free(h);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(habits),
		cmocka_unit_test(within_a_second_is_together),
		cmocka_unit_test(many_at_once_are_counted),
		cmocka_unit_test(a_steady_stream_is_counted_about_right),
		cmocka_unit_test(others_do_not_count),
		cmocka_unit_test(ages_are_learned),
		cmocka_unit_test(counts_are_learned),
		cmocka_unit_test(what_ended_together_teaches_nothing),
		cmocka_unit_test(old_ends_are_forgotten),
		cmocka_unit_test(a_full_table_forgets_the_oldest),
		cmocka_unit_test(ports_are_servers_of_their_own),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(it_agrees_with_a_plain_list),
		cmocka_unit_test(the_young_are_not_together),
		cmocka_unit_test(a_habit_is_no_event),
		cmocka_unit_test(time_may_jump),
		cmocka_unit_test(without_memory_nothing_is_known),
		cmocka_unit_test(a_table_that_cannot_grow_forgets_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
