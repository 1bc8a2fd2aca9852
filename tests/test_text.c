/* test_text.c - what an administrator reads: alerts, the summary, and that nothing off the wire can act on the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/made.h"
#include "lib/output.h"
#include "output/catalogue.h"
#include "output/grouping.h"
#include "output/text.h"

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL) {
		fputs(text, stderr); /* which may be too long for cmocka */
		fail_msg("not there: %s", want);
	}
}

/* The text as one line, so that it can be looked for whatever the columns: breaks become single blanks. */
static const char *unfolded(struct output *out)
{
	char *to;

	output_text(out);
	to = out->text;
	for (const char *from = out->text; *from != '\0'; from++) {
		char c = *from == '\n' ? ' ' : *from;

		if (c != ' ' || to == out->text || to[-1] != ' ')
			*to++ = c;
	}
	*to = '\0';
	return out->text;
}

static void an_alert(void **state)
{
	(void)state;
	static const char want[] =
		"2026-11-23 10:00:03 UTC CRITICAL 221-for-message  192.0.2.10:40312 -> 198.51.100.25:25\n"
		"  Who:           client out.example.org, server mx.example.net\n"
		"  What happened: The server said 221 (closing) where it should have said 250 (accepted), and never\n"
		"                 took the message: \"221 2.0.0 closing\". This was at stage END-OF-MESSAGE; the server\n"
		"                 then closed with a FIN. 11 other sessions of this server ended within the same\n"
		"                 second.\n"
		"  Why:           Probably the server was being stopped or restarted: the code 4.3.2; 12 sessions\n"
		"                 ended together.\n"
		"  The mail:      The sending server counts it as delivered and deletes its copy: the mail is lost,\n"
		"                 and its own log says \"sent\".\n"
		"                 message from <a@example.org> to <b@example.net>, <c@example.net> and 2 more,\n"
		"                   Message-ID <1.2@out.example.org>, 1,234 bytes, 1 of 4 recipients accepted: never\n"
		"                   accepted, though the sender believes so: lost, and nobody is told.\n"
		"                 1 message of the same session had been accepted (queue id 4Qx1).\n"
		"  Look at:       ";
	struct output out;
	struct made m;
	struct transaction *t;

	made_init(&m);
	t = made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_note(&m, &t->notes, NOTE_RCPT, 550, "c@example.net");
	made_note(&m, &t->notes, NOTE_MESSAGE_ID, 0, "1.2@out.example.org");
	t->rcpt_count = 4;
	t->rcpt_rejected = 3;
	made_note(&m, &made_message(&m, FATE_ACCEPTED, "x@example.org", "y@example.net")->notes, NOTE_QUEUE_ID, 0, "4Qx1");
	m.facts.farewell_code = 221;
	m.record.together = 12;
	made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the code 4.3.2", "12 sessions ended together");
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(output_text(&out), want);
	assert_null(strchr(output_text(&out), '\033'));
	/* the cause has the better advice; a possible one has not; what is critical has both */
	has(unfolded(&out), cause_row(CAUSE_SHUTDOWN)->advice + 1);
	has(unfolded(&out), verdict_row(VERDICT_221_FOR_MESSAGE)->advice + 1);
	output_free(&out);
	output_open(&out, &sink_text);
	made_verdict(&m, VERDICT_221_BEFORE_MESSAGE, 0);
	output_record(&out, &m);
	assert_null(strstr(unfolded(&out), verdict_row(VERDICT_221_BEFORE_MESSAGE)->advice + 1));
	m.cause.confidence = CONFIDENCE_POSSIBLE;
	output_record(&out, &m);
	has(unfolded(&out), verdict_row(VERDICT_221_BEFORE_MESSAGE)->advice + 1);
	output_free(&out);
	made_free(&m);
}

static void where_nothing_explains_it(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	assert_null(strstr(output_text(&out), "Why:"));
	has(unfolded(&out), verdict_row(VERDICT_221_FOR_MESSAGE)->advice + 1);
	made_cause(&m, CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE, "nothing explains it; it was 3.2 s old", NULL);
	output_record(&out, &m);
	has(output_text(&out), "  Why:           Nothing explains it; it was 3.2 s old.\n");
	output_free(&out);
	made_free(&m);
}

