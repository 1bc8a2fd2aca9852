/* test_default_filter.c - the expression for the kernel: compiles for the usual link types, passes
 * all that the core can use, and keeps out the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/default_filter.h"
#include "capture/linktype.h"
#include "lib/wire.h"
#include "lib/within.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SNAP         "aaaa030000000800"
#define SLL(type)    "=00000001000602005e0000020000" type
#define SLL2(type)   "=" type "0000000000020001000602005e0000020000"

static struct bpf_program compiled(int link, const struct port_set *ports, const char *user)
{
	struct bpf_program program;
	char *text = default_filter(linktype_to_dlt(link), ports, user);
	pcap_t *dead = pcap_open_dead(linktype_to_dlt(link), 1 << 18);
	assert_non_null(text);
	if (pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		fail_msg("link type %d: %s\n%s", link, pcap_geterr(dead), text);
	pcap_close(dead);
	free(text);
	return program;
}

static bool passes(const struct bpf_program *program, const struct frame *f)
{
	struct pcap_pkthdr h = {.caplen = f->caplen, .len = f->len};
	return pcap_offline_filter(program, &h, f->data) != 0;
}

static struct port_set ports_of(const uint16_t *ports, size_t n)
{
	struct port_set set = {{0}};
	for (size_t i = 0; i < n; i++)
		port_set_add(&set, ports[i]);
	return set;
}

struct sample {
	int link;
	const char *words;
	bool port_matters; /* kept out where 25 is not watched; what holds something that the kernel
			      cannot read is taken as it is */
};

static const struct sample samples[] = {
	{1, "eth ip4 tcp", true},
	{1, "eth ip6 tcp6", true},
	{1, "eth vlan:64 ip4 tcp", true},
	{1, "eth vlan:64 ip6 tcp6", true},
	{1, "eth svlan:7 vlan:64 ip4 tcp", true},
	{1, "eth svlan:7 vlan:64 ip6 tcp6", true},
	{1, "eth qvlan:7 vlan:64 ip6 tcp6", true},
	{1, "eth qvlan:fff vlan:1 vlan:2 ip4 tcp", false},
	{1, "eth:9200 =00050800 ip4 tcp", true},
	{1, "eth8023 =" SNAP " ip4 tcp", false},
	{1, "eth:8870 =" SNAP " ip4 tcp", false},
	{1, "eth vlan:64 pppoe:57 ip6 tcp6", false},
	{1, "eth pppoe:21 ip4 tcp", false},
	{1, "eth:8847 =00064140 ip4 tcp", false},
	{1, "eth vlan:3 ip4:2f =00000800 ip4 tcp", false},
	{1, "eth ip4:2f =00000800 ip4 tcp", false},
	{1, "eth ip6:2f =200008000000000a ip4 tcp", false},
	{1, "eth ip4:2f =100088be000000011000000100000000 eth vlan:64 ip4 tcp", false},
	{1, "eth ip4 ip4 tcp", false},
	{1, "eth ip6 ip4 tcp", false},
	{1, "eth ip4 ip6 tcp6", false},
	{1, "eth ip6 ip6 tcp6", false},
	{1, "eth ip4:89 =00064140 ip4 tcp", false},
	{1, "eth ip4 udp:12b5 =0800000000002a00 eth ip4 tcp", false},
	{1, "eth ip6 udp:2118 =0800000000002a00 eth vlan:64 ip6 tcp6", false},
	{1, "eth vlan:64 ip4 udp:17c1 =0000655800002a00 eth ip4 tcp", false},
	{1, "eth:8926 =00010002 =0800 ip4 tcp", false},
	{1, "eth vlan:64 ip4 udp:9090 =0100000101 eth ip4 tcp", false},
	{1, "eth ip6 udp:9090 =0100000101 eth ip4 tcp", false},
	{1, "eth ip4 udp:1efc =00112233445566778899aabb eth ip4 tcp", false},
	{1, "eth:893f =a00100020304 =0800 ip4 tcp", false},
	{1, "eth:8909 =010100010064 =0800 ip4 tcp", false},
	{1, "eth:8100 =00648909 =010100010064 =0800 ip4 tcp", false},
	{1, "eth:8988 =000102030405 =86dd ip6 tcp6", false},
	{1, "eth:d28b =000100100000000000000000 =0800 ip4 tcp", false},
	{1, "eth:8903 =0402 eth vlan:64 ip4 tcp", false},
	{1, "eth:88a8 =000988e7 =00123456 eth ip4 tcp", false},
	{1, "eth:f1c1 =00000007 =0800 ip4 tcp", false},
	{1, "eth:892f =00420007 =0800 ip4 tcp", false},
	{113, SLL("8926") " =00010002 =0800 ip4 tcp", false},
	{276, SLL2("8988") " =000102030405 =0800 ip4 tcp", false},
	{101, "ip4 udp:9090 =0100000101 eth ip4 tcp", false},
	{1, "eth ip6:0 =0600010400000000 tcp6", false},
	{1,
	 "eth ip6:3c =0601010400000000"
	 "0000000000000000 tcp6",
	 false},
	{1, "eth ip6:2c =0600000012345678 tcp6", false},
	{1, "eth vlan:9 ip6:2c =0600000012345678 tcp6", false},
	{1, "eth ip4:33 =060400000000000000000000000000000000000000000000 tcp", false},
	{1, "eth ip4 icmp", false},
	{113, SLL("0800") " ip4 tcp", true},
	{113, SLL("86dd") " ip6 tcp6", true},
	{113, SLL("8100") " =00640800 ip4 tcp", true},
	{113, SLL("8100") " =00648100 =00650800 ip4 tcp", true},
	{113, SLL("0004") " =" SNAP " ip4 tcp", false},
	{113, SLL("0800") " ip4:2f =00000800 ip4 tcp", false},
	{276, SLL2("0800") " ip4 tcp", true},
	{276, SLL2("86dd") " ip6 tcp6", true},
	{276, SLL2("8100") " =006486dd ip6 tcp6", true},
	{101, "ip4 tcp", true},
	{101, "ip6 tcp6", true},
	{101, "ip4 udp:12b5 =0800000000002a00 eth ip4 tcp", false},
	{228, "ip4 tcp", true},
	{229, "ip6 tcp6", true},
	{0, "=02000000 ip4 tcp", true},
	{108, "=00000002 ip4 tcp", true},
	{9, "=ff030021 ip4 tcp", true},
	{104, "=0f000800 ip4 tcp", true},
	{50, "=ff030021 ip4 tcp", true},
};

