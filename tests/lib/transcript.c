/* transcript.c - each assertion here is a sentence of stream.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/transcript.h"
#include "lib/within.h"

static struct heard *entered(struct transcript *t, struct conn *conn)
{
	assert_false(t->inside);
	t->inside = true;
	struct heard *h = conn->user;
	assert_non_null(h);
	assert_ptr_equal(h->live, conn);
	assert_false(h->closed);
	return h;
}

static void left(struct transcript *t)
{
	t->inside = false;
}

static void turn(struct heard *h, char c)
{
	if (h->turn_count + 1 < sizeof h->turns &&
	    (h->turn_count == 0 || h->turns[h->turn_count - 1] != c))
		h->turns[h->turn_count++] = c;
}

static uint64_t position(const struct conn *conn, enum side side)
{
	return conn->flow[side].bytes + conn->flow[side].gap;
}

/* Whatever a side says, what it had acknowledged was told before. */
static void assert_causal(const struct conn *conn, enum side side)
{
	assert_true(conn->flow[side].acked <= position(conn, side_other(side)));
}

static void heard_open(void *arg, struct conn *conn)
{
	struct transcript *t = arg;
	assert_false(t->inside);
	assert_null(conn->user);
	struct heard *h = calloc(1, sizeof *h);
	t->heard = realloc(t->heard, (t->n + 1) * sizeof(struct heard *));
	assert_true(h && t->heard);
	t->heard[t->n++] = h;
	h->live = conn;
	h->opened_ts = conn->start;
	conn->user = h;
}

static void heard_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	struct transcript *t = arg;
	struct heard *h = entered(t, conn);
	(void)ts;
	assert_true(data.n > 0);
	assert_causal(conn, side);
	for (unsigned i = 0; i < h->fins; i++)
		assert_int_not_equal(h->fin[i], side);
	if (h->n[side] + data.n > h->capacity[side]) {
		h->capacity[side] = 2 * (h->n[side] + data.n);
		h->bytes[side] = realloc(h->bytes[side], h->capacity[side]);
		assert_non_null(h->bytes[side]);
	}
	memcpy(h->bytes[side] + h->n[side], data.p, data.n);
	h->n[side] += data.n;
	turn(h, side == CLIENT ? 'c' : 's');
	left(t);
}

static void heard_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	struct transcript *t = arg;
	struct heard *h = entered(t, conn);
	(void)ts;
	assert_true(len > 0);
	h->gap[side] += len;
	turn(h, side == CLIENT ? 'g' : 'h');
	left(t);
}

static void heard_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	struct transcript *t = arg;
	struct heard *h = entered(t, conn);
	(void)ts;
	assert_true(h->fins < 2 && (h->fins == 0 || h->fin[0] != side));
	assert_causal(conn, side);
	h->fin[h->fins++] = side;
	turn(h, side == CLIENT ? 'F' : 'G');
	left(t);
}

static void heard_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	struct transcript *t = arg;
	struct heard *h = entered(t, conn);
	for (int side = CLIENT; side <= SERVER; side++) {
		assert_int_equal(conn->flow[side].bytes, h->n[side]);
		assert_int_equal(conn->flow[side].gap, h->gap[side]);
		assert_int_equal(conn->flow[side].fin,
				 h->fins > 0 && (h->fin[0] == (enum side)side ||
						 (h->fins == 2 && h->fin[1] == (enum side)side)));
	}
	h->conn = *conn;
	memcpy(h->sides, conn->side, sizeof h->sides);
	h->conn.side = h->sides;
	h->end = *end;
	h->closed = true;
	h->closed_as = t->closed++;
	h->closed_ts = ts;
	h->live = NULL;
	turn(h, '.');
	left(t);
}

static void heard_release(void *arg, struct conn *conn)
{
	struct transcript *t = arg;
	(void)conn;
	t->released++;
	assert_within(t->released, 1, t->closed);
}

const struct stream_listener transcript_listener = {
	heard_open, heard_data, heard_gap, heard_fin, heard_close, heard_release, NULL};

void transcript_free(struct transcript *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		free(t->heard[i]->bytes[CLIENT]);
		free(t->heard[i]->bytes[SERVER]);
		free(t->heard[i]);
	}
	free(t->heard);
	*t = (struct transcript){0};
}

struct stream_stats transcript_run(struct transcript *t, const struct stream_engine *engine,
				   const struct stream_config *config, const struct packet *packets,
				   size_t n, size_t batch)
{
	static struct port_set ports;
	port_set_add(&ports, 25);
	struct stream_config defaults = stream_config_default();
	defaults.ports = &ports;
	struct pool *pool = pool_new((size_t)256 << 20);
	struct stream *s = engine->new (config ? config : &defaults, pool, &transcript_listener, t);
	assert_non_null(s);
	for (size_t at = 0; at < n; at += batch)
		engine->segments(s, packets + at, n - at < batch ? n - at : batch);
	engine->finish(s);
	struct stream_stats stats = *engine->stats(s);
	engine->free(s);
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
	assert_int_equal(t->closed, t->n);
	assert_int_equal(stats.conns_open, 0);
	return stats;
}

struct heard *transcript_find(const struct transcript *t, uint16_t client_port)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->heard[i]->conn.port[CLIENT] == client_port)
			return t->heard[i];
	return NULL;
}

bool heard_equals(const struct heard *h, enum side side, const char *text)
{
	return bytes_equal(bytes_of(h->bytes[side], h->n[side]), bytes_str(text));
}