/* How it happened: what is said after the headline, by verdict and facts. */
struct happened_row {
	enum verdict verdict;
	struct ending ending;
	uint16_t farewell_code; /* the last reply is "421 closing" */
	const char *want;
};

static const struct happened_row happened[] = {
	{VERDICT_421_IDLE,
	 {.closer = CLOSER_SERVER, .how = HOW_FIN, .farewell = FAREWELL_421, .stage = STAGE_IDLE},
	 421,
	 ", and closed: \"421 closing\". This was at stage IDLE, with a FIN. "},
	{VERDICT_DROP_AFTER_MESSAGE,
	 {.closer = CLOSER_SERVER, .how = HOW_RST, .stage = STAGE_END_OF_MESSAGE, .waited = 12 * FRAME_SECOND},
	 0,
	 ". This was at stage END-OF-MESSAGE, with an RST, 12.0 s after the end of the message. The server's last reply was "
	 "\"421 closing\". "},
	{VERDICT_DROP_AFTER_MESSAGE,
	 {.closer = CLOSER_SERVER, .how = HOW_FIN, .stage = STAGE_END_OF_MESSAGE, .waited = 1000},
	 0,
	 ", with a FIN, at once after the end of the message. "},
	{VERDICT_221_BEFORE_MESSAGE,
	 {.closer = CLOSER_CLIENT,
	  .how = HOW_RST,
	  .farewell = FAREWELL_221_AFTER_QUIT,
	  .stage = STAGE_DONE,
	  .stage_221 = STAGE_EHLO},
	 221,
	 ". This was at stage EHLO; the client then closed with an RST. The server's last reply was "},
	{VERDICT_221_BEFORE_MESSAGE, {.stage_221 = STAGE_EHLO}, 0, ". This was at stage EHLO; the close was not captured. "},
	{VERDICT_SERVER_VANISHED,
	 {.closer = CLOSER_SERVER, .how = HOW_SILENCE, .vanished = true, .stage = STAGE_DATA},
	 0,
	 ". This was at stage DATA. The client tried again 5 times in 2.0 s. The server's last reply was "},
	{VERDICT_CONNECT_UNANSWERED, {.no_answer = true}, 0, ". The client tried again 6 times in 2.0 s. The server's "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_SERVER_GAP, .unsure_bytes = 31},
	 0,
	 " Not enough was seen to judge: a gap of 31 server bytes: what they said is not known. "},
};

static void circumstances(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(happened) / sizeof(happened[0]); i++) {
		struct output out;
		struct made m;

		made_init_bare(&m);
		m.ending = happened[i].ending;
		m.facts.farewell_code = happened[i].farewell_code;
		m.facts.last_code = 421;
		made_note(&m, &m.facts.notes, NOTE_REPLY, 0, "closing");
		m.conn.side[CLIENT] =
			(struct conn_side){.packets = 7, .unanswered = 5, .unanswered_since = m.conn.start + FRAME_SECOND};
		if (happened[i].ending.no_answer)
			m.conn.side[CLIENT].unanswered_since = m.conn.start + FRAME_SECOND;
		m.record.end = m.conn.start + 3 * FRAME_SECOND;
		m.alerting.of[VERDICT_UNKNOWN] = m.alerting.of[VERDICT_421_IDLE] = m.alerting.of[VERDICT_CONNECT_UNANSWERED] =
			SEVERITY_ERROR;
		made_verdict(&m, happened[i].verdict, 0);
		output_open(&out, &sink_text);
		output_record(&out, &m);
		has(unfolded(&out), happened[i].want);
		output_free(&out);
		made_free(&m);
	}
}

/* A message whose answer took a while. */
static struct transaction *slow_message(struct made *m, int64_t waited)
{
	struct transaction *t = made_message(m, FATE_ACCEPTED, "a@example.org", "b@example.net");

	t->end_sent = t->answered = true;
	t->ts_end = m->conn.start;
	t->ts_reply = t->ts_end + waited;
	return t;
}