/* An ICMP error is what a router sends for a segment: type 3, code 4, and the quoted packet. */
static void sample_build(struct wire *w, const char *words)
{
	static const char error[] = "=0304000000000578 ip4 tcp";
	const char *icmp = strstr(words, " icmp");
	char outer[64];
	wire_start(w);
	if (!icmp) {
		wire_put(w, words);
		return;
	}
	wire_put(w, error);
	snprintf(outer, sizeof outer, "%.*s:1", (int)(icmp - words), words);
	wire_put(w, outer);
}

/* That each sample is one is proved by the decoder. */
static void all_that_can_be_used_passes(void **state)
{
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25, 587}, 2);
	const struct packet_decoder decoder = {.ports = &ports};
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bpf_program program = compiled(samples[i].link, &ports, NULL);
		union packet_decoded decoded;
		sample_build(&w, samples[i].words);
		struct frame f = wire_frame(&w, samples[i].link);
		enum packet_kind kind = wire_decode(&decoder, &f, &decoded);
		if (kind != PACKET_TCP && kind != PACKET_ICMP)
			fail_msg("%s: %s", samples[i].words, packet_kind_name(kind));
		if (!passes(&program, &f))
			fail_msg("kept out: %d %s", samples[i].link, samples[i].words);
		pcap_freecode(&program);
	}
}

static void other_ports_do_not(void **state)
{
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){2525, 587, 465}, 3);
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bpf_program program = compiled(samples[i].link, &ports, NULL);
		sample_build(&w, samples[i].words);
		struct frame f = wire_frame(&w, samples[i].link);
		if (passes(&program, &f) == samples[i].port_matters)
			fail_msg("%s: %d %s", samples[i].port_matters ? "passed" : "kept out",
				 samples[i].link, samples[i].words);
		pcap_freecode(&program);
	}
}

static void without_ports_all_tcp_passes(void **state)
{
	static struct wire w;
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bpf_program program = compiled(samples[i].link, NULL, NULL);
		sample_build(&w, samples[i].words);
		struct frame f = wire_frame(&w, samples[i].link);
		assert_true(passes(&program, &f));
		pcap_freecode(&program);
	}
}

/* The port may be at either end: 40000 is the client's. */
static void both_directions_pass(void **state)
{
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){WIRE_SRC_PORT}, 1);
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct bpf_program program = compiled(samples[i].link, &ports, NULL);
		sample_build(&w, samples[i].words);
		struct frame f = wire_frame(&w, samples[i].link);
		assert_true(passes(&program, &f));
		pcap_freecode(&program);
	}
}

