/* test_undecoded.c - what was not decoded: which number the decoder names, and how many of them are
 * counted within the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/wire.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/undecoded.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define Z16          "00000000000000000000000000000000"
#define ZEROS        Z16 Z16 Z16 Z16 Z16 Z16 /* the rest of a PKTAP header */

static uint64_t total(const struct undecoded *u)
{
	uint64_t n = u->others;
	for (size_t i = 0; i < UNDECODED_ROWS; i++)
		n += u->row[i].packets;
	return n;
}

static uint64_t packets_of(const struct undecoded *u, enum packet_space space, uint32_t number)
{
	for (size_t i = 0; i < UNDECODED_ROWS; i++)
		if (u->row[i].packets > 0 && u->row[i].what.space == space &&
		    u->row[i].what.number == number)
			return u->row[i].packets;
	return 0;
}

/* The innermost header that was not followed is the one that is named. */
static void the_decoder_names_it(void **state)
{
	static const struct {
		int link;
		const char *words;
		enum packet_space space;
		uint32_t number;
	} rows[] = {
		{1, "eth:22f3 =0000", SPACE_ETHERTYPE, 0x22f3},
		{1, "eth:806 =00010800", SPACE_ETHERTYPE, 0x0806},
		{1, "eth:8100 =006488cc =0207", SPACE_ETHERTYPE, 0x88cc},
		{1, "eth:8926 =00010002 =88cc =0207", SPACE_ETHERTYPE, 0x88cc},
		{1, "eth8023 =4242030000000000", SPACE_LLC, 0x4242},
		{1, "eth8023 =aaaa0300000c2000", SPACE_LLC, 0xaaaa},
		{1, "eth ip4:32 =00000000", SPACE_PROTOCOL, 50},
		{1, "eth ip6:73 =00000000", SPACE_PROTOCOL, 115},
		{1, "eth ip4:1 =0800000000000000", SPACE_PROTOCOL, 1},
		{1, "eth ip4:2f =00010800", SPACE_PROTOCOL, 47},
		{1, "eth ip4 udp:35 =00", SPACE_UDP, 53},
		{1, "eth ip4 udp:12b5 =0800000000002a00 eth:9999 =00", SPACE_ETHERTYPE, 0x9999},
		{1, "eth ip4 udp:12b5 =0000000000002a00 eth:9999 =00", SPACE_PROTOCOL, 17},
		{1, "eth pppoe:c021 =0101", SPACE_PPP, 0xc021},
		{258, "=6c0000000100000093000000 =" ZEROS, SPACE_LINK, 147},
		{147, "eth ip4 tcp", SPACE_LINK, 147},
		{127, "=0000080000000000 =8000", SPACE_LINK, 127},
		{113, "=00000001000602005e0000020000000c =00", SPACE_ETHERTYPE, 0x000c},
	};
	static struct wire w;
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct packet_decoder d = {0};
		union packet_decoded out;
		wire_start(&w);
		wire_put(&w, rows[i].words);
		struct frame f = wire_frame(&w, rows[i].link);
		enum packet_kind kind = wire_decode(&d, &f, &out);
		if ((kind != PACKET_OTHER && kind != PACKET_LINK) ||
		    out.other.space != rows[i].space || out.other.number != rows[i].number)
			fail_msg("%s: %s, %d, 0x%x", rows[i].words, packet_kind_name(kind),
				 (int)out.other.space, out.other.number);
	}
}

static void a_fragment_is_named_by_its_protocol(void **state)
{
	static struct wire w;
	const struct packet_decoder d = {0};
	union packet_decoded out;
	(void)state;
	wire_start(&w);
	w.fragment = 0x2000;
	wire_put(&w, "eth ip4:32 =0011223344556677");
	struct frame f = wire_frame(&w, 1);
	assert_int_equal(wire_decode(&d, &f, &out), PACKET_OTHER);
	assert_int_equal(out.other.space, SPACE_PROTOCOL);
	assert_int_equal(out.other.number, 50);
}

static void udp_without_a_name_is_one(void **state)
{
	struct undecoded u = {0};
	(void)state;
	for (unsigned port = 50000; port < 51000; port++)
		undecoded_count(&u, (struct packet_other){SPACE_UDP, port}, 1);
	undecoded_count(&u, (struct packet_other){SPACE_UDP, 6635}, 7);
	assert_int_equal(packets_of(&u, SPACE_PROTOCOL, 17), 1000);
	assert_int_equal(packets_of(&u, SPACE_UDP, 6635), 7);
	assert_int_equal(total(&u), 1007);
}

/* Numbers that come once each do not drive out the frequent ones, and nothing is lost from the sum.
 */
static void the_table_is_bounded(void **state)
{
	struct undecoded u = {0};
	struct undecoded_row sorted[UNDECODED_ROWS];
	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		undecoded_count(&u, (struct packet_other){SPACE_ETHERTYPE, 0x9999}, 1);
		undecoded_count(&u, (struct packet_other){SPACE_LINK, 0x9999}, 2);
		undecoded_count(&u, (struct packet_other){SPACE_ETHERTYPE, 0x10000 + i}, 1);
	}
	assert_int_equal(packets_of(&u, SPACE_ETHERTYPE, 0x9999), 5000);
	assert_int_equal(packets_of(&u, SPACE_LINK, 0x9999), 10000);
	assert_int_equal(total(&u), 20000);
	assert_int_equal(u.others, 5000 - (UNDECODED_ROWS - 2));
	assert_int_equal(undecoded_sorted(&u, sorted), UNDECODED_ROWS);
	assert_int_equal(sorted[0].what.space, SPACE_LINK);
	for (size_t i = 1; i < UNDECODED_ROWS; i++)
		assert_true(sorted[i - 1].packets >= sorted[i].packets);
}