static void a_slow_answer_beside_the_verdict(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	made_verdict(&m, VERDICT_CLEAN, 0);
	slow_message(&m, FRAME_SECOND);
	slow_message(&m, 75 * FRAME_SECOND);
	made_cause(&m, CAUSE_CLIENT_TIMEOUT, CONFIDENCE_LIKELY, "after 75 s", NULL);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(output_text(&out), "2026-11-23 10:00:03 UTC WARNING slow-acceptance  192.0.2.10:40312 -> 198.51.100.25:25\n");
	has(unfolded(&out),
	    "The server was slow to answer a whole message: the answer came 75.0 s after its end. The mail: A sender ");
	has(out.text, " message from <a@example.org> to <b@example.net>, 1,234 bytes: accepted; ");
	assert_null(strstr(out.text, "after 75 s"));
	assert_null(strstr(out.text, " clean "));
	assert_null(strstr(strstr(out.text, "message from") + 1, "message from"));
	output_free(&out);
	made_free(&m);
}

struct acceptance_row {
	struct ending ending;
	int64_t answered; /* the wait of the one message; 0: it has no reply */
	bool hole;
	uint32_t omitted;
	uint64_t gap;
	int64_t limit;
	bool slow;
};

#define OPEN .end_unanswered = true, .waited = 300 * FRAME_SECOND

static const struct acceptance_row acceptances[] = {
	{.answered = 60 * FRAME_SECOND, .limit = 60 * FRAME_SECOND, .slow = true},
	{.answered = 60 * FRAME_SECOND - 1, .limit = 60 * FRAME_SECOND, .slow = false},
	{.answered = 600 * FRAME_SECOND, .limit = 0, .slow = false},
	{.answered = 600 * FRAME_SECOND, .hole = true, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN}, .limit = 60 * FRAME_SECOND, .slow = true},
	{{OPEN, .unsure = UNSURE_SERVER_GAP}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN, .unsure = UNSURE_CAPTURE_END}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{OPEN, .vanished = true}, .limit = 60 * FRAME_SECOND, .slow = false},
	{{.slowest_reply = 90 * FRAME_SECOND}, .omitted = 1, .limit = 60 * FRAME_SECOND, .slow = true},
	{{.slowest_reply = 90 * FRAME_SECOND}, .omitted = 1, .gap = 1, .limit = 60 * FRAME_SECOND, .slow = false},
	{{.slowest_reply = 90 * FRAME_SECOND}, .limit = 60 * FRAME_SECOND, .slow = false},
};

static void what_is_a_slow_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acceptances) / sizeof(acceptances[0]); i++) {
		const struct acceptance_row *row = &acceptances[i];
		struct made m;
		struct transaction *t;

		made_init(&m);
		m.ending = row->ending;
		t = slow_message(&m, row->answered);
		t->answered = row->answered != 0;
		t->hole = row->hole;
		m.facts.transactions_omitted = row->omitted;
		m.conn.side[SERVER].gap = row->gap;
		m.alerting.limits.slow_acceptance = row->limit;
		made_report(&m);
		if (report_raises(&m.report, SIGNATURE_SLOW_ACCEPTANCE) != row->slow)
			fail_msg("row %zu", i);
		assert_int_equal(m.report.also, row->slow ? UINT64_C(1) << SIGNATURE_SLOW_ACCEPTANCE : 0);
		made_free(&m);
	}
}

static void lmtp_partly(void **state)
{
	(void)state;
	struct output out;
	struct made m;
	struct transaction *t;

	made_init(&m);
	m.facts.lmtp = true;
	t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	t->end_sent = true;
	t->rcpt_count = t->rcpt_accepted = t->lmtp_answered = 3;
	t->lmtp_accepted = 2;
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(unfolded(&out), ", delivered for 2 of 3 recipients: for the others it is sent again, or bounced. Look at:");
	assert_null(strstr(out.text, "had been accepted"));
	output_free(&out);
	made_free(&m);
}