static void fragments_pass(void **state)
{
	static const char *const words[] = {"eth ip4:6 =0011223344556677",
					    "eth vlan:5 ip4:6 =0011223344556677",
					    "eth svlan:7 vlan:5 ip4:6 =0011223344556677"};
	static const uint16_t fragments[] = {0x2000, 0x2010, 0x0010};
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25}, 1);
	struct bpf_program program = compiled(1, &ports, NULL);
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		for (size_t k = 0; k < COUNT(fragments); k++) {
			wire_start(&w);
			w.fragment = fragments[k];
			wire_put(&w, words[i]);
			struct frame f = wire_frame(&w, 1);
			assert_true(passes(&program, &f));
		}
	pcap_freecode(&program);
}

/* A frame with one number and nothing that could be read behind it: the decoder only then calls it
 * another protocol if the number has no row. */
static bool decoded(const struct wire *w)
{
	const struct packet_decoder decoder = {0};
	union packet_decoded out;
	struct frame f = wire_frame(w, 1);
	return wire_decode(&decoder, &f, &out) != PACKET_OTHER;
}

static bool lets_through(const struct bpf_program *program, const struct wire *w)
{
	struct frame f = wire_frame(w, 1);
	return passes(program, &f);
}

/* What follows an ethertype here suits all that the filter looks behind: a VLAN tag's length and
 * then SNAP, SNAP, IPv4 with options. */
static void every_ethertype_passes(void **state)
{
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25}, 1);
	struct bpf_program program = compiled(1, &ports, NULL);
	char words[64];
	unsigned rows = 0;
	(void)state;
	for (unsigned type = 0x600; type <= UINT16_MAX; type++) {
		snprintf(words, sizeof words, "eth:%x =00", type);
		wire_start(&w);
		wire_put(&w, words);
		bool known = decoded(&w);
		if (type == 0x86dd)
			continue;
		snprintf(words, sizeof words, "eth:%x =aaaa0300aaaa030000000000", type);
		wire_start(&w);
		wire_put(&w, words);
		if (lets_through(&program, &w) != known)
			fail_msg("ethertype 0x%04x is %s", type,
				 known ? "kept out" : "let through");
		rows += known;
	}
	assert_in_range(rows, 16, 24);
	pcap_freecode(&program);
}

/* Behind IPv4 and IPv6, with and without a VLAN tag. Nothing is behind the IP header but zeros:
 * port 0 is watched. */
static void every_protocol_passes(void **state)
{
	static const char *const outer[] = {"eth ip4", "eth vlan:64 ip4", "eth ip6",
					    "eth svlan:7 vlan:64 ip6"};
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){0}, 1);
	struct bpf_program program = compiled(1, &ports, NULL);
	char words[64];
	(void)state;
	for (size_t i = 0; i < COUNT(outer); i++)
		for (unsigned protocol = 0; protocol <= UINT8_MAX; protocol++) {
			/* UDP goes by its port; the filter passes errors of ICMP only; 0 is an
			 * extension header of IPv6 alone */
			if (protocol == 17 || protocol == 1 || protocol == 58 || protocol == 0 ||
			    (strstr(outer[i], "ip4") &&
			     (protocol == 43 || protocol == 44 || protocol == 60)))
				continue;
			snprintf(words, sizeof words, "%s:%x =00", outer[i], protocol);
			wire_start(&w);
			wire_put(&w, words);
			bool known = decoded(&w);
			snprintf(words, sizeof words, "%s:%x =0000000000000000", outer[i],
				 protocol);
			wire_start(&w);
			wire_put(&w, words);
			if (lets_through(&program, &w) != known)
				fail_msg("%s, protocol %u is %s", outer[i], protocol,
					 known ? "kept out" : "let through");
		}
	pcap_freecode(&program);
}

static void every_tunnel_passes(void **state)
{
	static const char *const outer[] = {"eth ip4", "eth svlan:7 vlan:64 ip4", "eth ip6"};
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25}, 1);
	struct bpf_program program = compiled(1, &ports, NULL);
	char words[64];
	(void)state;
	for (size_t i = 0; i < COUNT(outer); i++) {
		unsigned rows = 0;
		for (unsigned port = 0; port <= UINT16_MAX; port++) {
			snprintf(words, sizeof words, "%s udp:%x =00", outer[i], port);
			wire_start(&w);
			wire_put(&w, words);
			bool known = decoded(&w);
			if (lets_through(&program, &w) != known)
				fail_msg("%s, UDP port %u is %s", outer[i], port,
					 known ? "kept out" : "let through");
			rows += known;
		}
		assert_in_range(rows, 5, 12);
	}
	pcap_freecode(&program);
}

