/* test_defrag.c - fragments back to datagrams: any order, overlaps, lies, age, budget; and tunnels
 * within fragments within tunnels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/wire.h"
#include "lib/within.h"
#include "smtpwatch/defrag.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { LIMIT = 64 << 20, BUDGET = 1 << 20, TABLE = 64 };

struct rig {
	struct pool *pool;
	struct defrag *defrag;
	const struct defrag_stats *stats;
};

static void rig_start(struct rig *r, size_t budget, unsigned table)
{
	r->pool = pool_new(LIMIT);
	assert_non_null(r->pool);
	r->defrag = defrag_new(r->pool, budget, table);
	assert_non_null(r->defrag);
	r->stats = defrag_stats(r->defrag);
}

static void rig_end(struct rig *r)
{
	defrag_free(r->defrag);
	assert_int_equal(pool_used(r->pool), 0);
	pool_free(r->pool);
}

static uint8_t body[1 << 17];

static void body_fill(void)
{
	uint32_t seed = 99;
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 16);
}

static struct packet_fragment fragment(bool v6, uint32_t id, uint32_t offset, uint32_t n, bool more)
{
	struct packet_fragment f = {.src = v6 ? wire_src6 : wire_src4,
				    .dst = v6 ? wire_dst6 : wire_dst4,
				    .id = id,
				    .protocol = 6,
				    .ttl = 64,
				    .more = more,
				    .offset = offset};
	/* Where there is no such place, any bytes will do. */
	f.data = bytes_of(offset <= sizeof body - n ? body + offset : body, n);
	f.data_len = n;
	f.ts = FRAME_SECOND;
	return f;
}

static bool push(struct rig *r, const struct packet_fragment *f, size_t n)
{
	struct bytes got = bytes_of(NULL, 0);
	bool done = defrag_push(r->defrag, f, &got);
	if (done) {
		assert_int_equal(got.n, n);
		assert_memory_equal(got.p, body, n);
	}
	return done;
}

struct part {
	uint32_t offset, n;
	bool more;
};

/* The last part named completes the datagram, none before does. */
struct sequence {
	struct part parts[6];
	unsigned n;
	uint32_t size;
	unsigned overlaps;
};

static const struct sequence sequences[] = {
	{{{0, 1480, true}, {1480, 100, false}}, 2, 1580, 0},
	{{{1480, 100, false}, {0, 1480, true}}, 2, 1580, 0},
	{{{1480, 1480, true}, {2960, 7, false}, {0, 1480, true}}, 3, 2967, 0},
	{{{2960, 7, false}, {1480, 1480, true}, {0, 1480, true}}, 3, 2967, 0},
	{{{0, 1480, true}, {0, 1480, true}, {0, 1480, true}, {1480, 1, false}}, 4, 1481, 0},
	{{{0, 16, true}, {8, 24, true}, {24, 40, true}, {56, 9, false}}, 4, 65, 0},
	{{{8, 8, true}, {24, 8, true}, {40, 3, false}, {0, 40, true}}, 4, 43, 0},
	{{{8, 35, false}, {0, 40, true}}, 2, 43, 0},
	{{{8, 8, true}, {8, 35, false}, {0, 8, true}}, 3, 43, 0},
	{{{0, 65528, true}, {65528, 7, false}}, 2, 65535, 0},
	{{{65528, 7, false}, {0, 40000, true}, {40000, 25528, true}}, 3, 65535, 0},
	{{{4032, 8, true}, {4024, 8, true}, {4040, 1, false}, {0, 4024, true}}, 4, 4041, 0},
	{{{0, 8, true}, {8, 1, false}}, 2, 9, 0},
	{{{0, 5, false}}, 1, 5, 0},
};

static void test_orders(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rig r;
		rig_start(&r, BUDGET, TABLE);
		for (unsigned i = 0; i < COUNT(sequences); i++) {
			const struct sequence *s = &sequences[i];
			for (unsigned k = 0; k < s->n; k++) {
				struct packet_fragment f = fragment(
					v6, i, s->parts[k].offset, s->parts[k].n, s->parts[k].more);
				assert_int_equal(push(&r, &f, s->size), k + 1 == s->n);
			}
		}
		assert_int_equal(r.stats->reassembled, COUNT(sequences));
		assert_int_equal(r.stats->malformed + r.stats->overlaps + r.stats->evicted +
					 r.stats->timed_out,
				 0);
		rig_end(&r);
	}
}

