/* test_prediction.c - the short way of the native engine says what its general way would: every
 * call to the listener, with all that it can read then, and every count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/general.h"
#include "lib/segments.h"

enum { ROUNDS = 400, TALKS = 5, BATCH = 16 };

/* Everything that is told, as one number that depends on the order too; and how much of it was
 * bytes. */
struct diary {
	uint64_t sum;
	unsigned calls, opens, data;
};

static void mix(struct diary *d, const void *p, size_t n)
{
	const uint8_t *at = p;
	for (size_t i = 0; i < n; i++)
		d->sum = (d->sum ^ at[i]) * UINT64_C(0x100000001b3);
}

static void mix_number(struct diary *d, uint64_t n)
{
	mix(d, &n, sizeof n);
}

static void mix_flow(struct diary *d, const struct conn_flow *f)
{
	mix_number(d, f->bytes);
	mix_number(d, f->gap);
	mix_number(d, f->acked);
	mix_number(d, (uint64_t)(f->syn | f->fin << 1 | f->rst << 2 | f->cut << 3));
	mix_number(d, (uint64_t)f->ttl << 16 | f->mss);
}

static void call_note(void *arg, const struct conn *conn, char what, int64_t ts)
{
	struct diary *d = arg;
	d->calls++;
	mix(d, &what, 1);
	mix_number(d, (uint64_t)ts);
	mix(d, conn->addr, sizeof conn->addr);
	mix(d, conn->port, sizeof conn->port);
	mix_number(d, conn->reused);
	mix_number(d, (uint64_t)conn->last);
	mix_number(d, (uint64_t)conn->rtt);
	mix_flow(d, &conn->flow[CLIENT]);
	mix_flow(d, &conn->flow[SERVER]);
}

static void on_open(void *arg, struct conn *conn)
{
	struct diary *d = arg;
	call_note(d, conn, 'o', conn->start);
	d->opens++;
}

static void on_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	struct diary *d = arg;
	call_note(d, conn, side == CLIENT ? 'c' : 's', ts);
	mix(d, data.p, data.n);
	d->data++;
}

static void on_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	call_note(arg, conn, side == CLIENT ? 'g' : 'h', ts);
	mix_number(arg, len);
}

static void on_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	call_note(arg, conn, side == CLIENT ? 'F' : 'G', ts);
}

/* Of the engine's memory, which was cleared: padding is the same too. */
static void on_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	call_note(arg, conn, '.', ts);
	mix(arg, end, sizeof *end);
	mix(arg, conn->side, 2 * sizeof *conn->side);
}

static void on_release(void *arg, struct conn *conn)
{
	call_note(arg, conn, 'r', 0);
	mix(arg, conn->side, 2 * sizeof *conn->side);
}

static const struct stream_listener listener = {on_open,  on_data,    on_gap, on_fin,
						on_close, on_release, NULL};

static struct diary told_by(const struct stream_engine *engine, const struct segments *in)
{
	static struct port_set ports;
	struct stream_config config = stream_config_default();
	struct diary d = {0};
	port_set_add(&ports, 25);
	config.ports = &ports;
	config.max_conns = 1000;
	struct pool *pool = pool_new((size_t)64 << 20);
	assert_non_null(pool);
	struct stream *s = engine->new (&config, pool, &listener, &d);
	assert_non_null(s);
	for (size_t i = 0; i < in->n; i += BATCH)
		engine->segments(s, in->packets + i, in->n - i < BATCH ? in->n - i : BATCH);
	engine->finish(s);
	mix(&d, engine->stats(s), sizeof(struct stream_stats));
	engine->free(s);
	pool_free(pool);
	return d;
}

static unsigned assert_same(const struct segments *in)
{
	struct diary native = told_by(&stream_native, in), general = told_by(&stream_general, in);
	assert_int_equal(native.calls, general.calls);
	assert_int_equal(native.sum, general.sum);
	return native.data;
}

