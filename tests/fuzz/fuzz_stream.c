/*
 * fuzz_stream.c - segments of four tuples, eight bytes of input each, through the native engine.
 * What it tells must be the same however the segments come in batches, whatever the secret is, and
 * without header prediction; calls come in the order that stream.h promises; bytes stand where
 * their sequence numbers say, as long as nobody sends two texts for one place; bounds hold, counts
 * add up, all memory comes back.
 */
#include "fuzz/fuzz.h"
#include "lib/general.h"

enum { SEGMENTS = 400, ROOM = 256, CONNS = 3, HELD_ONE = 1500, HELD_ALL = 4000, MEMORY = 8 << 20 };

enum stage { OPENED = 1, CLOSED, RELEASED };

struct watched {
	enum stage stage;
	uint64_t at[2];
	bool based[2], fin[2];
	uint8_t base[2]; /* what a byte at offset 0 would be */
};

struct diary {
	struct watched conn[SEGMENTS + 1];
	unsigned opens, closes, releases;
	uint64_t sum, gaps, gap_bytes;
	bool honest;
};

static struct packet packets[SEGMENTS];
static uint8_t payloads[SEGMENTS][ROOM];

static void mix(struct diary *d, uint64_t v)
{
	d->sum = (d->sum ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	d->sum ^= d->sum >> 29;
}

static struct watched *of(const struct conn *c)
{
	return c->user;
}

static void heard(struct diary *d, const struct conn *c, char what, int64_t ts)
{
	mix(d, (uint8_t)what);
	mix(d, (uint64_t)ts);
	mix(d, c->port[CLIENT]);
	for (int side = CLIENT; side <= SERVER; side++) {
		const struct conn_flow *f = &c->flow[side];
		mix(d, f->bytes);
		mix(d, f->gap);
		mix(d, f->acked);
		mix(d, (uint64_t)(f->syn | f->fin << 1 | f->rst << 2 | f->cut << 3));
	}
}

static void on_open(void *arg, struct conn *c)
{
	struct diary *d = arg;
	CHECK(!c->user && d->opens < SEGMENTS);
	c->user = &d->conn[d->opens++];
	of(c)->stage = OPENED;
	heard(d, c, 'o', c->start);
}

static void on_data(void *arg, struct conn *c, enum side side, struct bytes data, int64_t ts)
{
	struct diary *d = arg;
	struct watched *w = of(c);
	CHECK(w->stage == OPENED && data.n > 0 && data.n <= ROOM && !w->fin[side]);
	heard(d, c, side ? 's' : 'c', ts);
	for (size_t i = 0; i < data.n; i++) {
		uint8_t base = (uint8_t)(data.p[i] - (w->at[side] + i));
		mix(d, data.p[i]);
		CHECK(!d->honest || !w->based[side] || w->base[side] == base);
		w->base[side] = base;
		w->based[side] = true;
	}
	w->at[side] += data.n;
}

static void on_gap(void *arg, struct conn *c, enum side side, uint64_t len, int64_t ts)
{
	struct diary *d = arg;
	CHECK(of(c)->stage == OPENED && len > 0 && !of(c)->fin[side]);
	of(c)->at[side] += len;
	d->gaps++;
	d->gap_bytes += len;
	heard(d, c, side ? 'h' : 'g', ts);
	mix(d, len);
}

static void on_fin(void *arg, struct conn *c, enum side side, int64_t ts)
{
	CHECK(of(c)->stage == OPENED && !of(c)->fin[side]);
	of(c)->fin[side] = true;
	heard(arg, c, side ? 'G' : 'F', ts);
}

static void on_close(void *arg, struct conn *c, const struct conn_end *end, int64_t ts)
{
	struct diary *d = arg;
	CHECK(of(c)->stage == OPENED && c->side);
	of(c)->stage = CLOSED;
	d->closes++;
	heard(d, c, '.', ts);
	mix(d, (uint64_t)(end->closer | end->how << 4 | end->over << 8 | end->by_rst << 12 |
			  end->crossed << 13));
	for (int side = CLIENT; side <= SERVER; side++)
		CHECK(c->flow[side].bytes + c->flow[side].gap == of(c)->at[side]);
}

static void on_release(void *arg, struct conn *c)
{
	struct diary *d = arg;
	CHECK(of(c)->stage == CLOSED);
	of(c)->stage = RELEASED;
	d->releases++;
	heard(d, c, 'r', 0);
}

static const struct stream_listener listener = {on_open,  on_data,    on_gap, on_fin,
						on_close, on_release, NULL};

enum bit {
	TWO_TEXTS = 1,
	CUT = 2,
	WINDOW_0 = 4,
	SAME_ID = 8,
	FAR = 16,
	NO_ACK = 32,
	FAR_ACK = 64,
	RESET = 128
};

/* Numbers are near the beginning of each side's stream, or a quarter, a half of all away. */
static void segment_read(struct bytes *in, size_t i, int64_t *now, bool *honest)
{
	static const int64_t waits[] = {0,
					1000,
					40 * FRAME_MS,
					600 * FRAME_MS,
					2 * FRAME_SECOND,
					12 * FRAME_SECOND,
					80 * FRAME_SECOND,
					1900 * FRAME_SECOND};
	static const uint32_t isn[2] = {0xffffff00, 0x7fffff80};
	unsigned head = (unsigned)fuzz_number(in, 1);
	enum side side = head & 1 ? SERVER : CLIENT;
	uint32_t seq = isn[side] + (uint32_t)fuzz_number(in, 2) % 2048,
		 n = (uint32_t)fuzz_number(in, 1);
	uint32_t ack = isn[side_other(side)] + (uint32_t)fuzz_number(in, 2) % 2048;
	unsigned odd = (unsigned)fuzz_number(in, 1), wait = (unsigned)fuzz_number(in, 1);
	struct packet *p = &packets[i];
	*p = (struct packet){.window = odd & WINDOW_0 ? 0 : 60000,
			     .ttl = 64,
			     .ip_id = (uint16_t)(odd & SAME_ID ? 7 : i),
			     .number = i + 1};
	p->src.b[15] = side ? 9 : 1;
	p->dst.b[15] = side ? 1 : 9;
	p->src_port = side ? 25 : (uint16_t)(40000 + (head >> 1 & 3));
	p->dst_port = side ? (uint16_t)(40000 + (head >> 1 & 3)) : 25;
	p->flags = (uint8_t)((head >> 3 & 3) == 1 ? TCP_SYN : (head >> 3 & 3) == 2 ? TCP_FIN : 0);
	p->flags |= (uint8_t)((odd & NO_ACK ? 0 : TCP_ACK) | (odd & RESET ? TCP_RST : 0) |
			      (head & 32 ? TCP_URG : 0));
	p->seq = seq + (odd & FAR ? (wait & 0x80 ? 1u << 31 : 1u << 29) : 0);
	p->ack = ack + (odd & FAR_ACK ? (wait & 0x40 ? 1u << 31 : (1u << 30) - 1) : 0);
	p->payload = payloads[i];
	p->payload_len = p->payload_cap = n;
	if (odd & CUT)
		p->payload_cap = n / 2;
	for (uint32_t b = 0; b < n; b++)
		payloads[i][b] = (uint8_t)(p->seq + (p->flags & TCP_SYN) / TCP_SYN + b +
					   (odd & TWO_TEXTS ? 1 : 0));
	*honest &= !(odd & (TWO_TEXTS | FAR | FAR_ACK));
	*now += waits[wait & 7] * (wait & 0x20 ? -1 : 1);
	p->ts = *now;
}

static void run(struct diary *d, const struct stream_engine *engine, size_t n, size_t batch,
		uint64_t seed, bool small)
{
	static struct port_set ports;
	struct stream_config config = stream_config_default();
	struct pool *pool = pool_new(MEMORY);
	port_set_add(&ports, 25);
	config.ports = &ports;
	config.max_conns = small ? CONNS : 100;
	config.reorder_per_conn = small ? HELD_ONE : 16 << 10;
	config.reorder_total = small ? HELD_ALL : 64 << 10;
	config.seed[0] = seed;
	struct stream *s = pool ? engine->new (&config, pool, &listener, d) : NULL;
	CHECK(s);
	for (size_t i = 0; i < n; i += batch)
		engine->segments(s, packets + i, n - i < batch ? n - i : batch);
	engine->finish(s);
	const struct stream_stats *stats = engine->stats(s);
	CHECK(stats->segments == n && stats->conns == d->opens && d->opens == d->closes &&
	      d->opens == d->releases);
	CHECK(stats->gaps == d->gaps && stats->gap_bytes == d->gap_bytes);
	CHECK(stats->conns_open == 0 && stats->conns_peak <= config.max_conns);
	CHECK(stats->held_bytes == 0 && stats->held_peak <= config.reorder_total);
	for (size_t i = 0; i < sizeof *stats / sizeof(uint64_t); i++)
		mix(d, ((const uint64_t *)(const void *)stats)[i]);
	engine->free(s);
	CHECK(pool_used(pool) == 0);
	pool_free(pool);
}

/* first byte: whether bounds are low */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diary whole, other;
	struct bytes in = bytes_of(data, size);
	bool small = fuzz_number(&in, 1) & 1, honest = true;
	int64_t now = INT64_C(1700000000) * FRAME_SECOND;
	size_t n = 0;
	while (in.n > 0 && n < SEGMENTS)
		segment_read(&in, n++, &now, &honest);
	static const struct {
		const struct stream_engine *engine;
		size_t batch;
		uint64_t seed;
	} ways[] = {{&stream_native, 1, 0}, {&stream_native, 7, 99}, {&stream_general, 64, 0}};
	whole = (struct diary){.honest = honest};
	run(&whole, &stream_native, n, SEGMENTS, 0, small);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		other = (struct diary){.honest = honest};
		run(&other, ways[i].engine, n, ways[i].batch, ways[i].seed, small);
		CHECK(other.sum == whole.sum);
	}
	return 0;
}