/* Random cuts in random order with duplicates, several datagrams at once. */
static void test_shuffled(void **state)
{
	(void)state;
	enum { DATAGRAMS = 8, SLICE = 248 };
	uint32_t seed = 3;
	for (unsigned round = 0; round < 40; round++) {
		struct rig r;
		rig_start(&r, BUDGET, TABLE);
		struct packet_fragment f[DATAGRAMS * 64];
		size_t size[DATAGRAMS], n = 0;
		bool done[DATAGRAMS] = {false};
		for (unsigned id = 0; id < DATAGRAMS; id++) {
			size[id] = 1 + (seed = seed * 1664525 + 1013904223) / 65536 % 15000;
			for (uint32_t at = 0; at < size[id]; at += SLICE) {
				bool more = at + SLICE < size[id];
				f[n++] = fragment(id & 1, id, at,
						  more ? SLICE : (uint32_t)size[id] - at, more);
			}
		}
		for (size_t i = n; i > 1; i--) {
			size_t j = (seed = seed * 1664525 + 1013904223) / 65536 % i;
			struct packet_fragment swap = f[i - 1];
			f[i - 1] = f[j];
			f[j] = swap;
		}
		for (size_t i = 0; i < n; i++) {
			if (!done[f[i].id] && push(&r, &f[i], size[f[i].id]))
				done[f[i].id] = true;
			else if (!done[f[i].id])
				assert_false(push(&r, &f[i], 0));
		}
		for (unsigned id = 0; id < DATAGRAMS; id++)
			assert_true(done[id]);
		assert_int_equal(r.stats->overlaps, 0);
		rig_end(&r);
	}
}

/* Later bytes lose, unit by unit, and the datagram is counted once. */
static void test_overlap_differs(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, BUDGET, TABLE);
	uint8_t forged[2000];
	memset(forged, 'X', sizeof forged);
	struct packet_fragment first = fragment(false, 1, 8, 16, true);
	assert_false(push(&r, &first, 0));
	struct packet_fragment f = fragment(false, 1, 16, 16, true);
	f.data = bytes_of(forged, 16);
	assert_false(push(&r, &f, 0));
	assert_int_equal(r.stats->overlaps, 1);
	f = fragment(false, 1, 8, 24, true);
	assert_false(push(&r, &f, 0));
	assert_int_equal(r.stats->overlaps, 1);
	f = fragment(false, 1, 0, 8, true);
	assert_false(push(&r, &f, 0));
	f = fragment(false, 1, 32, 3, false);
	struct bytes got;
	assert_true(defrag_push(r.defrag, &f, &got));
	assert_int_equal(got.n, 35);
	assert_memory_equal(got.p, body, 24);
	assert_memory_equal(got.p + 24, forged, 8);
	assert_memory_equal(got.p + 32, body + 32, 3);
	rig_end(&r);
}

/* Every unit that is there is known to be there, on both sides of each boundary inside. */
static void test_overlap_everywhere(void **state)
{
	(void)state;
	enum { SIZE = 9000 };
	uint8_t forged[8];
	for (uint32_t begin = 0; begin < 16; begin += 8) {
		struct rig r;
		rig_start(&r, BUDGET, TABLE);
		struct packet_fragment f = fragment(false, 1, begin, SIZE - 8 - begin, true);
		assert_false(push(&r, &f, 0));
		for (uint32_t at = begin; at < SIZE - 8; at += 8) {
			f = fragment(false, 1, at, 8, true);
			for (unsigned i = 0; i < 8; i++)
				forged[i] = (uint8_t)~body[at + i];
			f.data = bytes_of(forged, 8);
			assert_false(push(&r, &f, 0));
		}
		f = fragment(false, 1, SIZE - 8, 8, false);
		assert_int_equal(push(&r, &f, SIZE), begin == 0);
		f = fragment(false, 1, 0, 8, true);
		assert_int_equal(push(&r, &f, SIZE), begin != 0);
		assert_int_equal(r.stats->overlaps, 1);
		rig_end(&r);
	}
}

/* What the key is made of: any other value is another datagram. IPv6 does not look at the protocol.
 */
static void test_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct rig r;
		rig_start(&r, BUDGET, TABLE);
		bool v6 = i >= 4;
		struct packet_fragment f = fragment(v6, 1, 0, 8, true);
		assert_false(push(&r, &f, 0));
		f = fragment(v6, 1, 8, 8, false);
		switch (i % 4) {
		case 0:
			f.src.b[15] ^= 1;
			break;
		case 1:
			f.dst.b[15] ^= 1;
			break;
		case 2:
			f.id ^= 0x100;
			break;
		case 3:
			f.protocol = 17;
			break;
		}
		assert_int_equal(push(&r, &f, 16), i == 7);
		rig_end(&r);
	}
}