/* What nobody but an attacker, or a bad capture, does to numbers, flags, and the clock. */
static void some_bend(struct segments *s, struct dice *d, unsigned percent)
{
	static const uint32_t by[] = {1,        UINT32_MAX,     100,      65535,
				      1u << 30, (1u << 30) + 1, 1u << 31, (1u << 31) - 1};
	static const int64_t wait[] = {1,
				       49 * FRAME_MS,
				       51 * FRAME_MS,
				       FRAME_SECOND,
				       76 * FRAME_SECOND,
				       1750 * FRAME_SECOND};
	int64_t shift = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct packet *p = &s->packets[i];
		p->ts += shift;
		if (dice_roll(d, 100) >= percent)
			continue;
		uint32_t n = by[dice_roll(d, sizeof by / sizeof *by)];
		switch (dice_roll(d, 7)) {
		case 0:
			p->seq += n;
			break;
		case 1:
			p->ack += n;
			break;
		case 2:
			p->flags ^= (uint8_t)(1u << dice_roll(d, 5));
			break;
		case 3:
			p->payload_cap = dice_roll(d, p->payload_cap + 1);
			break;
		case 4:
			p->window = 0;
			break;
		case 5:
			p->ip_id = (uint16_t)(p->ip_id - dice_roll(d, 3));
			break;
		default:
			shift += wait[dice_roll(d, sizeof wait / sizeof *wait)] *
				 (dice_roll(d, 4) ? 1 : -1);
			break;
		}
	}
}

static void conversations(struct segments *all, struct dice *d)
{
	for (unsigned i = 0; i < TALKS; i++) {
		struct segments one = {0};
		struct talk t = dice_roll(d, 2) ? talk_v4(&one, i) : talk_v6(&one, i);
		talk_random(&t, d);
		uint32_t swapped = dice_roll(d, 40), doubled = dice_roll(d, 20);
		segments_shuffle(&one, d, swapped, doubled);
		for (uint32_t lost = dice_roll(d, 3); lost > 0 && one.n > 1; lost--)
			segments_drop(&one, dice_roll(d, (uint32_t)one.n));
		segments_merge(all, &one, d);
	}
}

static void conversations_are_told_the_same(void **state)
{
	(void)state;
	struct dice d = dice_new("prediction", 20261125);
	unsigned data = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct segments all = {0};
		conversations(&all, &d);
		data += assert_same(&all);
		some_bend(&all, &d, round % 8);
		data += assert_same(&all);
		segments_free(&all);
	}
	assert_true(data > 10 * ROUNDS);
}

static void absurdities_are_told_the_same(void **state)
{
	(void)state;
	struct dice d = dice_new("prediction-absurd", 20261126);
	for (unsigned round = 0; round < 5 * ROUNDS; round++) {
		struct segments all = {0};
		struct talk honest = talk_v4(&all, 1);
		talk_random(&honest, &d);
		struct segments absurd = {0};
		for (unsigned i = 0; i < 3; i++)
			talk_absurd(&absurd, &d, i);
		segments_merge(&all, &absurd, &d);
		assert_same(&all);
		segments_free(&all);
	}
}

/* The idle time of a connection is over before the engine looks at it again: what comes then is in
 * order, and too late. */
static void idle_ones_are_told_the_same(void **state)
{
	(void)state;
	struct segments all = {0};
	struct talk a = talk_v4(&all, 1), b = talk_v4(&all, 2);
	talk_handshake(&a);
	talk_say(&a, SERVER, "220 mx\r\n");
	b.now = a.now + 1700 * FRAME_SECOND;
	talk_handshake(&b);
	a.now += 1801 * FRAME_SECOND;
	talk_say(&a, CLIENT, "QUIT\r\n");
	assert_int_equal(assert_same(&all), 1);
	assert_int_equal(told_by(&stream_native, &all).opens, 2);
	segments_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_are_told_the_same),
		cmocka_unit_test(absurdities_are_told_the_same),
		cmocka_unit_test(idle_ones_are_told_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
