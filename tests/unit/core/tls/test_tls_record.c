/* test_tls_record.c - records walked whole, byte by byte and cut at random; handshakes that
 * finished, and such as did not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/tls/record.h"
#include "lib/segments.h"

/*
 * A script of one side: a letter for each record. h, s: a hello in clear, of client and server; k:
 * another handshake message in clear; c: ChangeCipherSpec; f: a handshake record sealed in TLS 1.2;
 * d: application data; e: a sealed alert of TLS 1.3; w, x: an alert in clear, handshake_failure and
 * close_notify; y: a sealed alert of TLS 1.2; 0: application data without a byte.
 */
static size_t record_write(uint8_t *out, char what)
{
	static const struct {
		char what;
		uint8_t type, length;
		uint8_t body[6];
	} kinds[] = {
		{'h', 22, 64, {1, 0, 0, 60, 3, 3}},
		{'s', 22, 64, {2, 0, 0, 60, 3, 3}},
		{'k', 22, 90, {11, 0, 0, 86}},
		{'c', 20, 1, {1}},
		{'f', 22, 40, {1, 0, 0, 37, 9}},
		{'d', 23, 60, {1, 0, 0, 56}},
		{'e', 23, 19, {7}},
		{'w', 21, 2, {2, 40}},
		{'x', 21, 2, {1, 0}},
		{'y', 21, 26, {9, 9}},
		{'0', 23, 0, {0}},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].what != what)
			continue;
		memset(out, 0xaa, 5 + (size_t)kinds[i].length);
		memcpy(out, (uint8_t[]){kinds[i].type, 3, 3, 0, kinds[i].length}, 5);
		memcpy(out + 5, kinds[i].body, kinds[i].length < 6 ? kinds[i].length : 6);
		return 5 + (size_t)kinds[i].length;
	}
	fail_msg("no record is called %c", what);
	return 0;
}

static size_t script_write(uint8_t *out, const char *script)
{
	size_t n = 0;
	for (; *script; script++)
		n += record_write(out + n, *script);
	return n;
}

/* The same result whole, byte by byte, and cut at random. */
static struct tls_side side_of(const char *script)
{
	uint8_t bytes[2000];
	size_t n = script_write(bytes, script);
	struct tls_side whole = {0}, single = {0}, cut = {0};
	struct dice d = {n};
	tls_side_push(&whole, bytes_of(bytes, n));
	for (size_t i = 0; i < n; i++)
		tls_side_push(&single, bytes_of(bytes + i, 1));
	for (size_t i = 0, some; i < n; i += some) {
		some = dice_roll(&d, 30);
		some = some < n - i ? some : n - i;
		tls_side_push(&cut, bytes_of(bytes + i, some));
	}
	assert_memory_equal(&whole, &single, sizeof whole);
	assert_memory_equal(&whole, &cut, sizeof whole);
	assert_false(whole.broken);
	assert_int_equal(whole.left, 0);
	assert_int_equal(whole.records, strlen(script));
	return whole;
}

static const struct handshake {
	const char *name, *client, *server;
	bool done;
} handshakes[] = {
	{"TLS 1.3", "hcd", "scdddd", true},
	{"TLS 1.3, as far as the server's flight", "hc", "scdddd", false},
	{"TLS 1.3 without ChangeCipherSpec", "hd", "sdd", true},
	{"TLS 1.3, asked for another hello", "hchd", "scsdd", true},
	{"TLS 1.3, asked for another hello, unfinished", "hch", "scsdd", false},
	{"TLS 1.3, the client's Finished and QUIT", "hcdd", "scddd", true},
	{"TLS 1.3, a certificate refused", "hce", "scdd", false},
	{"TLS 1.3, refused in clear", "hcw", "scdd", false},
	{"TLS 1.2", "hkcf", "skkcf", true},
	{"TLS 1.2 with data", "hkcfdd", "skkcfd", true},
	{"TLS 1.2, the server's Finished is due", "hkcf", "skk", false},
	{"TLS 1.2, its ChangeCipherSpec was all", "hkcf", "skkc", false},
	{"TLS 1.2 resumed", "hcf", "scf", true},
	{"TLS 1.2 resumed, the client's Finished is due", "h", "scf", false},
	{"TLS 1.2, refused", "h", "w", false},
	{"TLS 1.2, closed", "hkcfdy", "skkcfdy", true},
	{"nothing but a hello", "h", "", false},
	{"nothing", "", "", false},
	{"data without a byte", "hc0", "scd", false},
};

