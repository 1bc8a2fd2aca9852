/* test_summary.c - the last words of a run: the tally, the worst servers, what was missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "format/text/text.h"
#include "lib/made.h"
#include "smtpwatch/verdict.h"

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL) {
		fputs(text, stderr); /* which may be too long for cmocka */
		fail_msg("not there: %s", want);
	}
}

/* A whole run: what was counted, and the summary of it. */
struct run {
	struct alerting alerting;
	struct totals totals;
	struct domains *domains; /* NULL: none */
	struct monitor_stats core;
	uint64_t filtered;
	bool broken;
	struct outbuf b, scratch;
};

static void run_init(struct run *r)
{
	*r = (struct run){.alerting = alerting_default(), .totals = {.servers = servers_new()}};
}

static void run_count(struct run *r, enum verdict v, const char *server)
{
	struct made m;

	made_init(&m);
	m.conn.addr[SERVER] = made_addr(server);
	made_verdict(&m, v, 0);
	totals_count(&r->totals, &m.report);
	made_free(&m);
}

/* One whose answer was slow, and one that another's alert counts. */
static void run_count_asides(struct run *r)
{
	struct made m;

	made_init(&m);
	made_slow_message(&m, 75 * FRAME_SECOND);
	made_verdict(&m, VERDICT_CLEAN, 0);
	totals_count(&r->totals, &m.report);
	m.report.raised = 0;
	m.report.also = 0;
	m.report.grouped = true;
	totals_count(&r->totals, &m.report);
	made_free(&m);
}

static const char *run_text(struct run *r)
{
	struct text t = {.b = &r->b, .scratch = r->scratch};

	r->b.n = 0;
	text_summary(&t, &(struct summary){.totals = &r->totals,
					   .domains = r->domains,
					   .alerting = &r->alerting,
					   .core = &r->core,
					   .inputs = "made.pcap",
					   .ports = "25,587",
					   .filtered = r->filtered,
					   .broken = r->broken});
	outbuf_char(&r->b, '\0');
	r->scratch = t.scratch;
	return r->b.p;
}

static void run_free(struct run *r)
{
	servers_free(r->totals.servers);
	domains_free(r->domains);
	outbuf_free(&r->b);
	outbuf_free(&r->scratch);
}

static void summary_without_smtp(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	assert_string_equal(run_text(&r), "No packet in made.pcap.\n");
	r.broken = true;
	assert_string_equal(run_text(&r), "No packet could be read from made.pcap.\n");
	r.filtered = 1;
	assert_string_equal(run_text(&r), "No packet that could be read from made.pcap passed the "
					  "filter, which left out 1 packet.\n");
	r.broken = false;
	assert_string_equal(run_text(&r), "No packet in made.pcap passed the filter, which left "
					  "out 1 packet.\n");
	r.core.frames = 1200;
	r.core.kinds[PACKET_UNWATCHED] = 1100;
	assert_string_equal(run_text(&r),
			    "No SMTP session on ports 25,587 in made.pcap: 1,200 "
			    "packets, of which 1,100 TCP on other ports.\n"
			    "The option -p sets the ports; --check-ports finds them.\n");
	run_free(&r);
}

static void run_undecoded(struct run *r, enum packet_space space, uint32_t number, uint64_t packets)
{
	undecoded_count(&r->core.undecoded, (struct packet_other){space, number}, packets);
	r->core.frames += packets;
	r->core.kinds[PACKET_OTHER] += packets;
}

/* What could not be decoded is named in place of the advice, unless there is TCP on other ports
 * too. */
static void summary_names_what_was_not_decoded(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	run_undecoded(&r, SPACE_ETHERTYPE, 0x9999, 18);
	run_undecoded(&r, SPACE_ETHERTYPE, 0x0806, 30);
	run_undecoded(&r, SPACE_UDP, 4790, 1);
	assert_string_equal(run_text(&r), "No SMTP session on ports 25,587 in made.pcap: 49 "
					  "packets, of which 0 TCP on other ports.\n"
					  "Not decoded: 18 packets of ethertype 0x9999, 1 packet "
					  "to UDP port 4790 (VXLAN-GPE). Mail inside them\n"
					  "  is not seen.\n");
	r.core.undecoded.others = 4;
	has(run_text(&r),
	    "(VXLAN-GPE), 4 packets of\n  other kinds. Mail inside them is not seen.\n");
	r.core.kinds[PACKET_UNWATCHED] = 1;
	has(run_text(&r),
	    "is not seen.\nThe option -p sets the ports; --check-ports finds them.\n");
	run_free(&r);
}

