/* test_frame_store.c - frames that are kept come out as they were; what is kept is bounded, for one
 * connection and for all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/frame_store.h"
#include "lib/segments.h"
#include "lib/wire.h"

#include <stdlib.h>

enum {
	IP_SOURCE = 26,
	TCP_PORTS = 34,
	TCP_SEQ = 38,
	TCP_ACK_AT = 42,
	HEADERS = 54,
	RECORD = 24 /* what is kept beside a frame's bytes */,
	PAYLOAD_MAX = 65000,
	FRAMES_MAX = 4096
};

static const uint64_t seed[2] = {7, 11};

/* A segment of a connection of which the client's port is all that tells it from others. */
struct part {
	uint16_t port;
	bool from_server;
	uint8_t flags;
	uint32_t seq, ack;
	size_t n;
	int64_t ts;
};

static struct wire wire;

static void put32(uint8_t *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t old = a[i];
		a[i] = b[i];
		b[i] = old;
	}
}

/* Borrowed until the next one. */
static struct frame frame_of(const struct part *p)
{
	static uint8_t payload[PAYLOAD_MAX];
	memset(payload, (int)(p->ts & 0xff), sizeof payload);
	wire_start(&wire);
	wire.payload = bytes_of(payload, p->n);
	wire.flags = p->flags;
	wire_put(&wire, "eth ip4 tcp");
	struct frame f = wire_frame(&wire, 1);
	uint8_t *at = wire.b + wire.at;
	at[TCP_PORTS] = (uint8_t)(p->port >> 8);
	at[TCP_PORTS + 1] = (uint8_t)p->port;
	put32(at + TCP_SEQ, p->seq);
	put32(at + TCP_ACK_AT, p->ack);
	if (p->from_server) {
		swap(at + IP_SOURCE, at + IP_SOURCE + 4, 4);
		swap(at + TCP_PORTS, at + TCP_PORTS + 2, 2);
	}
	f.ts = p->ts;
	return f;
}

static void give(struct frame_store *k, struct part p)
{
	struct frame f = frame_of(&p);
	frame_store_frames(k, &f, 1);
}

static void give_syn(struct frame_store *k, uint16_t port, uint32_t seq, int64_t ts)
{
	give(k, (struct part){.port = port, .flags = TCP_SYN, .seq = seq, .ts = ts});
}

static void give_handshake(struct frame_store *k, uint16_t port, uint32_t seq, int64_t ts)
{
	give_syn(k, port, seq, ts);
	give(k, (struct part){.port = port,
			      .from_server = true,
			      .flags = TCP_SYN | TCP_ACK,
			      .seq = 9000,
			      .ack = seq + 1,
			      .ts = ts + 1});
}

static struct frame_store *keep_of(size_t memory)
{
	struct frame_store *k = frame_store_new(
		&(struct frame_store_config){.memory = memory, .seed = {seed[0], seed[1]}});
	assert_non_null(k);
	return k;
}

static struct conn conn_of(uint16_t port, int64_t start, int64_t last)
{
	return (struct conn){.addr = {wire_src4, wire_dst4},
			     .port = {port, WIRE_DST_PORT},
			     .start = start,
			     .last = last};
}

/* All frames of a connection, copied out; how many. */
static size_t taken(struct frame_store *k, uint16_t port, int64_t start, int64_t last,
		    struct frame out[FRAMES_MAX], uint32_t *omitted)
{
	static uint8_t block[FRAME_STORE_CONN];
	struct conn conn = conn_of(port, start, last);
	const struct stored_conn *kept = frame_store_find(k, &conn);
	if (!kept)
		return 0;
	size_t n = frame_store_size(k, kept), count = 0;
	assert_true(n <= sizeof block);
	memset(block, 0xee, sizeof block);
	frame_store_copy(k, kept, block);
	struct bytes left = bytes_of(block, n);
	while (frame_store_next(&left, &out[count]))
		assert_true(++count < FRAMES_MAX);
	assert_int_equal(left.n, 0);
	*omitted = frame_store_omitted(kept);
	return count;
}

static struct frame found[FRAMES_MAX];

/* Of every length, over the edges of blocks. */
static void test_whole(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	struct dice dice = dice_new("test_whole", 1);
	size_t lengths[64];
	uint32_t omitted;
	give_handshake(k, 40000, 100, 1);
	for (int i = 0; i < 40; i++) {
		lengths[i] = dice_roll(&dice, 3000);
		give(k, (struct part){.port = 40000,
				      .from_server = i % 3 == 0,
				      .flags = TCP_ACK,
				      .seq = 1,
				      .n = lengths[i],
				      .ts = 10 + i});
	}
	assert_int_equal(taken(k, 40000, 1, 100, found, &omitted), 42);
	assert_int_equal(omitted, 0);
	for (int i = 0; i < 40; i++) {
		const struct frame *f = &found[i + 2];
		struct part p = {.port = 40000,
				 .from_server = i % 3 == 0,
				 .flags = TCP_ACK,
				 .seq = 1,
				 .n = lengths[i],
				 .ts = 10 + i};
		struct frame want = frame_of(&p);
		assert_int_equal(f->ts, want.ts);
		assert_int_equal(f->link, 1);
		assert_int_equal(f->len, want.len);
		assert_int_equal(f->caplen, want.caplen);
		assert_memory_equal(f->data, want.data, want.caplen);
	}
	frame_store_free(k);
}

