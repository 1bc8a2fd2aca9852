/* test_own_hostile.c - the own engine against those who want to hide a session, forge its end, or mix it with others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/engine_run.h"
#include "lib/general.h"

/* What is read of a session when it is released. */
struct released {
	uint16_t port;
	struct conn_side sides[2];
};

struct releases {
	struct released all[8];
	unsigned n;
};

static void on_open(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
}

static void on_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)data, (void)ts;
}

static void on_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)len, (void)ts;
}

static void on_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)ts;
}

static void on_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	(void)arg, (void)conn, (void)end, (void)ts;
}

static void on_release(void *arg, struct conn *conn)
{
	struct releases *r = arg;
	assert_true(r->n < 8);
	r->all[r->n].port = conn->port[CLIENT];
	memcpy(r->all[r->n++].sides, conn->side, sizeof r->all->sides);
}

static const struct stream_listener listener = {on_open, on_data, on_gap, on_fin, on_close, on_release, NULL};

enum { TAKEN_MOST = 1 << 16 };

struct taken {
	void *all[TAKEN_MOST];
	size_t n;
};

/* All that is left for the facts of a connection. */
static void pool_exhaust(struct pool *pool, struct taken *t)
{
	while (t->n < TAKEN_MOST && (t->all[t->n] = pool_get(pool, 2 * sizeof(struct conn_side))))
		t->n++;
	assert_true(t->n < TAKEN_MOST);
}

/* Where there is no memory for the facts of a session it has none, and not another's. */
static void facts_without_memory_are_nobodys(void **state)
{
	(void)state;
	struct segments w = {0};
	struct talk one = talk_v4(&w, 1), two = talk_v4(&w, 2);
	struct stream_config config = stream_config_default();
	struct pool *pool = pool_new((size_t)4 << 20);
	struct releases out = {0};
	static struct taken taken;
	config.max_conns = 10;
	struct stream *s = stream_own.new(&config, pool, &listener, &out);
	assert_non_null(s);
	talk_mail(&one);
	talk_mail(&two);
	stream_own.segments(s, w.packets, w.n);
	pool_exhaust(pool, &taken);
	size_t before = w.n;
	talk_ack(&two, CLIENT)->window = 0;
	talk_close(&one, CLIENT);
	talk_ack(&two, CLIENT)->window = 0;
	talk_close(&two, SERVER);
	stream_own.segments(s, w.packets + before, w.n - before);
	stream_own.finish(s);
	assert_int_equal(out.n, 2);
	static const struct conn_side none[2];
	for (unsigned i = 0; i < 2; i++)
		assert_memory_equal(out.all[i].sides, none, sizeof none);
	assert_true(stream_own.stats(s)->no_memory > 0);
	stream_own.free(s);
	while (taken.n > 0)
		pool_put(pool, taken.all[--taken.n], 2 * sizeof(struct conn_side));
	pool_free(pool);
	segments_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_without_memory_are_nobodys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