/* Ordinary packets are named only where there is nothing else. */
static void summary_names_the_ordinary_last(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	run_undecoded(&r, SPACE_ETHERTYPE, 0x0806, 18);
	run_undecoded(&r, SPACE_LLC, 0x4242, 2);
	assert_string_equal(run_text(&r), "No SMTP session on ports 25,587 in made.pcap: 20 "
					  "packets, of which 0 TCP on other ports.\n"
					  "Not decoded: 18 packets of ethertype 0x0806 (ARP), 2 "
					  "packets of LLC 0x4242 (spanning tree).\n");
	r.core.kinds[PACKET_UNWATCHED] = 1;
	assert_string_equal(run_text(&r),
			    "No SMTP session on ports 25,587 in made.pcap: 20 "
			    "packets, of which 1 TCP on other ports.\n"
			    "The option -p sets the ports; --check-ports finds them.\n");
	run_free(&r);
}

/* Beside sessions: one direction may be among them, where they are half as many as the segments of
 * mail. */
static void summary_of_a_mirror_half_decoded(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	run_count(&r, VERDICT_UNKNOWN, "198.51.100.25");
	r.core.kinds[PACKET_TCP] = 20;
	run_undecoded(&r, SPACE_ETHERTYPE, 0x9999, 9);
	run_undecoded(&r, SPACE_ETHERTYPE, 0x0806, 5000);
	assert_null(strstr(run_text(&r), "Not decoded"));
	run_undecoded(&r, SPACE_ETHERTYPE, 0x9999, 1);
	has(run_text(&r),
	    "\nNot decoded: 10 packets of ethertype 0x9999. Mail inside them is not seen.\n");
	assert_null(strstr(run_text(&r), "ARP"));
	run_free(&r);
}

static void summary_when_all_is_well(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	r.core = (struct monitor_stats){
		.frames = 20, .bytes = 3000, .kinds = {[PACKET_TCP] = 19, [PACKET_UNWATCHED] = 1}};
	run_count(&r, VERDICT_CLEAN, "198.51.100.25");
	r.totals.fates[FATE_ACCEPTED] = 2;
	has(run_text(&r), "1 session, 0 alerts.\nEverything fine: ");
	has(run_text(&r), "  none      clean                           1  ");
	has(run_text(&r), "Messages: 2 accepted.\n0 of 1 session (0 %) went into TLS.\n"
			  "Read from made.pcap: 20 packets, 3,000 bytes; 19 "
			  "TCP on ports 25,587, 1 TCP on other ports.\n");
	assert_null(strstr(run_text(&r), "Beware"));
	assert_null(strstr(run_text(&r), "Servers"));
	run_count(&r, VERDICT_UNKNOWN, "198.51.100.25");
	assert_null(strstr(run_text(&r), "Everything fine"));
	has(run_text(&r), "of 2 sessions the ending of 1 is unknown, and 0 "
			  "ended\n  in TLS, unread.\n");
	run_free(&r);
}

static void summary_of_alerts(void **state)
{
	(void)state;
	struct run r;
	const char *text;

	run_init(&r);
	r.core = (struct monitor_stats){
		.frames = 20,
		.kinds = {[PACKET_ICMP] = 3},
		.defrag = {.fragments = 4, .timed_out = 1},
		.stream = {.gap_bytes = 31, .evicted_idle = 2, .retransmits = 5}};
	run_count(&r, VERDICT_DROP_BEFORE_MESSAGE, "198.51.100.1");
	run_count(&r, VERDICT_DROP_BEFORE_MESSAGE, "198.51.100.1");
	run_count(&r, VERDICT_221_FOR_MESSAGE, "198.51.100.9");
	run_count(&r, VERDICT_CLEAN, "198.51.100.7");
	text = run_text(&r);
	has(text, "4 sessions, 3 alerts: 1 critical, 2 warning.\n");
	has(text, "Servers with the worst alerts:\n"
		  "  198.51.100.9:25 (mx.example.net): 1 session, 1 alert: 1 critical\n"
		  "  198.51.100.1:25 (mx.example.net): 2 sessions, 2 alerts: 2 warning\n");
	has(text, "Seen as well: 3 ICMP errors; 4 IP fragments; 5 segments sent again.\n"
		  "Beware: 1 fragmented datagrams never completed; 2 connections given up because "
		  "the table was full;\n"
		  "  31 bytes missing from the capture.\n");
	assert_null(strstr(text, "Beside"));
	assert_null(strstr(text, "further session"));
	assert_true(strstr(text, "221-for-message") < strstr(text, "drop-before-message"));
	assert_true(strstr(text, "drop-before-message") < strstr(text, "clean"));
	run_count_asides(&r);
	text = run_text(&r);
	has(text,
	    "6 sessions, 4 alerts: 1 critical, 3 warning.\n"
	    "1 further session ended in the same events, and raised no alerts of their own.\n");
	has(text, "Beside their ending:\n"
		  "  warning   slow-acceptance                 1  the server was slow to answer a "
		  "whole message\n");
	run_free(&r);
}