/* The beginning stays, then come the latest, each frame whole; those between are counted. sizes: of
 * payloads. */
static void long_one(size_t smallest, size_t largest, unsigned frames)
{
	struct frame_store *k = keep_of(8 << 20);
	struct dice dice = dice_new("long_one", smallest + largest);
	uint32_t omitted;
	size_t begun = 0;
	give_handshake(k, 40000, 100, 1);
	for (unsigned i = 0; i < frames; i++) {
		size_t n = smallest + (largest > smallest
					       ? dice_roll(&dice, (uint32_t)(largest - smallest))
					       : 0);
		give(k, (struct part){
				.port = 40000, .flags = TCP_ACK, .seq = 1, .n = n, .ts = 10 + i});
		assert_true(frame_store_stats(k).bytes <= FRAME_STORE_CONN);
	}
	size_t n = taken(k, 40000, 1, 1 << 30, found, &omitted);
	assert_int_equal(n + omitted, frames + 2);
	assert_true(omitted > 0);
	assert_int_equal(found[n - 1].ts, 10 + frames - 1);
	for (size_t i = 2, gaps = 0; i < n; i++) {
		uint8_t want = (uint8_t)(found[i].ts & 0xff);
		assert_int_equal(found[i].caplen, found[i].len);
		for (size_t at = HEADERS; at < found[i].caplen; at += found[i].caplen / 7 + 1)
			assert_int_equal(found[i].data[at], want);
		gaps += found[i].ts != (i == 2 ? 10 : found[i - 1].ts + 1);
		assert_true(gaps <= 1);
		if (gaps == 0)
			begun += RECORD + found[i].caplen;
	}
	/* As much of the beginning as whole frames fill. */
	assert_true(begun + 2 * (largest + RECORD + HEADERS) + 1024 > FRAME_STORE_BEGIN);
	frame_store_free(k);
}

static void test_long(void **state)
{
	(void)state;
	long_one(1460, 1460, 3000);
	long_one(0, 1460, 3000);
	long_one(0, 0, 20000);
	long_one(1000, PAYLOAD_MAX, 300);
	long_one(PAYLOAD_MAX, PAYLOAD_MAX, 50);
	long_one(1990, 2100, 2000);
}

/* A frame that is longer than any should be is cut, as a snaplen would. */
static void test_giant(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	struct part p = {.port = 40000, .flags = TCP_SYN, .seq = 100, .n = 10, .ts = 1};
	uint8_t *giant = calloc(1, 250000);
	uint32_t omitted;
	struct frame f = frame_of(&p);
	assert_non_null(giant);
	memcpy(giant, f.data, f.caplen);
	f.data = giant;
	f.caplen = f.len = 250000;
	frame_store_frames(k, &f, 1);
	frame_store_frames(k, &f, 1);
	assert_int_equal(taken(k, 40000, 1, 1, found, &omitted), 2);
	assert_int_equal(found[0].caplen, FRAME_STORE_FRAME);
	assert_int_equal(found[1].caplen, FRAME_STORE_FRAME);
	assert_int_equal(found[1].len, 250000);
	free(giant);
	frame_store_free(k);
}

static bool has(struct frame_store *k, uint16_t port)
{
	struct conn conn = conn_of(port, 0, INT64_MAX);
	return frame_store_find(k, &conn) != NULL;
}

/* However many come, memory is what it was said to be; the longest idle of those that were answered
 * goes last. */
static void test_eviction(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	give_handshake(k, 1000, 5, 0);
	give_handshake(k, 1001, 5, 1);
	for (uint16_t i = 0; i < 5000; i++)
		give_syn(k, (uint16_t)(2000 + i), 5, FRAME_SECOND * (2 + i));
	assert_true(has(k, 1000) && has(k, 1001) && has(k, 6999) && !has(k, 2000));
	struct frame_store_stats stats = frame_store_stats(k);
	assert_true(stats.bytes <= FRAME_STORE_MIN && stats.conns < FRAME_STORE_MIN / 2048);
	assert_int_equal(stats.conns + stats.evicted, 5002);
	/* The first one is heard of again, so that the second is the longest idle. */
	give(k,
	     (struct part){
		     .port = 1000, .flags = TCP_ACK, .seq = 6, .n = 10, .ts = FRAME_SECOND * 6000});
	for (uint16_t i = 0; i < 600 && has(k, 1001); i++)
		give_handshake(k, (uint16_t)(10000 + i), 5, FRAME_SECOND * (7000 + i));
	assert_true(!has(k, 1001) && has(k, 1000));
	frame_store_free(k);
}