static void sums_of_workers(void **state)
{
	struct undecoded a = {0}, b = {.others = 3};
	struct undecoded_row sorted[UNDECODED_ROWS];
	(void)state;
	assert_int_equal(undecoded_sorted(&a, sorted), 0);
	undecoded_count(&a, (struct packet_other){SPACE_ETHERTYPE, 0x22f3}, 5);
	undecoded_count(&b, (struct packet_other){SPACE_ETHERTYPE, 0x22f3}, 6);
	undecoded_count(&b, (struct packet_other){SPACE_LINK, 147}, 1);
	undecoded_add(&a, &b);
	assert_int_equal(packets_of(&a, SPACE_ETHERTYPE, 0x22f3), 11);
	assert_int_equal(packets_of(&a, SPACE_LINK, 147), 1);
	assert_int_equal(total(&a), 15);
	assert_int_equal(undecoded_sorted(&a, sorted), 2);
	undecoded_add(&a, &(struct undecoded){0});
	assert_int_equal(total(&a), 15);
}

static void what_is_ordinary(void **state)
{
	static const struct packet_other ordinary[] = {
		{SPACE_ETHERTYPE, 0x0806}, {SPACE_ETHERTYPE, 0x88cc}, {SPACE_ETHERTYPE, 0x888e},
		{SPACE_ETHERTYPE, 0x88f7}, {SPACE_PROTOCOL, 17},      {SPACE_PROTOCOL, 89},
		{SPACE_LLC, 0x4242},       {SPACE_LLC, 0x1234},       {SPACE_PPP, 0x8021}};
	static const struct packet_other others[] = {
		{SPACE_ETHERTYPE, 0x22f3}, {SPACE_ETHERTYPE, 0x9998}, {SPACE_PROTOCOL, 50},
		{SPACE_PROTOCOL, 200},     {SPACE_UDP, 4790},         {SPACE_PPP, 0x00fd},
		{SPACE_LINK, 147},         {SPACE_LINK, 0xffffffff}};
	/* the first, the last and one between of each table, which are in the order of the numbers
	 */
	static const struct {
		struct packet_other what;
		const char *name;
	} names[] = {
		{{SPACE_PROTOCOL, 1}, "ICMP"},
		{{SPACE_PROTOCOL, 17}, "UDP"},
		{{SPACE_PROTOCOL, 50}, "IPsec ESP"},
		{{SPACE_PROTOCOL, 143}, "Ethernet"},
		{{SPACE_ETHERTYPE, 0x0806}, "ARP"},
		{{SPACE_ETHERTYPE, 0x22f3}, "TRILL"},
		{{SPACE_ETHERTYPE, 0x88cc}, "LLDP"},
		{{SPACE_ETHERTYPE, 0x9000}, "loopback test"},
		{{SPACE_UDP, 1701}, "L2TP"},
		{{SPACE_UDP, 4790}, "VXLAN-GPE"},
		{{SPACE_UDP, 51820}, "WireGuard"},
		{{SPACE_LLC, 0x4242}, "spanning tree"},
		{{SPACE_LLC, 0xfefe}, "IS-IS"},
		{{SPACE_PPP, 0x002d}, "compressed TCP headers"},
		{{SPACE_PPP, 0xc021}, "link control"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(ordinary); i++)
		assert_true(undecoded_ordinary(ordinary[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(undecoded_ordinary(others[i]));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(undecoded_name(names[i].what), names[i].name);
	assert_null(undecoded_name(others[1]));
}

static void on_session(void *arg, const struct record *record)
{
	(void)arg, (void)record;
}

/* Whole frames, and what comes out of fragments. */
static void the_monitor_counts(void **state)
{
	static const char *const words[] = {"eth:22f3 =0000", "eth ip4 tcp", "eth:22f3 =0000",
					    "eth ip4 udp:35 =00", "eth:806 =0001"};
	static struct wire w;
	struct monitor_config config = monitor_config_default();
	struct monitor_stats stats;
	(void)state;
	config.session = on_session;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < COUNT(words); i++) {
		wire_start(&w);
		wire_put(&w, words[i]);
		struct frame f = wire_frame(&w, 1);
		monitor_frames(m, &f, 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		wire_start(&w);
		w.fragment = i == 0 ? 0x2000 : 0x0001;
		wire_put(&w, i == 0 ? "eth ip4:11 =c35012b500120000"
				    : "eth ip4:11 =00112233445566778899");
		struct frame f = wire_frame(&w, 1);
		monitor_frames(m, &f, 1);
	}
	struct frame f = wire_frame(&w, 147);
	monitor_frames(m, &f, 1);
	monitor_stats(m, &stats);
	assert_int_equal(packets_of(&stats.undecoded, SPACE_ETHERTYPE, 0x22f3), 2);
	assert_int_equal(packets_of(&stats.undecoded, SPACE_ETHERTYPE, 0x0806), 1);
	assert_int_equal(packets_of(&stats.undecoded, SPACE_PROTOCOL, 17), 2);
	assert_int_equal(packets_of(&stats.undecoded, SPACE_LINK, 147), 1);
	assert_int_equal(total(&stats.undecoded),
			 stats.kinds[PACKET_OTHER] + stats.kinds[PACKET_LINK]);
	monitor_finish(m);
	monitor_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_decoder_names_it),
		cmocka_unit_test(a_fragment_is_named_by_its_protocol),
		cmocka_unit_test(udp_without_a_name_is_one),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(sums_of_workers),
		cmocka_unit_test(what_is_ordinary),
		cmocka_unit_test(the_monitor_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
