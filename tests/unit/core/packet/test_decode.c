/* test_decode.c - the decoder: each link type, tag and tunnel; every cut; lies in the headers;
 * noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/wire.h"
#include "smtpwatch/packet.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define Z4           "00000000"
#define Z8           Z4 Z4
#define Z16          Z8 Z8
#define Z60          Z16 Z16 Z16 Z8 Z4
#define MACS         "02005e00000102005e00000202005e000003"
#define SNAP         "aaaa030000000800"
#define WLAN         "0801" /* flags: to the access point */
#define QOS          "8802"
#define TZSP         "01000001"
#define HP_ERM       "00112233445566778899aabb"
/* header length 108, a packet follows; link type, interface and process stand between: the link
 * type's first byte is given */
#define PKTAP(link)                                                                                \
	"6c000000"                                                                                 \
	"01000000" link "000000" Z60 Z16 Z16 Z4

struct good {
	int link;
	const char *words;
	uint16_t vlan[PACKET_VLANS];
};

static const struct good goods[] = {
	{1, "eth ip4 tcp", {0}},
	{1, "eth ip6 tcp6", {0}},
	{1, "eth8023 =" SNAP " ip4 tcp", {0}},
	{1, "eth8023 =aaaa030000f886dd ip6 tcp6", {0}},
	{1, "eth:8870 =" SNAP " ip4 tcp", {0}},
	{101, "ip4 tcp", {0}},
	{101, "ip6 tcp6", {0}},
	{12, "ip4 tcp", {0}},
	{14, "ip6 tcp6", {0}},
	{228, "ip4 tcp", {0}},
	{229, "ip6 tcp6", {0}},
	{0, "=02000000 ip4 tcp", {0}},
	{0, "=00000002 ip4 tcp", {0}},
	{0, "=0000000a ip6 tcp6", {0}},
	{0, "=17000000 ip6 tcp6", {0}},
	{0, "=18000000 ip6 tcp6", {0}},
	{0, "=0000001c ip6 tcp6", {0}},
	{0, "=1e000000 ip6 tcp6", {0}},
	{108, "=00000002 ip4 tcp", {0}},
	{108, "=00000018 ip6 tcp6", {0}},
	{113, "=00000001000602005e00000200000800 ip4 tcp", {0}},
	{113, "=00000001000602005e000002000086dd ip6 tcp6", {0}},
	{113, "=00000001000602005e00000200000004 =" SNAP " ip4 tcp", {0}},
	{113, "=00000001000602005e00000200008100 =00640800 ip4 tcp", {100}},
	{276, "=08000000000000020001000602005e0000020000 ip4 tcp", {0}},
	{276, "=86dd0000000000020001000602005e0000020000 ip6 tcp6", {0}},
	{9, "=ff030021 ip4 tcp", {0}},
	{9, "=0057 ip6 tcp6", {0}},
	{9, "=21 ip4 tcp", {0}},
	{50, "=ff030021 ip4 tcp", {0}},
	{50, "=0f000800 ip4 tcp", {0}},
	{9, "=ff030281 =00064140 ip4 tcp", {0}},
	{51, "pppoe:21 ip4 tcp", {0}},
	{104, "=0f000800 ip4 tcp", {0}},
	{104, "=8f0086dd ip6 tcp6", {0}},
	{105, "=" WLAN "0000" MACS "0000" SNAP " ip4 tcp", {0}},
	{105, "=" QOS "0000" MACS "00000000" SNAP " ip4 tcp", {0}},
	{105, "=08030000" MACS "000002005e000004" SNAP " ip4 tcp", {0}},
	{105, "=88820000" MACS "00000000" Z4 SNAP " ip4 tcp", {0}},
	{105, "=" QOS "0000" MACS "00008000 eth8023 =" SNAP " ip4 tcp", {0}},
	{127, "=00000800" Z4 WLAN "0000" MACS "0000" SNAP " ip4 tcp", {0}},
	{127, "=0000110003000000" Z8 "20" QOS "0000" MACS "000000000000" SNAP " ip4 tcp", {0}},
	{127, "=000009000200000020" QOS "0000" MACS "000000000000" SNAP " ip4 tcp", {0}},
	{127,
	 "=0000190003000080" Z4 Z4 Z8 "20" QOS "0000" MACS "000000000000" SNAP " ip4 tcp",
	 {0}},
	{127, "=000009000200000000" QOS "0000" MACS "00000000" SNAP " ip4 tcp", {0}},
	{117, "=3d020000" Z60 " ip4 tcp", {0}},
	{117, "=3d180000" Z60 " ip6 tcp6", {0}},
	{239, "nflog ip4 tcp", {0}},
	{239, "nflogbe ip6 tcp6", {0}},

	{1, "eth vlan:64 ip4 tcp", {100}},
	{1, "eth svlan:7 vlan:64 ip6 tcp6", {7, 100}},
	{1, "eth qvlan:fff vlan:1 vlan:2 ip4 tcp", {4095, 1}},
	{1, "eth vlan:0 vlan:64 ip4 tcp", {100}},
	{1, "eth:9200 =00050800 ip4 tcp", {5}},
	{1, "eth:8847 =00064140 ip4 tcp", {0}},
	{1, "eth:8847 =0006404000074040000f4140 ip6 tcp6", {0}},
	{1, "eth:8848 =00064140 ip4 tcp", {0}},
	{1, "eth:8847 =0006414000000000 eth vlan:64 ip4 tcp", {100}},
	{1, "eth:8847 =00064140 eth ip4 tcp", {0}},
	{1, "eth pppoe:21 ip4 tcp", {0}},
	{1, "eth vlan:64 pppoe:57 ip6 tcp6", {100}},
	{1, "eth ip4:2f =00000800 ip4 tcp", {0}},
	{1, "eth ip4:2f =b00086dd" Z4 "0000000100000002 ip6 tcp6", {0}},
	{1, "eth ip6:2f =200008000000000a ip4 tcp", {0}},
	{1, "eth ip4:2f =00006558 eth vlan:64 ip4 tcp", {100}},
	{1, "eth ip4:2f =0000884700064140 ip4 tcp", {0}},
	{1, "eth ip4:2f =000088be eth ip4 tcp", {0}},
	{1, "eth vlan:2 ip4:2f =100088be000000011000000100000000 eth vlan:64 ip4 tcp", {2, 100}},
	{1, "eth ip4:2f =100022eb0000000120000000" Z8 " eth ip4 tcp", {0}},
	{1, "eth ip4:2f =100022eb0000000120000000" Z4 "00000001" Z8 " eth ip4 tcp", {0}},
	{1, "eth ip4:2f =100022eb0000000120000000" Z4 "00000800 ip6 tcp6", {0}},
	{1, "eth ip4 ip4 tcp", {0}},
	{1, "eth ip6 ip4 tcp", {0}},
	{1, "eth ip4 ip6 tcp6", {0}},
	{1, "eth ip6 ip6 tcp6", {0}},
	{1, "eth ip4:89 =00064140 ip4 tcp", {0}},
	{1, "eth ip4 udp:12b5 =0800000000002a00 eth ip4 tcp", {0}},
	{1, "eth ip6 udp:2118 =0800000000002a00 eth vlan:64 ip6 tcp6", {100}},
	{1, "eth ip4 udp:17c1 =0000655800002a00 eth ip4 tcp", {0}},
	{1, "eth ip4 udp:17c1 =0200080000002a00" Z8 " ip4 tcp", {0}},
	{1,
	 "eth svlan:1 vlan:2 ip4:2f =100088be000000011000000100000000 eth vlan:64 ip4 udp:12b5 "
	 "=0800000000002a00 eth ip4 tcp",
	 {1, 2}},

	{1, "eth:8926 =80010002 =0800 ip4 tcp", {0}},
	{1, "eth:8926 =00010002 =8100 =00640800 ip4 tcp", {100}},
	{1, "eth:8100 =00078926 =00010002 =86dd ip6 tcp6", {7}},
	{1, "eth:893f =a00100020304 =0800 ip4 tcp", {0}},
	{1, "eth:893f =a00100020304 =8100 =006486dd ip6 tcp6", {100}},
	{1, "eth:8909 =010100010064 =0800 ip4 tcp", {0}},
	{1, "eth:8909 =010100010064 =86dd ip6 tcp6", {0}},
	{1, "eth:8909 =01020001006400020001 =0800 ip4 tcp", {0}},
	{1, "eth:8100 =00648909 =010100010064 =0800 ip4 tcp", {100}},
	{1, "eth:8988 =000102030405 =0800 ip4 tcp", {0}},
	{1, "eth:8988 =000102030405 =86dd ip6 tcp6", {0}},
	{1, "eth:8988 =000102030405 =8100 =00640800 ip4 tcp", {100}},
	{1, "eth:8988 =00010203 =0800 ip4 tcp", {0}},
	{1, "eth:8988 =00010203 =86dd ip6 tcp6", {0}},
	{1, "eth:8988 =00010203 =8100 =08000800 ip4 tcp", {0x800}},
	{1, "eth:8988 =000108000405 =0800 ip4 tcp", {0}},
	{1, "eth:d28b =00010010" Z8 " =0800 ip4 tcp", {0}},
	{1, "eth:d28b =00010120" Z4 "0000 =86dd ip6 tcp6", {0}},
	{1, "eth:8903 =0402 eth vlan:64 ip4 tcp", {100}},
	{1, "eth:88a8 =000988e7 =00123456 eth ip4 tcp", {9}},
	{1, "eth:f1c1 =00000007 =0800 ip4 tcp", {0}},
	{1, "eth:892f =00420007 =0800 ip4 tcp", {0}},
	{1,
	 "eth:8926 =00010002 =8988 =000102030405 =8909 =010100010064 =8100 =00640800 ip4 tcp",
	 {100}},
	{1, "eth ip4 udp:9090 =" TZSP "01 eth ip4 tcp", {0}},
	{1, "eth ip4 udp:9090 =" TZSP "0a01c800003c0602005e00000901 eth ip4 tcp", {0}},
	{1, "eth ip6 udp:9090 =0101000101 eth vlan:64 ip6 tcp6", {100}},
	{1, "eth ip4 udp:9090 =0100001201 =" WLAN "0000" MACS "0000" SNAP " ip4 tcp", {0}},
	{1, "eth vlan:5 ip4 udp:1efc =" HP_ERM " eth vlan:64 ip4 tcp", {5, 100}},
	{1, "eth ip6 udp:1efc =" HP_ERM " eth ip6 tcp6", {0}},
	{258, "=" PKTAP("01") " eth ip4 tcp", {0}},
	{258, "=" PKTAP("0c") " ip6 tcp6", {0}},
	{258, "=" PKTAP("00") " =1e000000 ip6 tcp6", {0}},
	{149, "=" PKTAP("01") " eth vlan:64 ip4 tcp", {100}},
	{258, "=" PKTAP("68") " =0f000800 ip4 tcp", {0}},

	{1, "eth ip6:0 =06000104" Z4 " tcp6", {0}},
	{1, "eth ip6:0 =3c000104" Z4 "2b01010400000000" Z8 "06000104" Z4 " tcp6", {0}},
	{1, "eth ip6:3c =06010104" Z4 Z8 " tcp6", {0}},
	{1, "eth ip6:2c =0600000012345678 tcp6", {0}},
	{1, "eth ip6:33 =06040000" Z8 Z8 Z4 " tcp6", {0}},
	{1, "eth ip6:33 =3c040000" Z8 Z8 Z4 "06000104" Z4 " tcp6", {0}},
	{1, "eth ip4:33 =06040000" Z8 Z8 Z4 " tcp", {0}},
};