static void test_malformed(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, BUDGET, TABLE);
	struct packet_fragment good[] = {fragment(false, 1, 16, 16, true),
					 fragment(false, 1, 64, 8, false)};
	for (unsigned i = 0; i < COUNT(good); i++)
		assert_false(push(&r, &good[i], 0));
	struct packet_fragment bad[] = {
		fragment(false, 5, 65528, 8, false), /* 65,536 bytes */
		fragment(false, 5, 65528, 16, true),
		fragment(false, 1, 32, 12, true),  /* no multiple of 8 */
		fragment(false, 1, 72, 8, true),   /* beyond the end */
		fragment(false, 1, 64, 16, false), /* another end */
		fragment(false, 1, 40, 8, false),
		fragment(false, 1, 40, 0, true),
		fragment(false, 1, 12, 8, true),
		fragment(false, 1, 40, 8, true), /* cut by the snaplen */
		fragment(false, 2, 0xfffffff8, 16, true),
	};
	bad[8].data.n = 5;
	bad[9].data = bytes_of(body, 16);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_false(push(&r, &bad[i], 0));
		assert_int_equal(r.stats->malformed, i + 1);
	}
	struct packet_fragment short_end[] = {fragment(false, 3, 64, 8, true),
					      fragment(false, 3, 32, 8, false)};
	assert_false(push(&r, &short_end[0], 0));
	assert_false(push(&r, &short_end[1], 0));
	assert_int_equal(r.stats->malformed, COUNT(bad) + 1);
	struct packet_fragment rest[] = {fragment(false, 1, 32, 32, true),
					 fragment(false, 1, 0, 16, true)};
	assert_false(push(&r, &rest[0], 0));
	assert_true(push(&r, &rest[1], 72));
	rig_end(&r);
}

static void test_age(void **state)
{
	(void)state;
	static const struct {
		int64_t apart;
		bool done;
		unsigned timed_out;
	} rows[] = {
		{0, true, 0},
		{30 * FRAME_SECOND, true, 0},
		{30 * FRAME_SECOND + 1, false, 1},
		{-30 * FRAME_SECOND, true, 0},
		{-30 * FRAME_SECOND - 1, false, 1},
		{INT64_MAX - FRAME_SECOND, false, 1},
		{INT64_MIN, false, 1},
	};
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct rig r;
		rig_start(&r, BUDGET, TABLE);
		struct packet_fragment f = fragment(false, 1, 0, 8, true);
		assert_false(push(&r, &f, 0));
		f = fragment(false, 1, 8, 8, false);
		f.ts += rows[i].apart;
		assert_int_equal(push(&r, &f, 16), rows[i].done);
		assert_int_equal(r.stats->timed_out, rows[i].timed_out);
		rig_end(&r);
	}
}

/* Each fragment starts the time anew; a fragment of another datagram is enough to sweep. */
static void test_age_renewed(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, BUDGET, TABLE);
	struct packet_fragment stale = fragment(false, 2, 0, 8, true);
	assert_false(push(&r, &stale, 0));
	for (unsigned i = 0; i < 10; i++) {
		struct packet_fragment f = fragment(false, 1, i * 8, 8, i < 9);
		f.ts += i * 20 * FRAME_SECOND;
		assert_int_equal(push(&r, &f, 80), i == 9);
		assert_int_equal(r.stats->timed_out, i >= 2);
	}
	rig_end(&r);
}

/* The table's bound takes the longest untouched, and the budget is never exceeded. */
static void test_table_full(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, BUDGET, 4);
	for (unsigned id = 0; id < 4; id++) {
		struct packet_fragment f = fragment(false, id, 0, 8, true);
		assert_false(push(&r, &f, 0));
	}
	struct packet_fragment touch = fragment(false, 0, 8, 8, true),
			       fifth = fragment(false, 4, 0, 8, true);
	assert_false(push(&r, &touch, 0));
	assert_false(push(&r, &fifth, 0));
	assert_int_equal(r.stats->evicted, 1);
	for (unsigned id = 0; id < 5; id++) {
		struct packet_fragment f = fragment(false, id, id == 0 ? 16 : 8, 8, false);
		if (id != 1)
			assert_true(push(&r, &f, id == 0 ? 24 : 16));
	}
	rig_end(&r);
}

