/* test_tcp.c - what the decoder says of a TCP segment, of the IP header above it, and of an
 * ICMP error that quotes one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/wire.h"
#include "smtpwatch/packet.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define Z4           "00000000"
#define Z8           Z4 Z4
#define Z16          Z8 Z8

static struct port_set smtp;

static struct packet_decoder decoder(void)
{
	return (struct packet_decoder){.ports = &smtp};
}

static void test_options(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint16_t mss;
		int wscale; /* -1: none */
		uint32_t tsval, tsecr;
		uint8_t marks;
	} rows[] = {
		{"020405b4", 1460, -1, 0, 0, 0},
		{"0101080a0102030405060708", 0, -1, 0x01020304, 0x05060708, 0},
		{"080a01020304050607080101", 0, -1, 0x01020304, 0x05060708, 0},
		{"020405b40402080a000000010000000201030307", 1460, 7, 1, 2, 0},
		{"020405b40402080a00000001000000020103030f", 1460, 14, 1, 2, 0},
		{"020405b40402080a000000010000000201030407", 1460, -1, 1, 2, 0},
		{"03030f00", 0, 14, 0, 0, 0},
		{"01010402", 0, -1, 0, 0, 0},
		{"000205b4020405b4", 0, -1, 0, 0, 0},
		{"02000000", 0, -1, 0, 0, 0},
		{"02010000020405b4", 0, -1, 0, 0, 0},
		{"020305b4", 0, -1, 0, 0, 0},
		{"01010102", 0, -1, 0, 0, 0},
		{"0101080a", 0, -1, 0, 0, 0},
		{"ff03ff01020405b4", 1460, -1, 0, 0, 0},
		{"1312" Z16 "0101", 0, -1, 0, 0, MARK_SIGNED},
		{"020405b4"
		 "1312" Z16 "0101",
		 1460, -1, 0, 0, MARK_SIGNED},
		{"1311" Z8 Z4 "000000"
		 "010101",
		 0, -1, 0, 0, 0},
		{"1d040102", 0, -1, 0, 0, MARK_SIGNED},
		{"1d100102" Z8 Z4, 0, -1, 0, 0, MARK_SIGNED},
		{"1d030101", 0, -1, 0, 0, 0},
		{"1d140102" Z8, 0, -1, 0, 0, 0},
	};
	static struct wire w;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t options[40];
		wire_hex(rows[i].hex, options);
		wire_start(&w);
		w.flags = 0xff; /* ECN's two are not ours */
		w.options = bytes_of(options, strlen(rows[i].hex) / 2);
		wire_put(&w, "eth ip4 tcp");
		struct frame f = wire_frame(&w, 1);
		union packet_decoded out;
		struct packet_decoder d = {.ports = NULL};
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		assert_int_equal(out.tcp.flags, 0x3f);
		assert_int_equal(out.tcp.marks, rows[i].marks);
		assert_int_equal(out.tcp.mss, rows[i].mss);
		assert_int_equal(out.tcp.has_wscale, rows[i].wscale >= 0);
		assert_int_equal(out.tcp.wscale, rows[i].wscale >= 0 ? rows[i].wscale : 0);
		assert_int_equal(out.tcp.has_tsopt, rows[i].tsval != 0);
		assert_int_equal(out.tcp.tsval, rows[i].tsval);
		assert_int_equal(out.tcp.tsecr, rows[i].tsecr);
		assert_int_equal(out.tcp.payload_cap, 8);
	}
}

/* Each bit of the segment and, in IPv4, of the IP header, turned over once, must be noticed; and
 * not when nobody insists. */