static void what_is_of_no_use_does_not(void **state)
{
	static const struct {
		int link;
		const char *words;
	} useless[] = {
		{1, "eth:806 =0001080006040001020000000001c0000201000000000000c0000202"},
		{1, "eth ip4 udp:35 =00112233"},
		{1, "eth vlan:64 ip4 udp:35 =00112233"},
		{1, "eth svlan:7 vlan:64 ip6 udp:35 =00112233"},
		{1, "eth ip4:1 =0800000000010001"},
		{1, "eth ip4:1 =0500000000010001"},
		{1, "eth ip6:3a =8700000000000000"},
		{1, "eth ip6:0 =3a000502000001008f00000000000001"},
		{1, "eth ip4:32 =0011223344556677"},
		{1, "eth:88cc =0207040200000000"},
		{1, "eth:8100 =006488cc0207040200000000"},
		{1, "eth ip4 udp:9091 =0100000101"},
		{1, "eth:8927 =000100020800"},
		{113, SLL("0806") " =0001080006040001"},
		{113, SLL("0800") " ip4 udp:35 =00112233"},
		{276, SLL2("86dd") " ip6 udp:35 =00112233"},
		{101, "ip4 udp:35 =00112233"},
	};
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25}, 1);
	(void)state;
	for (size_t i = 0; i < COUNT(useless); i++) {
		struct bpf_program program = compiled(useless[i].link, &ports, NULL);
		wire_start(&w);
		wire_put(&w, useless[i].words);
		struct frame f = wire_frame(&w, useless[i].link);
		if (passes(&program, &f))
			fail_msg("passed: %s", useless[i].words);
		pcap_freecode(&program);
	}
}

/* In particular one with `vlan` in it, which moves the offsets of what follows: nothing follows. */
static void the_operators_expression_narrows(void **state)
{
	static const struct {
		const char *user, *words;
		bool passes;
	} rows[] = {
		{"host 192.0.2.1", "eth ip4 tcp", true},
		{"host 192.0.2.9", "eth ip4 tcp", false},
		{"host 192.0.2.9 or host 192.0.2.1", "eth ip4 tcp", true},
		{"udp or host 192.0.2.1", "eth ip4 udp:35 =00112233", false},
		{"vlan 100 and host 192.0.2.1", "eth vlan:64 ip4 tcp", true},
		{"vlan 100 and host 192.0.2.1", "eth vlan:63 ip4 tcp", false},
		{"vlan 100 and host 192.0.2.1", "eth ip4 tcp", false},
		{"vlan", "eth vlan:64 ip4 udp:35 =00112233", false},
		{"not vlan", "eth ip4 tcp", true},
	};
	static struct wire w;
	const struct port_set ports = ports_of((const uint16_t[]){25}, 1);
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bpf_program program = compiled(1, &ports, rows[i].user);
		wire_start(&w);
		wire_put(&w, rows[i].words);
		struct frame f = wire_frame(&w, 1);
		if (passes(&program, &f) != rows[i].passes)
			fail_msg("%s: %s", rows[i].user, rows[i].words);
		pcap_freecode(&program);
	}
}

/* The kernel takes no program of more than 4096 instructions; where there are many ports the core
 * sorts out the rest. */
static void many_ports_stay_short(void **state)
{
	static const int links[] = {1, 113, 276, 101};
	struct port_set ports = {{0}};
	(void)state;
	for (uint16_t n = 1; n <= 200; n++) {
		port_set_add(&ports, (uint16_t)(n * 7));
		if (n % 32 != 0 && n != 200)
			continue;
		for (size_t i = 0; i < COUNT(links); i++) {
			struct bpf_program program = compiled(links[i], &ports, "host 192.0.2.1");
			assert_within(program.bf_len, 1, 4096);
			pcap_freecode(&program);
		}
	}
}

/* For cooked frames libpcap hands the kernel a wrong program where an offset is computed
 * (default_filter.c). */
static void no_offset_is_computed(void **state)
{
	static const int links[] = {1, 113, 276};
	const struct port_set ports = ports_of((const uint16_t[]){25, 587}, 2);
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct bpf_program program = compiled(links[i], &ports, NULL);
		for (unsigned k = 0; k < program.bf_len; k++)
			assert_false(BPF_CLASS(program.bf_insns[k].code) == BPF_LD &&
				     BPF_MODE(program.bf_insns[k].code) == BPF_IND);
		pcap_freecode(&program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_can_be_used_passes),
		cmocka_unit_test(other_ports_do_not),
		cmocka_unit_test(without_ports_all_tcp_passes),
		cmocka_unit_test(both_directions_pass),
		cmocka_unit_test(fragments_pass),
		cmocka_unit_test(every_ethertype_passes),
		cmocka_unit_test(every_protocol_passes),
		cmocka_unit_test(every_tunnel_passes),
		cmocka_unit_test(what_is_of_no_use_does_not),
		cmocka_unit_test(the_operators_expression_narrows),
		cmocka_unit_test(many_ports_stay_short),
		cmocka_unit_test(no_offset_is_computed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