static void test_budget(void **state)
{
	(void)state;
	enum { SMALL = 100 << 10 };
	struct rig r;
	rig_start(&r, SMALL, 100000);
	size_t before = pool_used(r.pool);
	for (unsigned id = 0; id < 20000; id++) {
		struct packet_fragment f =
			fragment(id & 1, id, (id * 8191u) % 65536 & ~7u, 8, true);
		f.offset -= f.offset > 65520 ? 16 : 0;
		assert_false(push(&r, &f, 0));
		assert_true(pool_used(r.pool) - before <= SMALL);
	}
	assert_true(r.stats->evicted > 19900);
	for (uint32_t at = 0; at < 65528; at += 1024) {
		struct packet_fragment f = fragment(false, 7777777, at,
						    at + 1024 < 65528 ? 1024 : 65528 - at,
						    at + 1024 < 65528);
		assert_int_equal(push(&r, &f, 65528), !f.more);
	}
	rig_end(&r);
}

/* A datagram that alone is more than the budget, and a pool that is empty. */
static void test_no_room(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, 20 << 10, TABLE);
	unsigned pushed = 0;
	for (uint32_t at = 0; r.stats->evicted == 0 && at < 64000; at += 1000, pushed++) {
		struct packet_fragment f = fragment(false, 1, at, 1000, true);
		assert_false(push(&r, &f, 0));
	}
	assert_int_equal(r.stats->evicted, 1);
	assert_within(pushed, 15, 20);
	rig_end(&r);
	rig_start(&r, 0, TABLE);
	struct packet_fragment f = fragment(false, 1, 0, 8, true);
	assert_false(push(&r, &f, 0));
	assert_int_equal(r.stats->evicted, 1);
	rig_end(&r);
	struct pool *tiny = pool_new(0);
	assert_null(defrag_new(tiny, BUDGET, TABLE));
	pool_free(tiny);
}

static struct packet_decoder any_port;

/* Cuts the IP payload of `words` (an IP packet) into fragments of `slice` bytes, sent in reverse
 * below `outer`, and follows them through. */
static enum packet_kind fragmented(struct rig *r, const char *words, const char *outer,
				   size_t slice, union packet_decoded *out)
{
	static struct wire inner, w;
	wire_start(&inner);
	wire_put(&inner, words);
	bool v6 = wire_bytes(&inner).p[0] >> 4 == 6;
	struct bytes payload = bytes_from(wire_bytes(&inner), v6 ? 40 : 20);
	uint8_t protocol = wire_bytes(&inner).p[v6 ? 6 : 9];
	enum packet_kind kind = PACKET_OTHER;
	for (size_t i = (payload.n + slice - 1) / slice; i-- > 0;) {
		struct bytes part = bytes_first(bytes_from(payload, i * slice), slice);
		bool more = i * slice + part.n < payload.n;
		wire_start(&w);
		wire_put_bytes(&w, part);
		if (v6) {
			uint8_t header[8] = {protocol,
					     0,
					     (uint8_t)(i * slice >> 8),
					     (uint8_t)(i * slice | more),
					     0,
					     0,
					     0,
					     9};
			wire_put_bytes(&w, bytes_of(header, 8));
		}
		w.fragment = v6 ? 0 : (uint16_t)(i * slice / 8 | (more ? 0x2000 : 0));
		wire_put(&w, v6               ? "ip6:2c"
			     : protocol == 6  ? "ip4:6"
			     : protocol == 17 ? "ip4:11"
					      : "ip4:29");
		w.fragment = 0;
		if (*outer)
			wire_put(&w, outer);
		struct frame f = wire_frame(&w, *outer ? 1 : 101);
		assert_int_equal(wire_decode(&any_port, &f, out), PACKET_FRAGMENT);
		assert_int_equal(out->fragment.protocol, protocol);
		assert_int_equal(out->fragment.id, v6 ? 9 : 0x1234);
		assert_int_equal(out->fragment.offset, i * slice);
		assert_int_equal(out->fragment.more, more);
		struct bytes whole;
		if (defrag_push(r->defrag, &out->fragment, &whole)) {
			assert_int_equal(i, 0);
			kind = packet_decode_payload(&any_port, &out->fragment, whole, out);
		}
	}
	return kind;
}

static void tcp_check(const struct packet *p, bool v6)
{
	assert_true(ip_addr_equal(&p->src, v6 ? &wire_src6 : &wire_src4));
	assert_true(ip_addr_equal(&p->dst, v6 ? &wire_dst6 : &wire_dst4));
	assert_int_equal(p->dst_port, WIRE_DST_PORT);
	assert_int_equal(p->seq, WIRE_SEQ);
	assert_int_equal(p->payload_len, 8);
	assert_int_equal(p->payload_cap, 8);
	assert_memory_equal(p->payload, "EHLO x\r\n", 8);
	assert_int_equal(p->ttl, v6 ? 62 : 61);
	assert_int_equal(p->df, v6);
}