static void test_checksum(void **state)
{
	(void)state;
	static const char *const words[] = {"eth ip4 tcp", "eth ip6 tcp6"};
	static struct wire w;
	for (size_t i = 0; i < COUNT(words); i++) {
		wire_start(&w);
		w.payload = bytes_str("DATA\r\nodd");
		wire_put(&w, words[i]);
		struct frame f = wire_frame(&w, 1);
		struct packet_decoder d = {.ports = NULL, .insist_checksum = true};
		union packet_decoded out;
		for (unsigned at = i ? 54 : 34; at < f.len; at++) {
			w.b[w.at + at] ^= 0x10;
			bool offset =
				at ==
				(i ? 66u : 46u); /* a data offset that does not fit comes first */
			assert_int_equal(wire_decode(&d, &f, &out),
					 offset ? PACKET_MALFORMED : PACKET_CHECKSUM);
			d.insist_checksum = false;
			assert_int_equal(wire_decode(&d, &f, &out),
					 offset ? PACKET_MALFORMED : PACKET_TCP);
			d.insist_checksum = true;
			f.caplen--;
			assert_int_equal(wire_decode(&d, &f, &out),
					 offset ? PACKET_MALFORMED : PACKET_TCP);
			f.caplen++;
			w.b[w.at + at] ^= 0x10;
		}
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		w.b[w.at + 22] ^= 1; /* time to live in the one, source address in the other */
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_CHECKSUM);
	}
}

/* An ICMP message that quotes a segment, and what is read of it. */
static const struct {
	const char *words;
	enum packet_kind kind;
	uint8_t type, code;
	bool too_big;
	uint32_t mtu;
	unsigned port; /* 0: leave */
} icmp_rows[] = {
	{"eth ip4:1 =0301000000000000 ip4 tcp", PACKET_ICMP, 3, 1, false, 0, 0},
	{"eth ip4:1 =0304000000000578 ip4 tcp", PACKET_ICMP, 3, 4, true, 1400, 0},
	{"eth ip4:1 =0b00000000000000 ip4 tcp", PACKET_ICMP, 11, 0, false, 0, 0},
	{"eth ip4:1 =0301000000000578 ip4 tcp", PACKET_OTHER, 0, 0, false, 0, 80},
	{"eth ip4:1 =0501000000000000 ip4 tcp", PACKET_OTHER, 0, 0, false, 0, 0},
	{"eth ip4:1 =0800000000000000 ip4 tcp", PACKET_OTHER, 0, 0, false, 0, 0},
	{"eth ip4:1 =0301000000000000 ip4 udp:35 =" Z16, PACKET_OTHER, 0, 0, false, 0, 0},
	{"eth ip4:1 =0301000000000000 ip6 tcp6", PACKET_MALFORMED, 0, 0, false, 0, 0},
	{"eth ip4:1 =0301000000000000 =4500003012342000400600c0c0000201c6336402 tcp", PACKET_ICMP,
	 3, 1, false, 0, 0},
	{"eth ip4:1 =0301000000000000 =4500003012340001400600c0c0000201c6336402 tcp", PACKET_OTHER,
	 0, 0, false, 0, 0},
	{"eth ip4:1 =0301000000000000 =4600003012340000400600c0c0000201c633640201010101 tcp",
	 PACKET_ICMP, 3, 1, false, 0, 0},
	{"eth ip4:1 =0301000000000000 =4400003012340000400600c0c0000201c6336402 tcp",
	 PACKET_MALFORMED, 0, 0, false, 0, 0},
	{"eth ip4:1 =0400000000000000 ip4 tcp", PACKET_ICMP, 4, 0, false, 0, 0},
	{"eth ip4:1 =0c00000000000000 ip4 tcp", PACKET_ICMP, 12, 0, false, 0, 0},
	{"eth ip6:3a =0300000000000000 ip6:0 =2b0001040000000006010000" Z4 Z8 " tcp6", PACKET_ICMP,
	 3, 0, false, 0, 0},
	{"eth ip6:3a =0400000000000000 ip6 tcp6", PACKET_ICMP, 4, 0, false, 0, 0},
	{"eth ip6:3a =0500000000000000 ip6 tcp6", PACKET_OTHER, 0, 0, false, 0, 0},
	{"eth ip6:3a =0200000000000514 ip6 tcp6", PACKET_ICMP, 2, 0, true, 1300, 0},
	{"eth ip6:3a =0104000000000000 ip6:3c =0600010400000000 tcp6", PACKET_ICMP, 1, 4, false, 0,
	 0},
	{"eth ip6:3a =0104000000000000 ip6:2c =0600000112345678 tcp6", PACKET_ICMP, 1, 4, false, 0,
	 0},
	{"eth ip6:3a =0104000000000000 ip6:2c =0600000812345678 tcp6", PACKET_OTHER, 0, 0, false, 0,
	 0},
	{"eth ip6:3a =0104000000000000 ip6 tcp6", PACKET_OTHER, 0, 0, false, 0, 80},
	{"eth ip6:3a =8000000000000000 ip6 tcp6", PACKET_OTHER, 0, 0, false, 0, 0},
};