/* Nothing is wider than it may be, but for words that are. */
static void folded(void **state)
{
	(void)state;
	struct outbuf b = {0};
	struct text t = {.b = &b};

	for (unsigned i = 0; i < 40; i++)
		outbuf_str(&b, "f\xc3\xbcnf ");
	outbuf_str(&b, "\033[1mcolour\033[0m ");
	for (unsigned i = 0; i < 30; i++)
		outbuf_str(&b, "12345");
	outbuf_str(&b, "  end");
	text_fold(&t, 0, 4);
	outbuf_char(&b, '\0');
	/* 20 words of 5 columns; 19 behind an indent of 4, the 20th would be blank 100 */
	assert_int_equal(strcspn(b.p, "\n"), 20 * 6 - 1);
	assert_memory_equal(b.p + 20 * 6, "    f\xc3\xbcnf ", 10);
	assert_int_equal(strcspn(b.p + 20 * 6, "\n"), 4 + 19 * 6 - 1);
	has(b.p, "\n    f\xc3\xbcnf \033[1mcolour\033[0m\n    1234512345");
	has(b.p, "12345\n    end\n");
	outbuf_free(&b);
	outbuf_free(&t.scratch);
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
	has(output_text(&out), "                 and 32 more messages of this session.\n");
	has(unfolded(&out), "1,234 bytes (of which the server's system received 1,000): ");
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
	text_alert(&t, &m.report, VERDICT_221_FOR_MESSAGE);
	outbuf_char(&b, '\0');
	has(b.p, "\033[1;31mCRITICAL\033[0m \033[1m221-for-message\033[0m  ");
	outbuf_free(&b);
	outbuf_free(&t.scratch);
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
	has(output_text(&out), "(closing)"); /* and the rest is there */
	output_free(&out);
	made_free(&m);
}

/* A whole run: what was counted, and the summary of it. */
struct run {
	struct alerting alerting;
	struct totals totals;
	struct monitor_stats core;
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
	slow_message(&m, 75 * FRAME_SECOND);
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
					   .alerting = &r->alerting,
					   .core = &r->core,
					   .inputs = "made.pcap",
					   .ports = "25,587"});
	outbuf_char(&r->b, '\0');
	r->scratch = t.scratch;
	return r->b.p;
}

static void run_free(struct run *r)
{
	servers_free(r->totals.servers);
	outbuf_free(&r->b);
	outbuf_free(&r->scratch);
}

static void summary_without_smtp(void **state)
{
	(void)state;
	struct run r;

	run_init(&r);
	assert_string_equal(run_text(&r), "No packet in made.pcap.\n");
	r.core.frames = 1200;
	r.core.kinds[PACKET_UNWATCHED] = 1100;
	assert_string_equal(run_text(&r),
			    "No SMTP session on ports 25,587 in made.pcap: 1,200 packets, of which 1,100 TCP on other ports.\n"
			    "The option -p sets the ports.\n");
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
	has(run_text(&r), "of 2 sessions the ending of 1 is unknown, and 0 went\n  into TLS.\n");
	run_free(&r);
}

static void summary_of_alerts(void **state)
{
	(void)state;
	struct run r;
	const char *text;

	run_init(&r);
	r.core = (struct monitor_stats){.frames = 20,
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
		  "Beware: 1 fragmented datagrams never completed; 2 connections given up because the table was full;\n"
		  "  31 bytes missing from the capture.\n");
	assert_null(strstr(text, "Beside"));
	assert_null(strstr(text, "further session"));
	assert_true(strstr(text, "221-for-message") < strstr(text, "drop-before-message"));
	assert_true(strstr(text, "drop-before-message") < strstr(text, "clean"));
	run_count_asides(&r);
	text = run_text(&r);
	has(text, "6 sessions, 4 alerts: 1 critical, 3 warning.\n"
		  "1 further session ended in the same events, and raised no alerts of their own.\n");
	has(text, "Beside their ending:\n"
		  "  warning   slow-acceptance                 1  the server was slow to answer a whole message\n");
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
		made_verdict(&m, i % 1000 == 999 ? VERDICT_221_FOR_MESSAGE : i % 2 ? VERDICT_DROP_AFTER_QUIT : VERDICT_CLEAN, 0);
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

/* A session of the server 198.51.100.25 that ended with others: its verdict, its cause, how long after the first, and whether an alert counts it already. */
struct event_row {
	enum verdict verdict;
	enum cause_id cause;
	int64_t after;
	uint32_t together;
	bool other_server, grouped;
};

static const struct event_row events[] = {
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, 0, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, true},
	{VERDICT_DROP_BETWEEN_MESSAGES, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_BETWEEN_MESSAGES, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, true},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SHUTDOWN, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_POLICY, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_UNEXPLAINED, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 1, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, true, false},
	{VERDICT_CLEAN, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_CLEAN, CAUSE_SERVER_CRASH, FRAME_SECOND / 2, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND, 12, false, true},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, FRAME_SECOND + 1, 12, false, false},
	{VERDICT_DROP_AFTER_MESSAGE, CAUSE_SERVER_CRASH, 2 * FRAME_SECOND, 12, false, true},
};