static void test_through_decoder(void **state)
{
	(void)state;
	static const struct {
		const char *words, *outer;
		unsigned vlans, vlan1;
	} rows[] = {
		{"ip4 tcp", "eth:800", 0, 0},
		{"ip4 tcp", "", 0, 0},
		{"ip6 tcp6", "eth:8100 =006486dd", 1, 0},
		{"ip6 tcp6", "", 0, 0},
		{"ip6:3c =0600010400000000 tcp6", "eth:86dd", 0, 0},
		{"ip4 tcp", "eth vlan:64 ip4:2f =00000800", 1, 0},
		{"ip6 tcp6", "eth ip4:29", 0, 0},
		{"ip4 tcp", "eth ip6 udp:12b5 =0800000000002a00 eth:800", 0, 0},
		{"ip4 udp:12b5 =0800000000002a00 eth vlan:64 ip4 tcp", "eth:800", 1, 0},
		{"ip4 udp:12b5 =0800000000002a00 eth vlan:64 ip4 tcp", "eth:8100 =00640800", 2,
		 100},
		{"ip4 ip6 tcp6", "eth:88a8 =0064810000070800", 2, 7},
		{"ip6:2f =00006558 eth ip4 tcp", "eth:86dd", 0, 0},
	};
	any_port.insist_checksum = true;
	for (unsigned i = 0; i < COUNT(rows); i++)
		for (size_t slice = 8; slice < 28; slice += 8) {
			struct rig r;
			rig_start(&r, BUDGET, TABLE);
			union packet_decoded out;
			enum packet_kind kind =
				fragmented(&r, rows[i].words, rows[i].outer, slice, &out);
			if (kind != PACKET_TCP)
				print_error("%s in slices of %zu: %s\n", rows[i].words, slice,
					    packet_kind_name(kind));
			assert_int_equal(kind, PACKET_TCP);
			tcp_check(&out.tcp, strstr(rows[i].words, "tcp6") != NULL);
			assert_int_equal(out.tcp.vlans, rows[i].vlans);
			assert_int_equal(out.tcp.vlan[0], rows[i].vlans ? 100 : 0);
			assert_int_equal(out.tcp.vlan[1], rows[i].vlans == 2 ? rows[i].vlan1 : 0);
			rig_end(&r);
		}
}

/* Fragments of a datagram that are themselves sent in fragments: the inner one's bytes lie where
 * the next datagram will be joined. */
static void test_fragments_in_fragments(void **state)
{
	(void)state;
	struct rig r;
	rig_start(&r, BUDGET, TABLE);
	static struct wire tcp, w;
	wire_start(&tcp);
	wire_put(&tcp, "tcp");
	enum packet_kind kind = PACKET_OTHER;
	union packet_decoded out;
	for (unsigned i = 0; i < 2; i++) {
		wire_start(&w);
		wire_put_bytes(&w, i == 0 ? bytes_first(wire_bytes(&tcp), 16)
					  : bytes_from(wire_bytes(&tcp), 16));
		w.fragment = i == 0 ? 0x2000 : 2;
		wire_put(&w, "ip4:6");
		struct bytes all = wire_bytes(&w);
		for (uint32_t at = 0; at < all.n; at += 24) {
			struct packet_fragment f = fragment(true, 50 + i, at, 0, at + 24 < all.n);
			f.protocol = 4;
			f.data = bytes_first(bytes_from(all, at), 24);
			f.data_len = (uint32_t)f.data.n;
			struct bytes whole;
			if (!defrag_push(r.defrag, &f, &whole))
				continue;
			assert_int_equal(packet_decode_payload(&any_port, &f, whole, &out),
					 PACKET_FRAGMENT);
			if (defrag_push(r.defrag, &out.fragment, &whole))
				kind = packet_decode_payload(&any_port, &out.fragment, whole, &out);
		}
	}
	assert_int_equal(kind, PACKET_TCP);
	tcp_check(&out.tcp, false);
	assert_int_equal(r.stats->reassembled, 3);
	rig_end(&r);
}

int main(void)
{
	body_fill();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_shuffled),
		cmocka_unit_test(test_overlap_differs),
		cmocka_unit_test(test_overlap_everywhere),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_age_renewed),
		cmocka_unit_test(test_table_full),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_through_decoder),
		cmocka_unit_test(test_fragments_in_fragments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