/* One that grows pushes out others, and in the end itself. */
static void test_growth(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	for (uint16_t port = 1; port <= 20; port++)
		give_handshake(k, port, 5, port);
	for (int round = 0; round < 400; round++)
		for (uint16_t port = 1; port <= 20; port++)
			give(k, (struct part){.port = port,
					      .flags = TCP_ACK,
					      .seq = 6,
					      .n = 1400,
					      .ts = FRAME_SECOND * round + port});
	struct frame_store_stats stats = frame_store_stats(k);
	assert_true(stats.bytes <= FRAME_STORE_MIN && stats.conns >= 2 && stats.conns <= 5);
	assert_int_equal(stats.conns + stats.evicted, 20);
	for (uint16_t port = 1; port <= 20; port++) {
		struct conn conn = conn_of(port, 0, INT64_MAX);
		struct stored_conn *kept = frame_store_find(k, &conn);
		if (kept)
			frame_store_remove(k, kept);
	}
	assert_int_equal(frame_store_stats(k).bytes, 0);
	assert_int_equal(frame_store_stats(k).conns, 0);
	frame_store_free(k);
}

/* Without a SYN nothing is kept; a SYN-ACK does where the SYN is missing, or comes behind it. */
static void test_beginning(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	uint32_t omitted;
	give(k, (struct part){.port = 1, .flags = TCP_ACK, .seq = 6, .n = 10, .ts = 1});
	give(k, (struct part){.port = 2, .flags = TCP_RST, .seq = 6, .ts = 1});
	assert_int_equal(frame_store_stats(k).conns, 0);
	give(k, (struct part){.port = 3,
			      .from_server = true,
			      .flags = TCP_SYN | TCP_ACK,
			      .seq = 9,
			      .ack = 6,
			      .ts = 2});
	give_syn(k, 3, 5, 3);
	give(k, (struct part){.port = 3, .flags = TCP_ACK, .seq = 6, .n = 10, .ts = 4});
	assert_int_equal(frame_store_stats(k).conns, 1);
	assert_int_equal(taken(k, 3, 2, 4, found, &omitted), 3);
	frame_store_free(k);
}

/* The ports come again: after an end at once; without one when the other side agrees. Each
 * connection has its own frames. */
static void test_again(void **state)
{
	(void)state;
	struct frame_store *k = keep_of(FRAME_STORE_MIN);
	uint32_t omitted;
	give_handshake(k, 1, 100, 10);
	give(k, (struct part){.port = 1, .flags = TCP_FIN | TCP_ACK, .seq = 101, .ts = 20});
	give_handshake(k, 1, 500, 30);
	assert_int_equal(taken(k, 1, 10, 20, found, &omitted), 3);
	assert_int_equal(taken(k, 1, 30, 31, found, &omitted), 2);
	/* A SYN that may be forged stays with the connection that is under way. */
	give_syn(k, 1, 900, 40);
	give(k, (struct part){.port = 1, .flags = TCP_ACK, .seq = 501, .n = 10, .ts = 41});
	assert_int_equal(taken(k, 1, 30, 41, found, &omitted), 4);
	give(k, (struct part){.port = 1,
			      .from_server = true,
			      .flags = TCP_SYN | TCP_ACK,
			      .seq = 9000,
			      .ack = 901,
			      .ts = 42});
	assert_int_equal(taken(k, 1, 30, 41, found, &omitted), 4);
	assert_int_equal(taken(k, 1, 42, 42, found, &omitted), 1);
	assert_int_equal(frame_store_stats(k).conns, 3);
	struct conn conn = conn_of(1, 10, 20);
	frame_store_remove(k, frame_store_find(k, &conn));
	assert_int_equal(taken(k, 1, 10, 20, found, &omitted), 0);
	assert_int_equal(taken(k, 1, 30, 41, found, &omitted), 4);
	frame_store_free(k);
}

/* A port that is not watched is not kept. */
static void test_ports(void **state)
{
	(void)state;
	static struct port_set ports;
	port_set_add(&ports, 587);
	struct frame_store *k = frame_store_new(
		&(struct frame_store_config){.memory = FRAME_STORE_MIN, .ports = &ports});
	assert_non_null(k);
	give_handshake(k, 1, 100, 10);
	assert_int_equal(frame_store_stats(k).conns, 0);
	frame_store_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),  cmocka_unit_test(test_long),
		cmocka_unit_test(test_giant),  cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_growth), cmocka_unit_test(test_beginning),
		cmocka_unit_test(test_again),  cmocka_unit_test(test_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