static struct port_set smtp;

static struct packet_decoder decoder(void)
{
	return (struct packet_decoder){.ports = &smtp};
}

static void header_check(const struct packet *p, bool v6, const uint16_t vlan[PACKET_VLANS])
{
	assert_true(ip_addr_equal(&p->src, v6 ? &wire_src6 : &wire_src4));
	assert_true(ip_addr_equal(&p->dst, v6 ? &wire_dst6 : &wire_dst4));
	assert_int_equal(p->src_port, WIRE_SRC_PORT);
	assert_int_equal(p->dst_port, WIRE_DST_PORT);
	assert_int_equal(p->seq, WIRE_SEQ);
	assert_int_equal(p->ack, WIRE_ACK);
	assert_int_equal(p->window, 512);
	assert_int_equal(p->flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p->marks & MARK_SIGNED, 0);
	assert_int_equal(p->ttl, v6 ? 62 : 61);
	assert_int_equal(p->ip_id, v6 ? 0 : 0x1234);
	assert_int_equal(p->df, v6);
	assert_int_equal(p->mss | p->wscale | p->has_wscale | p->has_tsopt, 0);
	assert_int_equal(p->tsval | p->tsecr, 0);
	assert_int_equal(p->vlans, (vlan[0] != 0) + (vlan[1] != 0));
	assert_memory_equal(p->vlan, vlan, sizeof p->vlan);
	assert_int_equal(p->payload_len, 8);
	assert_true(p->ts == 1234567890);
}