/* The ending of a session is as severe as it was, not as such a one could be. */
static void summary_of_a_mild_one(void **state)
{
	(void)state;
	struct run r;
	struct made m;

	run_init(&r);
	r.core.frames = 20;
	made_init(&m);
	m.ending =
		(struct ending){.closer = CLOSER_SERVER, .tls = {.pending = TLS_PENDING_COMMAND}};
	made_verdict(&m, VERDICT_TLS_BROKEN_OFF, 0);
	totals_count(&r.totals, &m.report);
	has(run_text(&r), "  notice    tls-broken-off ");
	m.ending.tls.notifies = true;
	totals_count(&r.totals, &m.report);
	has(run_text(&r), "  warning   tls-broken-off ");
	made_free(&m);
	run_free(&r);
}

/* Both are left out where there is one of them. */
static void summary_by_domain_and_hour(void **state)
{
	struct run r;
	struct made m;

	(void)state;
	run_init(&r);
	r.domains = domains_new(NULL);
	for (unsigned i = 0; i < 2; i++) {
		made_init(&m);
		made_message(&m, FATE_CUT, "a@example.org", i == 0 ? "b@one.example" : "b@\033");
		made_verdict(&m, VERDICT_DROP_IN_MESSAGE, 0);
		for (unsigned n = i; n < 2; n++)
			domains_count(r.domains, &m.record, &m.report);
		m.report.record.end += i * 3600 * FRAME_SECOND;
		totals_count(&r.totals, &m.report);
		if (i == 0) {
			assert_null(strstr(run_text(&r), "Recipient domains"));
			assert_null(strstr(run_text(&r), "by hour"));
		}
		made_free(&m);
	}
	has(run_text(&r),
	    "Recipient domains with the most messages:\n"
	    "  one.example: 2 sessions, 2 alerts, 2 messages: 2 cut.\n"
	    "  \\u001b: 1 session, 1 alert, 1 message: 1 cut.\n"
	    "Sessions by hour of the day (UTC): 10 h 1 (1 alert), 11 h 1 (1 alert).\n");
	run_free(&r);
}

static void ten_worst_of_many_servers(void **state)
{
	(void)state;
	struct servers *s = servers_new();
	const struct server *worst[10];
	struct made m;

	made_init(&m);
	/* More than the table holds; server i has i % 1000 errors' worth in its address, and every
	 * 1000th is critical. */
	for (uint32_t i = 0; i < SERVERS_MAX + 10; i++) {
		m.conn.addr[SERVER].b[13] = (uint8_t)(i >> 16);
		m.conn.addr[SERVER].b[14] = (uint8_t)(i >> 8);
		m.conn.addr[SERVER].b[15] = (uint8_t)i;
		made_verdict(&m,
			     i % 1000 == 999 ? VERDICT_221_FOR_MESSAGE
			     : i % 2         ? VERDICT_DROP_AFTER_QUIT
					     : VERDICT_CLEAN,
			     0);
		servers_count(s, &m.report);
		if (i % 5000 == 4999)
			servers_count(s, &m.report);
	}
	assert_int_equal(servers_others(s)->sessions, 10);
	assert_int_equal(servers_worst(s, worst, 10), 10);
	for (unsigned i = 0; i < 10; i++) {
		uint32_t n = i * 5000 + 4999;
		uint8_t want[3] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

		assert_int_equal(worst[i]->alerts[SEVERITY_CRITICAL], 2);
		assert_memory_equal(worst[i]->addr.b + 13, want, 3);
	}
	assert_int_equal(servers_worst(s, worst, 1), 1);
	servers_free(s);
	made_free(&m);
}

struct name_row {
	const char *banner, *name;
};

static void names_from_greetings(void **state)
{
	(void)state;
	static const struct name_row rows[] = {
		{"mx.example.net ESMTP", "mx.example.net"},
		{"mx.example.net", "mx.example.net"},
		{"ESMTP ready", ""},
		{"***************", ""},
		{"mx.example.net\033[2J", ""},
		{"", ""},
		{"a123456789.123456789.123456789.123456789.123456789.123456789.123456789 x", ""},
	};
	char name[SERVER_NAME];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(server_name(bytes_str(rows[i].banner), name), rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_without_smtp),
		cmocka_unit_test(summary_names_what_was_not_decoded),
		cmocka_unit_test(summary_names_the_ordinary_last),
		cmocka_unit_test(summary_of_a_mirror_half_decoded),
		cmocka_unit_test(summary_when_all_is_well),
		cmocka_unit_test(summary_of_alerts),
		cmocka_unit_test(summary_of_a_mild_one),
		cmocka_unit_test(summary_by_domain_and_hour),
		cmocka_unit_test(ten_worst_of_many_servers),
		cmocka_unit_test(names_from_greetings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
