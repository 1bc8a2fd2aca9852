/* test_text.c - what an administrator reads: alerts in four parts, the summary, and that nothing off the wire can act on the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/made.h"
#include "lib/output.h"
#include "output/text.h"

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("not there: %s\nin: %s", want, text);
}

static void an_alert_has_four_parts(void **state)
{
	(void)state;
	const struct verdict_row *row = verdict_row(VERDICT_221_FOR_MESSAGE);
	struct output out;
	struct made m;
	struct transaction *t;
	char want[2048];

	made_init(&m);
	t = made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_note(&m, &t->notes, NOTE_RCPT, 250, "c@example.net");
	made_note(&m, &t->notes, NOTE_MESSAGE_ID, 0, "1.2@out.example.org");
	made_note(&m, &t->notes, NOTE_QUEUE_ID, 0, "4Qx1");
	t->rcpt_count = 2;
	made_message(&m, FATE_ACCEPTED, "x@example.org", "y@example.net");
	output_open(&out, &sink_text);
	output_record(&out, &m);
	snprintf(want, sizeof(want),
		 "2026-11-23 10:00:03 UTC CRITICAL 221-for-message  192.0.2.10:40312 -> 198.51.100.25:25 (mx.example.net)\n"
		 "  What happened: %s; ",
		 row->headline);
	has(output_text(&out), want);
	snprintf(want, sizeof(want),
		 " The server's last reply was \"221 2.0.0 closing\".\n"
		 "  The mail:      %s.\n"
		 "                 message from <a@example.org> to <b@example.net> and 1 more, Message-ID <1.2@out.example.org>, "
		 "queue id 4Qx1, 1,234 bytes: "
		 "counted as delivered, but never accepted: lost, ",
		 row->meaning);
	has(output_text(&out), want);
	snprintf(want, sizeof(want), "                 1 message of the same session had been accepted.\n  Look at:       %s.\n\n",
		 row->advice);
	has(output_text(&out), want);
	assert_null(strchr(output_text(&out), '\033'));
	output_free(&out);
	made_free(&m);
}

static void a_clean_session_says_nothing(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	made_verdict(&m, VERDICT_CLEAN, 0);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	assert_string_equal(output_text(&out), "");
	output_free(&out);
	made_free(&m);
}

static void more_messages_than_are_told(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	for (unsigned i = 0; i < 5; i++)
		made_message(&m, FATE_CUT, "a@example.org", "b@example.net")->bytes_acked = 1000;
	m.facts.fates[FATE_CUT] += 30;
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(output_text(&out), "1,234 bytes (of which the server's system received 1,000): ");
	has(output_text(&out), "                 and 32 more messages of this session.\n");
	output_free(&out);
	made_free(&m);
}

static void ipv6_and_no_name(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init_bare(&m);
	m.conn.addr[CLIENT] = made_addr("2001:db8::10");
	m.conn.addr[SERVER] = made_addr("2001:db8::25");
	made_verdict(&m, VERDICT_DROP_BEFORE_MESSAGE, 0);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(output_text(&out), " WARNING drop-before-message  [2001:db8::10]:40313 -> [2001:db8::25]:25\n");
	assert_null(strstr(output_text(&out), "last reply"));
	output_free(&out);
	made_free(&m);
}

static void colours_on_a_terminal(void **state)
{
	(void)state;
	struct outbuf b = {0};
	struct text t = {.b = &b, .colour = true};
	struct made m;

	made_init(&m);
	text_alert(&t, &m.report);
	outbuf_char(&b, '\0');
	has(b.p, "\033[1;31mCRITICAL\033[0m \033[1m221-for-message\033[0m  ");
	outbuf_free(&b);
	made_free(&m);
}

static void nothing_off_the_wire_acts(void **state)
{
	(void)state;
	static const char hostile[] = "x\033]0;owned\007\x9b[2J\xc2\x9b\r\n\xe2\x80\xae\xff\177";
	struct output out;
	struct made m;
	struct transaction *t;

	made_init(&m);
	t = made_message(&m, FATE_CUT, hostile, hostile);
	made_note(&m, &t->notes, NOTE_MESSAGE_ID, 0, hostile);
	made_note(&m, &t->notes, NOTE_QUEUE_ID, 0, hostile);
	notes_set(&m.facts.notes, m.pool, NOTE_REPLY, 0, bytes_str(hostile));
	notes_set(&m.facts.notes, m.pool, NOTE_BANNER, 0, bytes_str(hostile));
	output_open(&out, &sink_text);
	output_record(&out, &m);
	for (const char *c = output_text(&out); *c != '\0'; c++)
		assert_true((*c >= 0x20 && *c < 0x7f) || *c == '\n' || (*c & 0x80));
	has(output_text(&out), "x\\u001b]0;owned\\u0007\xef\xbf\xbd[2J\\u009b\\u000d\\u000a\\u202e\xef\xbf\xbd\\u007f");
	assert_null(strstr(output_text(&out), "\xc2\x9b"));
	output_free(&out);
	made_free(&m);
}

/* A whole run: what was counted, and the summary of it. */
struct run {
	struct alerting alerting;
	struct totals totals;
	struct monitor_stats core;
	struct outbuf b;
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

static const char *run_text(struct run *r)
{
	struct text t = {.b = &r->b};

	r->b.n = 0;
	text_summary(&t, &(struct summary){.totals = &r->totals,
					   .alerting = &r->alerting,
					   .core = &r->core,
					   .inputs = "made.pcap",
					   .ports = "25,587"});
	outbuf_char(&r->b, '\0');
	return r->b.p;
}

static void run_free(struct run *r)
{
	servers_free(r->totals.servers);
	outbuf_free(&r->b);
}

static void summary_without_smtp(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	assert_string_equal(run_text(&r), "No packet in made.pcap.\n");
	r.core.frames = 1200;
	r.core.kinds[PACKET_UNWATCHED] = 1100;
	assert_string_equal(run_text(&r), "No SMTP session on ports 25,587 in made.pcap: 1,200 packets, of which 1,100 TCP on "
					  "other ports; -p sets the ports.\n");
	run_free(&r);
}

static void summary_when_all_is_well(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	r.core = (struct monitor_stats){.frames = 20, .bytes = 3000, .kinds = {[PACKET_TCP] = 19, [PACKET_UNWATCHED] = 1}};
	run_count(&r, VERDICT_CLEAN, "198.51.100.25");
	r.totals.fates[FATE_ACCEPTED] = 2;
	has(run_text(&r), "1 session, 0 alerts.\nEverything fine: ");
	has(run_text(&r), "  none      clean                           1  ");
	has(run_text(&r),
	    "Messages: 2 accepted.\nRead from made.pcap: 20 packets, 3,000 bytes; 19 TCP on ports 25,587, 1 TCP on other ports.\n");
	assert_null(strstr(run_text(&r), "Beware"));
	assert_null(strstr(run_text(&r), "Servers"));
	run_count(&r, VERDICT_UNKNOWN, "198.51.100.25");
	assert_null(strstr(run_text(&r), "Everything fine"));
	has(run_text(&r), "of 2 sessions the ending of 1 is unknown, and 0 went into TLS.\n");
	run_free(&r);
}

static void summary_of_alerts(void **state)
{
	(void)state;
	struct run r;
	const char *text;

	run_init(&r);
	r.core = (struct monitor_stats){.frames = 20, .stream = {.gap_bytes = 31, .evicted_idle = 2}};
	run_count(&r, VERDICT_DROP_BEFORE_MESSAGE, "198.51.100.1");
	run_count(&r, VERDICT_DROP_BEFORE_MESSAGE, "198.51.100.1");
	run_count(&r, VERDICT_221_FOR_MESSAGE, "198.51.100.9");
	run_count(&r, VERDICT_CLEAN, "198.51.100.7");
	text = run_text(&r);
	has(text, "4 sessions, 3 alerts: 1 critical, 2 warning.\n");
	has(text, "Servers with the worst alerts:\n"
		  "  198.51.100.9:25 (mx.example.net): 1 session, 1 alert: 1 critical\n"
		  "  198.51.100.1:25 (mx.example.net): 2 sessions, 2 alerts: 2 warning\n");
	has(text, "Beware: 2 connections given up because the table was full; 31 bytes missing from the capture.\n");
	assert_true(strstr(text, "221-for-message") < strstr(text, "drop-before-message"));
	assert_true(strstr(text, "drop-before-message") < strstr(text, "clean"));
	run_free(&r);
}

static void ten_worst_of_many_servers(void **state)
{
	(void)state;
	struct servers *s = servers_new();
	const struct server *worst[10];
	struct made m;

	made_init(&m);
	/* More than the table holds; server i has i % 1000 errors' worth in its address, and every 1000th is critical. */
	for (uint32_t i = 0; i < SERVERS_MAX + 10; i++) {
		m.conn.addr[SERVER].b[13] = (uint8_t)(i >> 16);
		m.conn.addr[SERVER].b[14] = (uint8_t)(i >> 8);
		m.conn.addr[SERVER].b[15] = (uint8_t)i;
		servers_count(s, &m.record, i % 1000 == 999 ? SEVERITY_CRITICAL : i % 2 ? SEVERITY_NOTICE : SEVERITY_NONE);
		if (i % 5000 == 4999)
			servers_count(s, &m.record, SEVERITY_CRITICAL);
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
		struct made m;

		made_init_bare(&m);
		made_note(&m, &m.facts.notes, NOTE_BANNER, 0, rows[i].banner);
		assert_string_equal(server_name(&m.facts, name), rows[i].name);
		made_free(&m);
	}
}

static void the_operators_severities(void **state)
{
	(void)state;
	struct alerting a = alerting_default();
	struct judgement j = {VERDICT_221_FOR_MESSAGE, UINT64_C(1) << VERDICT_DROP_IN_MESSAGE}, out;
	char why[128];

	out = alerting_judge(&a, j);
	assert_int_equal(out.verdict, VERDICT_221_FOR_MESSAGE);
	assert_true(alerting_set(&a, "221-for-message=none", why, sizeof(why)));
	out = alerting_judge(&a, j);
	assert_int_equal(out.verdict, VERDICT_DROP_IN_MESSAGE);
	assert_int_equal(out.also, UINT64_C(1) << VERDICT_221_FOR_MESSAGE);
	assert_true(alerting_set(&a, "221-for-message=error", why, sizeof(why)));
	assert_int_equal(alerting_judge(&a, j).verdict, VERDICT_221_FOR_MESSAGE);
	assert_true(alerting_is_alert(&a, VERDICT_221_FOR_MESSAGE));
	assert_false(alerting_is_alert(&a, VERDICT_CLEAN));
	assert_false(alerting_set(&a, "221-for-message", why, sizeof(why)));
	assert_false(alerting_set(&a, "nonsense=error", why, sizeof(why)));
	assert_false(alerting_set(&a, "clean=awful", why, sizeof(why)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_has_four_parts),     cmocka_unit_test(a_clean_session_says_nothing),
		cmocka_unit_test(more_messages_than_are_told), cmocka_unit_test(ipv6_and_no_name),
		cmocka_unit_test(colours_on_a_terminal),       cmocka_unit_test(nothing_off_the_wire_acts),
		cmocka_unit_test(summary_without_smtp),        cmocka_unit_test(summary_when_all_is_well),
		cmocka_unit_test(summary_of_alerts),           cmocka_unit_test(ten_worst_of_many_servers),
		cmocka_unit_test(names_from_greetings),        cmocka_unit_test(the_operators_severities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