static void test_icmp(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(icmp_rows); i++) {
		wire_start(&w);
		wire_put(&w, icmp_rows[i].words);
		struct frame f = wire_frame(&w, 1);
		f.len = f.caplen -=
			20; /* of the segment only the eight bytes that RFC 792 promises */
		if (icmp_rows[i].port)
			w.b[WIRE_MAX - 25] = (uint8_t)icmp_rows[i].port;
		bool v6 = icmp_rows[i].words[6] == '6';
		w.b[w.at + (v6 ? 19 : 17)] =
			(uint8_t)(f.len -
				  (v6 ? 54 : 14)); /* the outer IP header holds what is left */
		union packet_decoded out;
		assert_int_equal(wire_decode(&d, &f, &out), icmp_rows[i].kind);
		if (icmp_rows[i].kind != PACKET_ICMP)
			continue;
		assert_int_equal(out.icmp.type, icmp_rows[i].type);
		assert_int_equal(out.icmp.code, icmp_rows[i].code);
		assert_int_equal(out.icmp.too_big, icmp_rows[i].too_big);
		assert_int_equal(out.icmp.mtu, icmp_rows[i].mtu);
		assert_int_equal(out.icmp.seq, WIRE_SEQ);
		assert_int_equal(out.icmp.src_port, WIRE_SRC_PORT);
		assert_int_equal(out.icmp.dst_port, WIRE_DST_PORT);
		assert_true(ip_addr_equal(&out.icmp.src, v6 ? &wire_src6 : &wire_src4));
		assert_true(ip_addr_equal(&out.icmp.dst, v6 ? &wire_dst6 : &wire_dst4));
		assert_true(out.icmp.ts == f.ts);
		for (f.caplen--; f.caplen; f.caplen--)
			assert_int_equal(wire_decode(&d, &f, &out), PACKET_CUT);
	}
}

/* Ethernet pads to 60 bytes; the bytes are not the segment's. */
static void test_padding(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	static const char *const words[] = {"eth ip4 tcp", "eth ip6 tcp6", "eth pppoe:21 ip4 tcp",
					    "eth vlan:64 ip4 tcp"};
	for (size_t i = 0; i < COUNT(words); i++) {
		wire_start(&w);
		wire_put_bytes(&w, bytes_of("\xff\xff\xff\xff\xff\xff", 6));
		size_t padding = wire_bytes(&w).n;
		static struct wire inner;
		wire_start(&inner);
		inner.payload = bytes_of(NULL, 0);
		wire_put(&inner, words[i]);
		wire_put_bytes(&w, wire_bytes(&inner));
		assert_int_equal(wire_bytes(&w).n, wire_bytes(&inner).n + padding);
		struct frame f = wire_frame(&w, 1);
		union packet_decoded out;
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		assert_int_equal(out.tcp.payload_len, 0);
		assert_int_equal(out.tcp.payload_cap, 0);
	}
}