static void test_goods(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	d.insist_checksum = true;
	for (size_t i = 0; i < COUNT(goods); i++) {
		wire_start(&w);
		wire_put(&w, goods[i].words);
		struct frame f = wire_frame(&w, goods[i].link);
		union packet_decoded out;
		enum packet_kind kind = wire_decode(&d, &f, &out);
		if (kind != PACKET_TCP)
			print_error("link %d, %s: %s\n", goods[i].link, goods[i].words,
				    packet_kind_name(kind));
		assert_int_equal(kind, PACKET_TCP);
		header_check(&out.tcp, strstr(goods[i].words, "tcp6") != NULL, goods[i].vlan);
		assert_int_equal(out.tcp.payload_cap, 8);
		assert_memory_equal(out.tcp.payload, "EHLO x\r\n", 8);
		assert_true(packet_link_known(goods[i].link));
	}
}

/* By the snaplen: TCP as soon as its 20 bytes are there, CUT before, and nothing else. */
static void test_cuts(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(goods); i++) {
		wire_start(&w);
		w.options = bytes_of("\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", 12);
		wire_put(&w, goods[i].words);
		struct frame f = wire_frame(&w, goods[i].link);
		for (f.caplen = 0; f.caplen <= f.len; f.caplen++) {
			union packet_decoded out;
			enum packet_kind kind = wire_decode(&d, &f, &out);
			if (kind != (f.caplen < f.len - 20 ? PACKET_CUT : PACKET_TCP))
				print_error("%s cut to %u: %s\n", goods[i].words, f.caplen,
					    packet_kind_name(kind));
			assert_int_equal(kind, f.caplen < f.len - 20 ? PACKET_CUT : PACKET_TCP);
			if (kind != PACKET_TCP)
				continue;
			assert_int_equal(out.tcp.has_tsopt, f.caplen >= f.len - 8);
			out.tcp.has_tsopt = false;
			out.tcp.tsval = out.tcp.tsecr = 0;
			header_check(&out.tcp, strstr(goods[i].words, "tcp6") != NULL,
				     goods[i].vlan);
			assert_int_equal(out.tcp.payload_cap,
					 f.caplen > f.len - 8 ? f.caplen - (f.len - 8) : 0);
			assert_memory_equal(out.tcp.payload, "EHLO x\r\n", out.tcp.payload_cap);
		}
	}
}