static void handshakes_finish(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof handshakes / sizeof *handshakes; i++) {
		struct tls_side client = side_of(handshakes[i].client),
				server = side_of(handshakes[i].server);
		if (tls_sides_done(&client, &server) != handshakes[i].done)
			fail_msg("%s: %s", handshakes[i].name,
				 handshakes[i].done ? "not finished" : "finished");
	}
}

static void types_are_seen(void **state)
{
	(void)state;
	assert_int_equal(side_of("h").seen & 0xf, 1 << 2);
	assert_int_equal(side_of("hc").seen & 0xf, 1 << 2 | 1);
	assert_int_equal(side_of("hcw").seen & 0xf, 1 << 2 | 1 | 1 << 1);
	assert_int_equal(side_of("hd").seen & 0xf, 1 << 2 | 1 << 3);
	assert_false(side_of("hk").encrypted);
	assert_true(side_of("hkc").encrypted);
	assert_true(side_of("hd").encrypted);
}

static void alerts_in_clear_are_read(void **state)
{
	(void)state;
	struct tls_side t = side_of("hw");
	assert_true(t.alert);
	assert_int_equal(t.alert_level, 2);
	assert_int_equal(t.alert_description, 40);
	t = side_of("hcx");
	assert_true(t.alert);
	assert_int_equal(t.alert_level, 1);
	assert_int_equal(t.alert_description, 0);
	assert_false(side_of("hkcfdy").alert);
	assert_false(side_of("hcde").alert);
	/* The description is still to come. */
	t = (struct tls_side){0};
	tls_side_push(&t, bytes_of((uint8_t[]){21, 3, 1, 0, 2, 2}, 6));
	assert_false(t.alert);
	tls_side_push(&t, bytes_of((uint8_t[]){70}, 1));
	assert_true(t.alert);
	assert_int_equal(t.alert_description, 70);
}

static void what_is_no_record_breaks_it(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		bool broken;
	} rows[] = {
		{"421 bye\r\n", 9, true},
		{"\x16\x03\x01\x00\x00", 5, true},  /* a handshake record without a byte */
		{"\x17\x03\x03\x00\x00", 5, false}, /* data may be empty */
		{"\x17\x03\x03\x48\x00", 5, false}, /* 2^14 + 2048 */
		{"\x17\x03\x03\x48\x01", 5, true},
		{"\x16\x02\x01\x00\x05", 5, true},
		{"\x18\x03\x03\x00\x05", 5, true},
		{"\x13\x03\x03\x00\x05", 5, true},
		{"\x80\x2e\x01\x03\x01", 5, true}, /* a hello of SSL 2 */
		{"421 ", 4, false},                /* not yet */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_side t = {0};
		tls_side_push(&t, bytes_of(rows[i].bytes, rows[i].n));
		assert_int_equal(t.broken, rows[i].broken);
		assert_int_equal(t.records, !rows[i].broken && rows[i].n == 5);
		if (!rows[i].broken)
			continue;
		tls_side_push(&t, bytes_of("\x16\x03\x01\x00\x05hello", 10));
		assert_int_equal(t.records, 0);
	}
}

static void gaps(void **state)
{
	(void)state;
	uint8_t bytes[2000];
	struct tls_side t = {0};
	size_t n = script_write(bytes, "kd");
	/* Inside a record, and up to its end: the count goes on. */
	tls_side_push(&t, bytes_of(bytes, 20));
	tls_side_gap(&t, 10);
	tls_side_push(&t, bytes_of(bytes + 30, 5));
	tls_side_gap(&t, 95 - 35);
	tls_side_push(&t, bytes_of(bytes + 95, n - 95));
	assert_false(t.broken);
	assert_int_equal(t.records, 2);
	/* Over its end, between two, and inside a header. */
	static const size_t from[] = {94, 95, 97};
	for (unsigned i = 0; i < 3; i++) {
		t = (struct tls_side){0};
		tls_side_push(&t, bytes_of(bytes, from[i]));
		tls_side_gap(&t, 2);
		assert_true(t.broken);
	}
}