/* Segmentation offload: a length that does not fit is left 0, or a jumbo option holds it. */
static void test_super_segments(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		int zero; /* offset of the length; -1: none */
	} rows[] = {{"eth ip4 tcp", 16},
		    {"eth ip6 tcp6", 18},
		    {"eth ip6:0 =0600c2040001118c tcp6", 18},
		    {"eth ip6:0 =06010000c204000111940104" Z4 " tcp6", 18}};
	static uint8_t body[70000];
	memset(body, 'x', sizeof body);
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(rows); i++) {
		wire_start(&w);
		if (i >= 2)
			wire_put_bytes(&w,
				       bytes_of(body, 10)); /* what the jumbo length leaves out */
		uint8_t trailer = (uint8_t)wire_bytes(&w).n;
		w.payload = bytes_of(body, sizeof body);
		wire_put(&w, rows[i].words);
		memset(w.b + w.at + rows[i].zero, 0, 2);
		struct frame f = wire_frame(&w, 1);
		union packet_decoded out;
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		assert_int_equal(out.tcp.payload_len, sizeof body);
		f.caplen = 96;
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		assert_int_equal(out.tcp.payload_len, sizeof body);
		assert_true(out.tcp.payload_cap <= 42);
		f.len = f.caplen = f.caplen + trailer;
		assert_int_equal(wire_decode(&d, &f, &out),
				 trailer ? PACKET_MALFORMED : PACKET_TCP);
	}
}

/* The mirror, or the kernel for nflog, took the tail and lengths below say how much it was. */
static void test_truncated_inside(void **state)
{
	(void)state;
	static const struct {
		int link;
		const char *outer;
		enum packet_kind kind;
	} rows[] = {
		{1, "eth ip4:2f =100088be000000011000040100000000", PACKET_TCP},
		{1, "eth ip4:2f =100022eb0000000120000400" Z8, PACKET_TCP},
		{1, "eth ip4:2f =100088be000000011000000100000000", PACKET_MALFORMED},
		{1, "eth ip4 udp:12b5 =0800000000002a00", PACKET_MALFORMED},
		{239, "nflog", PACKET_TCP},
	};
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct wire inner, w;
		wire_start(&inner);
		wire_put(&inner, rows[i].link == 1 ? "eth ip4 tcp" : "ip4 tcp");
		wire_start(&w);
		wire_put_bytes(&w, bytes_first(wire_bytes(&inner), wire_bytes(&inner).n - 5));
		wire_put(&w, rows[i].outer);
		struct frame f = wire_frame(&w, rows[i].link);
		union packet_decoded out;
		assert_int_equal(wire_decode(&d, &f, &out), rows[i].kind);
		if (rows[i].kind != PACKET_TCP)
			continue;
		assert_int_equal(out.tcp.payload_len, 8);
		assert_int_equal(out.tcp.payload_cap, 3);
	}
}

/* Where segments are left on the route, the last stop is the peer; the checksum is its too. */
static void test_routing(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool followed;
	} rows[] = {
		{"eth ip6:2b =06020001" Z4 "20010db8000000000000000000000009 tcp6", true},
		{"eth ip6:2b =06020000" Z4 "20010db8000000000000000000000009 tcp6", false},
		{"eth ip6:2b =06020201" Z4 "20010db8000000000000000000000009 tcp6", true},
		{"eth ip6:2b "
		 "=060404010100000020010db800000000000000000000000920010db8000000000000000000000008"
		 " tcp6",
		 true},
		{"eth ip6:2b =06040001" Z4
		 "20010db800000000000000000000000820010db8000000000000000000000009 tcp6",
		 true},
		{"eth ip6:2b =06000001" Z4 " tcp6", false},
		{"eth ip6:2b =06020301" Z4 "20010db8000000000000000000000009 tcp6", false},
	};
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(rows); i++) {
		wire_start(&w);
		wire_put(&w, rows[i].header);
		struct frame f = wire_frame(&w, 1);
		union packet_decoded out;
		assert_int_equal(wire_decode(&d, &f, &out), PACKET_TCP);
		assert_int_equal(out.tcp.dst.b[15], rows[i].followed ? 9 : 2);
	}
}

int main(void)
{
	port_set_add(&smtp, WIRE_DST_PORT);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),        cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_icmp),           cmocka_unit_test(test_padding),
		cmocka_unit_test(test_super_segments), cmocka_unit_test(test_truncated_inside),
		cmocka_unit_test(test_routing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