static void sessions_of_one_event(void **state)
{
	(void)state;
	static struct grouping g;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct event_row *row = &events[i];
		struct made m;
		bool alert;

		made_init(&m);
		m.record.end += row->after;
		m.record.together = row->together;
		m.conn.addr[SERVER].b[15] += row->other_server;
		made_cause(&m, row->cause, CONFIDENCE_LIKELY, NULL, NULL);
		made_verdict(&m, row->verdict, 0);
		alert = m.report.raised != 0;
		grouping_apply(&g, &m.report);
		if (m.report.grouped != row->grouped || (m.report.raised != 0) != (alert && !row->grouped))
			fail_msg("row %zu", i);
		made_free(&m);
	}
}

/* More events than are remembered: each is told, and none is taken for another. */
static void more_events_than_are_kept(void **state)
{
	(void)state;
	static struct grouping g;

	for (unsigned i = 0; i < 3 * GROUPING_EVENTS; i++) {
		struct made m;

		made_init(&m);
		m.conn.addr[SERVER].b[15] = (uint8_t)i;
		m.record.together = 2;
		made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, NULL, NULL);
		made_report(&m);
		grouping_apply(&g, &m.report);
		assert_false(m.report.grouped);
		grouping_apply(&g, &m.report);
		assert_true(m.report.grouped);
		made_free(&m);
	}
}

/* Of the sessions whose alert is counted elsewhere, those that lost mail are still named. */
static void a_critical_session_of_an_event(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_report(&m);
	m.report.grouped = true;
	m.report.raised = 0;
	output_open(&out, &sink_text);
	sink_text.record(out.self, &m.report);
	has(output_text(&out), "2026-11-23 10:00:03 UTC (same event) 221-for-message  192.0.2.10:40312 -> 198.51.100.25:25\n"
			       "                 message from <a@example.org> to <b@example.net>, 1,234 bytes: never accepted,\n");
	assert_null(strstr(output_text(&out), "CRITICAL"));
	output_free(&out);
	output_open(&out, &sink_text);
	m.report.severity = SEVERITY_ERROR;
	sink_text.record(out.self, &m.report);
	assert_string_equal(output_text(&out), "");
	output_free(&out);
	made_free(&m);
}

static void signatures_have_names(void **state)
{
	(void)state;
	struct alerting a = alerting_default();
	struct outbuf b = {0};
	char why[128];

	assert_true(alerting_set(&a, "slow-acceptance=error", why, sizeof(why)));
	catalogue_put(&b, &a);
	outbuf_char(&b, '\0');
	for (unsigned s = 0; s < SIGNATURES; s++) {
		assert_int_equal(signature_read(signature_row(s)->id), s);
		has(b.p, signature_row(s)->headline);
	}
	has(b.p, "\ndelays, whatever the ending:\n  slow-acceptance          error     the server was slow ");
	assert_int_equal(signature_read("x"), SIGNATURES);
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert),
		cmocka_unit_test(where_nothing_explains_it),
		cmocka_unit_test(circumstances),
		cmocka_unit_test(a_slow_answer_beside_the_verdict),
		cmocka_unit_test(what_is_a_slow_answer),
		cmocka_unit_test(lmtp_partly),
		cmocka_unit_test(folded),
		cmocka_unit_test(a_clean_session_says_nothing),
		cmocka_unit_test(more_messages_than_are_told),
		cmocka_unit_test(ipv6_and_no_name),
		cmocka_unit_test(colours_on_a_terminal),
		cmocka_unit_test(nothing_off_the_wire_acts),
		cmocka_unit_test(summary_without_smtp),
		cmocka_unit_test(summary_when_all_is_well),
		cmocka_unit_test(summary_of_alerts),
		cmocka_unit_test(ten_worst_of_many_servers),
		cmocka_unit_test(names_from_greetings),
		cmocka_unit_test(the_operators_severities),
		cmocka_unit_test(sessions_of_one_event),
		cmocka_unit_test(more_events_than_are_kept),
		cmocka_unit_test(a_critical_session_of_an_event),
		cmocka_unit_test(signatures_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