/* On the wire: lengths then contradict each other. An nflog frame may end before the attribute with
 * the packet. */
static void test_short_frames(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(goods); i++) {
		wire_start(&w);
		wire_put(&w, goods[i].words);
		struct frame f = wire_frame(&w, goods[i].link);
		for (f.len--; f.len > 0; f.len--) {
			f.caplen = f.len;
			union packet_decoded out;
			enum packet_kind kind = wire_decode(&d, &f, &out);
			if (goods[i].link == 239 && f.len < 24)
				assert_true(kind == PACKET_MALFORMED || kind == PACKET_OTHER);
			else
				assert_int_equal(kind, PACKET_MALFORMED);
		}
	}
}

struct bent {
	int link;
	const char *words;
	unsigned at;
	const char *patch; /* hexadecimal, written over the frame */
	enum packet_kind kind;
};

/* Ethernet, IPv4 and TCP begin at 0, 14, 34; IPv6 and its TCP at 14, 54. */
static const struct bent bents[] = {
	{999, "eth ip4 tcp", 0, "", PACKET_LINK},
	{-1, "eth ip4 tcp", 0, "", PACKET_LINK},
	{1, "eth ip4 tcp", 36, "0050", PACKET_UNWATCHED},
	{1, "eth ip6 tcp6", 56, "0050", PACKET_UNWATCHED},
	{1, "eth ip4 tcp", 34, "00190050", PACKET_TCP},
	{1, "eth ip4 tcp", 12, "0806", PACKET_OTHER},
	{1, "eth ip4 tcp", 12, "86dd", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 14, "65", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 14, "44", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 14, "4f", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 16, "ffff", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 16, "0031", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 16, "0013", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 16, "0027", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 16, "0028", PACKET_TCP},
	{1, "eth ip4 tcp", 16, "0000", PACKET_TCP},
	{1, "eth ip4 tcp", 20, "2000", PACKET_FRAGMENT},
	{1, "eth ip4 tcp", 20, "0001", PACKET_FRAGMENT},
	{1, "eth ip4 tcp", 20, "4000", PACKET_TCP},
	{101, "ip4 tcp", 6, "2000", PACKET_FRAGMENT},
	{101, "ip4:32 tcp", 6, "2000", PACKET_OTHER},
	{1, "eth ip4:32 tcp", 20, "2000", PACKET_OTHER},
	{1, "eth ip4 tcp", 23, "32", PACKET_OTHER},
	{1, "eth ip4:0 =0600010400000000 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 tcp", 46, "40", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 46, "80", PACKET_MALFORMED},
	{1, "eth ip4 tcp", 46, "70", PACKET_TCP},
	{1, "eth ip6 tcp6", 14, "45", PACKET_MALFORMED},
	{1, "eth ip6 tcp6", 18, "001d", PACKET_MALFORMED},
	{1, "eth ip6 tcp6", 18, "0000", PACKET_TCP},
	{1, "eth ip6 tcp6", 22, "00000000000000000000ffff", PACKET_MALFORMED},
	{1, "eth ip6 tcp6", 38, "00000000000000000000ffff", PACKET_MALFORMED},
	{1, "eth ip6:3b tcp6", 0, "", PACKET_OTHER},
	{1, "eth ip6:2c =0600000112345678 tcp6", 0, "", PACKET_FRAGMENT},
	{1, "eth ip6:2c =0600000812345678 tcp6", 0, "", PACKET_FRAGMENT},
	{1, "eth ip6:2c =3c00000112345678 tcp6", 0, "", PACKET_FRAGMENT},
	{1, "eth ip6:2c =3200000112345678 tcp6", 0, "", PACKET_OTHER},
	{1, "eth ip6:0 =0600c20400010000 tcp6", 0, "", PACKET_MALFORMED},
	{1, "eth ip6:33 =06000000" Z8 " tcp6", 0, "", PACKET_MALFORMED},
	{1, "eth ip6:1 =03040000" Z4 " ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4:3a =01040000" Z4 " ip6 tcp6", 0, "", PACKET_OTHER},
	{1, "eth:8847 =00064040", 0, "", PACKET_MALFORMED},
	{1, "eth:8847 =0006414010000021 ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth pppoe:c021 =0101", 0, "", PACKET_OTHER},
	{1, "eth pppoe:21 ip4 tcp", 14, "12", PACKET_MALFORMED},
	{1, "eth pppoe:21 ip4 tcp", 15, "09", PACKET_OTHER},
	{1, "eth8023 =424203000000000000000000", 0, "", PACKET_OTHER},
	{1, "eth8023 =aaaa0300000c2000" Z4, 0, "", PACKET_OTHER},
	{1, "eth8023 =" SNAP " ip4 tcp", 12, "05dc", PACKET_MALFORMED},
	{1, "eth ip4 udp:35 =" Z8, 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:12b5 =0000000000002a00 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:12b5 =0800000000002a00 eth ip4 tcp", 38, "0007", PACKET_MALFORMED},
	{1, "eth ip4 udp:12b5 =0800000000002a00 eth ip4 tcp", 38, "0000", PACKET_TCP},
	{1, "eth ip4 udp:17c1 =4000655800002a00 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth:8926 =00010002 =0806 =00010800", 0, "", PACKET_OTHER},
	{1, "eth:8926 =00010002 =05dc" SNAP " ip4 tcp", 0, "", PACKET_MALFORMED},
	{1, "eth:8988 =000102030405 =0806" Z8, 0, "", PACKET_OTHER},
	{1, "eth:8988 =000102030405 =0038" SNAP " ip4 tcp", 0, "", PACKET_TCP},
	{1, "eth:8988 =ffffffffffffffffffffffff" Z8, 0, "", PACKET_OTHER},
	{1, "eth:8988 =00010203 =0800 ip4 tcp", 20, "65", PACKET_OTHER},
	{1, "eth:8909 =010100010064 =0806" Z8, 0, "", PACKET_OTHER},
	{1, "eth:8909 =01ff00010064 =88cc" Z8, 0, "", PACKET_OTHER},
	{1, "eth:8909 =010000010064 =0800 ip4 tcp", 0, "", PACKET_TCP},
	{1, "eth:d28b =00020010" Z8 " =0800 ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth:d28b =00010030" Z8 " =0800 ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:9090 =0200000101 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:9090 =0104000001", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:9090 =0100007701 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:9090 =" TZSP Z16, 0, "", PACKET_MALFORMED},
	{1, "eth ip4 udp:9090 =" TZSP "0aff" Z16, 0, "", PACKET_MALFORMED},
	{1, "eth ip4 udp:9090 =" TZSP "0a", 0, "", PACKET_MALFORMED},
	{1, "eth ip4 udp:9091 =" TZSP "01 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4 udp:1efc =00112233", 0, "", PACKET_MALFORMED},
	{258, "=" PKTAP("01") " eth ip4 tcp", 0, "6b", PACKET_MALFORMED},
	{258, "=" PKTAP("01") " eth ip4 tcp", 0, "00000000", PACKET_MALFORMED},
	{258, "=" PKTAP("01") " eth ip4 tcp", 0, "ffffffff", PACKET_MALFORMED},
	{258, "=" PKTAP("01") " eth ip4 tcp", 4, "00", PACKET_OTHER},
	{258, "=" PKTAP("01") " eth ip4 tcp", 8, "93", PACKET_OTHER},
	{258, "=" PKTAP("01") " eth ip4 tcp", 8, "010000ff", PACKET_OTHER},
	{1, "eth ip4:2f =00010800 ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4:2f =40000800" Z4 " ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4:2f =100088be" Z4 "2000000100000000 eth ip4 tcp", 0, "", PACKET_OTHER},
	{1, "eth ip4:2f =100022eb" Z4 "20000000" Z4 "00000400 eth ip4 tcp", 0, "", PACKET_OTHER},
	{0, "=02010000 ip4 tcp", 0, "", PACKET_OTHER},
	{101, "=55 ip4 tcp", 0, "", PACKET_MALFORMED},
	{113, "=00000001000602005e00000200000001 ip4 tcp", 0, "", PACKET_OTHER},
	{105, "=80000000" MACS "0000" Z8, 0, "", PACKET_OTHER},
	{105, "=48010000" MACS "0000" SNAP " ip4 tcp", 0, "", PACKET_OTHER},
	{105, "=08410000" MACS "0000" SNAP " ip4 tcp", 0, "", PACKET_OTHER},
	{127, "=01000800" Z4 WLAN "0000" MACS "0000" SNAP " ip4 tcp", 0, "", PACKET_MALFORMED},
	{127, "=00000700" Z4 WLAN "0000" MACS "0000" SNAP " ip4 tcp", 0, "", PACKET_MALFORMED},
	{117, "=00020000" Z60 " ip4 tcp", 0, "", PACKET_MALFORMED},
	{117, "=3d110000" Z60 " ip4 tcp", 0, "", PACKET_OTHER},
	{239, "=020000000400010004000200", 0, "", PACKET_OTHER},
	{239, "=020000000300010004000200", 0, "", PACKET_MALFORMED},
	{1, "eth ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 tcp", 0, "", PACKET_TCP},
	{1, "eth ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 ip4 tcp", 0, "", PACKET_NESTED},
	{1,
	 "eth ip6:3c "
	 "=3c000104000000003c000104000000003c000104000000003c000104000000003c000104000000003c000104"
	 "000000003c0001040000000006000104"
	 "00000000 tcp6",
	 0, "", PACKET_TCP},
	{1,
	 "eth ip6:3c "
	 "=3c000104000000003c000104000000003c000104000000003c000104000000003c000104000000003c000104"
	 "000000003c000104000000003c000104"
	 "000000000600010400000000 tcp6",
	 0, "", PACKET_NESTED},
	{1,
	 "eth:8926 =000100028926 =000100028926 =000100028926 =000100028926 =000100028926 "
	 "=000100028926 =000100020800 ip4 tcp",
	 0, "", PACKET_TCP},
	{1,
	 "eth:8926 =000100028926 =000100028926 =000100028926 =000100028926 =000100028926 "
	 "=000100028926 =000100028926 "
	 "=000100020800 ip4 tcp",
	 0, "", PACKET_NESTED},
};

static void test_bent(void **state)
{
	(void)state;
	static struct wire w;
	struct packet_decoder d = decoder();
	for (size_t i = 0; i < COUNT(bents); i++) {
		wire_start(&w);
		wire_put(&w, bents[i].words);
		wire_hex(bents[i].patch, w.b + w.at + bents[i].at);
		struct frame f = wire_frame(&w, bents[i].link);
		union packet_decoded out;
		enum packet_kind kind = wire_decode(&d, &f, &out);
		if (kind != bents[i].kind)
			print_error("row %zu, %s at %u: %s\n", i, bents[i].words, bents[i].at,
				    packet_kind_name(kind));
		assert_int_equal(kind, bents[i].kind);
	}
}

/* Of a frame that the mirror cut TZSP tells the length: the rest is missing from the capture. It is
 * not believed where it is less than what is there. */
static void test_tzsp_length(void **state)
{
	static const struct {
		const char *length;
		uint32_t keep; /* of the TCP payload's eight bytes */
		enum packet_kind kind;
	} rows[] = {
		{"003e", 8, PACKET_TCP}, {"003e", 3, PACKET_TCP}, {"0000", 8, PACKET_TCP},
		{"0010", 8, PACKET_TCP}, {"ffff", 0, PACKET_TCP}, {"003d", 3, PACKET_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct wire inner, w;
		char words[64];
		struct packet_decoder d = decoder();
		union packet_decoded out;
		wire_start(&inner);
		wire_put(&inner, "eth ip4 tcp");
		wire_start(&w);
		wire_put_bytes(&w, bytes_first(wire_bytes(&inner),
					       wire_bytes(&inner).n - 8 + rows[i].keep));
		snprintf(words, sizeof words, "eth ip4 udp:9090 =" TZSP "2902%s01", rows[i].length);
		wire_put(&w, words);
		struct frame f = wire_frame(&w, 1);
		assert_int_equal(wire_decode(&d, &f, &out), rows[i].kind);
		if (rows[i].kind == PACKET_TCP)
			assert_true(out.tcp.payload_len == 8 &&
				    out.tcp.payload_cap == rows[i].keep);
	}
}

static void inside(struct bytes all, const uint8_t *p, size_t n)
{
	assert_true(p >= all.p && p <= all.p + all.n && n <= (size_t)(all.p + all.n - p));
}

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void noise_check(const struct packet_decoder *d, const struct frame *f)
{
	union packet_decoded out;
	enum packet_kind kind = packet_decode(d, f, &out);
	struct bytes all = bytes_of(f->data, f->caplen);
	assert_true(kind < PACKET_KINDS);
	if (kind == PACKET_TCP) {
		inside(all, out.tcp.payload, out.tcp.payload_cap);
		assert_true(out.tcp.payload_cap <= out.tcp.payload_len);
		assert_true(out.tcp.vlans <= PACKET_VLANS);
		assert_true(out.tcp.wscale <= 14);
	} else if (kind == PACKET_FRAGMENT) {
		inside(all, out.fragment.data.p, out.fragment.data.n);
		assert_true(out.fragment.data.n <= out.fragment.data_len);
	}
}

/* Bytes of good frames turned into others, at a random cut; and plain noise. The sanitizer judges,
 * and the lengths are held together. */
static void test_noise(void **state)
{
	(void)state;
	static struct wire w;
	uint32_t seed = 20240501;
	for (size_t i = 0; i < 400 * COUNT(goods); i++) {
		const struct good *good = &goods[i % COUNT(goods)];
		wire_start(&w);
		wire_put(&w, good->words);
		struct frame f = wire_frame(&w, good->link);
		uint8_t *copy = malloc(f.len);
		assert_non_null(copy);
		memcpy(copy, f.data, f.len);
		for (uint32_t n = i / COUNT(goods) == 399 ? f.len : noise(&seed) % 6; n > 0; n--)
			copy[noise(&seed) % f.len] = (uint8_t)noise(&seed);
		f.data = copy;
		noise_check(&(struct packet_decoder){.insist_checksum = i & 1}, &f);
		free(copy);
		f.caplen = 1 + noise(&seed) % f.len;
		copy = malloc(f.caplen);
		assert_non_null(copy);
		memcpy(copy, w.b + w.at, f.caplen);
		copy[noise(&seed) % f.caplen] = (uint8_t)noise(&seed);
		f.data = copy;
		noise_check(&(struct packet_decoder){.ports = i & 1 ? &smtp : NULL}, &f);
		free(copy);
	}
}

/* Where something is, as seen from the frame's beginning. */
static size_t offset_of(const struct frame *f, const uint8_t *p)
{
	inside(bytes_of(f->data, f->caplen), p, 0);
	return (size_t)(p - f->data);
}

/* Ethernet has a short way of its own; the same packets behind a Linux "any" header, which has
 * none, must yield the same, bit for bit. */
static void test_short_way(void **state)
{
	(void)state;
	static struct wire w;
	static const char *const words[] = {"eth ip4 tcp", "eth ip6 tcp6", "eth vlan:64 ip4 tcp",
					    "eth vlan:64 ip6 tcp6", "eth vlan:0 ip4 tcp"};
	uint32_t seed = 11;
	unsigned kinds[PACKET_KINDS] = {0};
	for (unsigned i = 0; i < 200000; i++) {
		wire_start(&w);
		if (noise(&seed) & 1)
			w.options = bytes_of("\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", 12);
		wire_put(&w, words[i % COUNT(words)]);
		uint32_t n = (uint32_t)wire_bytes(&w).n,
			 cut = noise(&seed) % 3 ? 0 : noise(&seed) % (n - 14);
		for (uint32_t k = noise(&seed) % 4; k > 0; k--) {
			uint8_t *p = w.b + w.at + 14 + noise(&seed) % (n - 14);
			*p = noise(&seed) & 1 ? (uint8_t)noise(&seed) : *p ^ 1 << noise(&seed) % 8;
		}
		struct frame f = wire_frame(&w, 1), any = {.link = 113, .ts = f.ts};
		uint8_t copy[256] = {0};
		memcpy(copy + 14, f.data + 12, n - 12);
		any.data = copy;
		f.caplen -= cut;
		f.len -= noise(&seed) & 1 ? cut : 0;
		any.caplen = f.caplen + 2;
		any.len = f.len + 2;
		union packet_decoded a, b;
		memset(&a, 0x55, sizeof a);
		memset(&b, 0x55, sizeof b);
		struct packet_decoder d = {.ports = noise(&seed) & 1 ? &smtp : NULL};
		enum packet_kind kind = packet_decode(&d, &f, &a);
		assert_int_equal(kind, packet_decode(&d, &any, &b));
		kinds[kind]++;
		if (kind == PACKET_TCP) {
			assert_int_equal(offset_of(&f, a.tcp.payload) + 2,
					 offset_of(&any, b.tcp.payload));
			a.tcp.payload = b.tcp.payload;
		} else if (kind == PACKET_FRAGMENT) {
			assert_int_equal(offset_of(&f, a.fragment.data.p) + 2,
					 offset_of(&any, b.fragment.data.p));
			a.fragment.data.p = b.fragment.data.p;
		}
		if (kind == PACKET_TCP || kind == PACKET_FRAGMENT)
			assert_memory_equal(&a, &b, sizeof a);
	}
	assert_true(kinds[PACKET_TCP] > 50000 && kinds[PACKET_CUT] > 1000 &&
		    kinds[PACKET_MALFORMED] > 1000 && kinds[PACKET_UNWATCHED] > 1000);
}

static void test_kind_names(void **state)
{
	(void)state;
	for (int i = 0; i < PACKET_KINDS; i++)
		assert_true(strlen(packet_kind_name((enum packet_kind)i)) > 1);
	assert_string_equal(packet_kind_name(PACKET_TCP), "tcp");
	assert_false(packet_link_known(2));
}

int main(void)
{
	port_set_add(&smtp, WIRE_DST_PORT);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goods),        cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_short_frames), cmocka_unit_test(test_bent),
		cmocka_unit_test(test_noise),        cmocka_unit_test(test_short_way),
		cmocka_unit_test(test_kind_names),   cmocka_unit_test(test_tzsp_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