/* A hello of 1.5 kB whose second segment is missing: what follows is walked as ever, and shows that
 * the handshake has finished. */
static void a_gap_in_a_long_hello(void **state)
{
	(void)state;
	enum { HELLO = 1514 };
	uint8_t bytes[2000] = {
		22, 3, 1, HELLO >> 8, HELLO & 0xff, 1, 0, (HELLO - 4) >> 8, (HELLO - 4) & 0xff,
		3,  3};
	size_t n = TLS_RECORD_HEAD + HELLO, all = n + script_write(bytes + n, "cf");
	struct tls_side server = side_of("skkcf");
	for (size_t at = TLS_RECORD_HEAD; at < n; at++) {
		struct tls_side t = {0}, whole = {0};
		tls_side_push(&t, bytes_of(bytes, at));
		tls_side_gap(&t, n - at);
		tls_side_push(&t, bytes_of(bytes + n, all - n));
		assert_false(t.broken);
		assert_int_equal(t.records, 3);
		assert_true(tls_sides_done(&t, &server));
		tls_side_push(&whole, bytes_of(bytes, at));
		tls_side_push(&whole, bytes_of(bytes + at, all - at));
		assert_memory_equal(&whole, &t, sizeof t);
	}
	struct tls_side cut = {0};
	tls_side_push(&cut, bytes_of(bytes, TLS_RECORD_HEAD - 1));
	tls_side_gap(&cut, n - TLS_RECORD_HEAD + 1);
	assert_true(cut.broken);
}

/* Where the first bytes of a record behind ChangeCipherSpec are missing it is taken for what it
 * mostly is. */
static void a_gap_where_a_hello_would_show(void **state)
{
	(void)state;
	uint8_t bytes[2000];
	struct tls_side client = {0}, server = side_of("scf");
	size_t n = script_write(bytes, "hcf");
	tls_side_push(&client, bytes_of(bytes, n - 40));
	assert_false(tls_sides_done(&client, &server));
	tls_side_gap(&client, 1);
	assert_true(tls_sides_done(&client, &server));
	tls_side_push(&client, bytes_of(bytes + n - 39, 39));
	assert_true(tls_sides_done(&client, &server));
	assert_false(client.broken);
	/* Behind them the hello has shown, and a gap hides nothing. */
	n = script_write(bytes, "hch");
	client = (struct tls_side){0};
	tls_side_push(&client, bytes_of(bytes, n - 60));
	tls_side_gap(&client, 60);
	assert_false(tls_sides_done(&client, &server));
	assert_false(client.broken);
}

/* Bytes by dice: cutting them otherwise changes nothing. */
static void garbage(void **state)
{
	(void)state;
	struct dice d = dice_new("garbage", 7);
	static const char letters[] = "hskcfdewxy0";
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t bytes[2000];
		size_t n = 0;
		for (unsigned r = dice_roll(&d, 12); r > 0; r--)
			n += record_write(bytes + n, letters[dice_roll(&d, sizeof letters - 1)]);
		for (unsigned r = dice_roll(&d, 3); r > 0 && n > 0; r--)
			bytes[dice_roll(&d, (uint32_t)n)] = (uint8_t)dice_roll(&d, 256);
		struct tls_side whole = {0}, single = {0};
		tls_side_push(&whole, bytes_of(bytes, n));
		for (size_t at = 0; at < n; at++)
			tls_side_push(&single, bytes_of(bytes + at, 1));
		assert_memory_equal(&whole, &single, sizeof whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes_finish),
		cmocka_unit_test(types_are_seen),
		cmocka_unit_test(alerts_in_clear_are_read),
		cmocka_unit_test(what_is_no_record_breaks_it),
		cmocka_unit_test(gaps),
		cmocka_unit_test(a_gap_in_a_long_hello),
		cmocka_unit_test(a_gap_where_a_hello_would_show),
		cmocka_unit_test(garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
