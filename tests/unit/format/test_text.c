/* test_text.c - what an administrator reads of an alert, and that nothing off the wire can act on
 * the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "format/text/text.h"
#include "lib/made.h"
#include "lib/output.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL) {
		fputs(text, stderr); /* which may be too long for cmocka */
		fail_msg("not there: %s", want);
	}
}

/* The text as one line, so that it can be looked for whatever the columns: breaks become single
 * blanks. */
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
		"2026-11-23 10:00:03 UTC CRITICAL 221-for-message  192.0.2.10:40312 -> "
		"198.51.100.25:25\n"
		"  Who:           client out.example.org, server mx.example.net\n"
		"  What happened: The server said 221 (closing) where it should have said 250 "
		"(accepted), and never\n"
		"                 took the message: \"221 2.0.0 closing\". This was at stage "
		"END-OF-MESSAGE; the server\n"
		"                 then closed with a FIN. 11 other sessions of this server ended "
		"within the same\n"
		"                 second.\n"
		"  Why:           Probably the server was being stopped or restarted: the code "
		"4.3.2; 12 sessions\n"
		"                 ended together.\n"
		"  The mail:      The sending server counts it as delivered and deletes its copy: "
		"the mail is lost,\n"
		"                 and its own log says \"sent\".\n"
		"                 message from <a@example.org> to <b@example.net>, <c@example.net> "
		"and 2 more,\n"
		"                   Message-ID <1.2@out.example.org>, 1,234 bytes, 1 of 4 "
		"recipients accepted: never\n"
		"                   accepted, though the sender believes so: lost, and nobody is "
		"told.\n"
		"                 1 message of the same session had been accepted (queue id "
		"4Qx1).\n"
		"  Look at:       ";
	struct output out;
	struct made m;
	struct transaction *t;

	made_init(&m);
	t = made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_string(&m, &t->strings, STRING_RCPT, 550, "c@example.net");
	made_string(&m, &t->strings, STRING_MESSAGE_ID, 0, "1.2@out.example.org");
	t->rcpt_count = 4;
	t->rcpt_rejected = 3;
	made_string(&m, &made_message(&m, FATE_ACCEPTED, "x@example.org", "y@example.net")->strings,
		    STRING_QUEUE_ID, 0, "4Qx1");
	m.info.farewell_code = 221;
	m.info.farewell_enhanced = (struct smtp_enhanced){2, 0, 0};
	m.record.together = 12;
	made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the code 4.3.2",
		   "12 sessions ended together");
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

/* Live it is told whose server it is: one's own can be mended. */
static void whose_server_it_is(void **state)
{
	(void)state;
	static const struct {
		enum role role;
		const char *want;
	} rows[] = {{ROLE_NONE, ", server mx1.example.net\n"},
		    {ROLE_UNKNOWN, ", server mx1.example.net\n"},
		    {ROLE_SERVER, ", your server mx1.example.net\n"},
		    {ROLE_BOTH, ", your server mx1.example.net\n"},
		    {ROLE_CLIENT, ", remote server mx1.example.net\n"}};
	struct output out;
	struct made m;
	made_init(&m);
	made_string(&m, &m.info.strings, STRING_HELO, 0, "out.example.org");
	made_string(&m, &m.info.strings, STRING_BANNER, 0, "mx1.example.net ESMTP");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		made_report(&m);
		m.report.role = rows[i].role;
		output_open(&out, &sink_text);
		assert_true(out.kind->record(out.self, &m.report));
		has(output_text(&out), rows[i].want);
		output_free(&out);
	}
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
	made_cause(&m, CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE, "nothing explains it", NULL);
	output_record(&out, &m);
	assert_null(strstr(output_text(&out), "Why:"));
	made_cause(&m, CAUSE_UNEXPLAINED, CONFIDENCE_POSSIBLE,
		   "nothing explains it; it was 3.2 s old", NULL);
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
	 {.closer = CLOSER_SERVER,
	  .how = HOW_FIN,
	  .farewell = FAREWELL_421,
	  .final_421 = PLACE_BETWEEN,
	  .stage = STAGE_IDLE},
	 421,
	 ", and closed: \"421 closing\". This was at stage IDLE, with a FIN. "},
	{VERDICT_DROP_AFTER_MESSAGE,
	 {.closer = CLOSER_SERVER,
	  .how = HOW_RST,
	  .stage = STAGE_END_OF_MESSAGE,
	  .waited = 12 * FRAME_SECOND},
	 0,
	 ". This was at stage END-OF-MESSAGE, with an RST, 12.0 s after the end of the message. "
	 "The server's last reply was "
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
	 ". This was at stage EHLO; the client then closed with an RST. The server's last reply "
	 "was "},
	{VERDICT_221_BEFORE_MESSAGE,
	 {.stage_221 = STAGE_EHLO},
	 0,
	 ". This was at stage EHLO; the close was not captured. "},
	{VERDICT_SERVER_VANISHED,
	 {.closer = CLOSER_SERVER, .how = HOW_SILENCE, .vanished = true, .stage = STAGE_DATA},
	 0,
	 ". This was at stage DATA. The client tried again 5 times in 2.0 s. The server's last "
	 "reply was "},
	{VERDICT_CLIENT_DROP_IN_MESSAGE,
	 {.closer = CLOSER_CLIENT,
	  .how = HOW_SILENCE,
	  .farewell = FAREWELL_421,
	  .stage = STAGE_DATA},
	 421,
	 "a message. This was at stage DATA, by falling silent. The server's last reply was \"421 "
	 "closing\". "},
	{VERDICT_CONNECT_UNANSWERED,
	 {.no_answer = true},
	 0,
	 ". The client tried again 6 times in 2.0 s. The server's "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_SERVER_GAP, .unsure_bytes = 31},
	 0,
	 " Not enough was seen to judge: a gap of 31 server bytes: what they said is not known. "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_SERVER_GAP},
	 0,
	 " Not enough was seen to judge: which reply answers which command is not known. "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_ONE_WAY},
	 0,
	 " Not enough was seen to judge: only one direction was captured. "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_HANDSHAKE},
	 0,
	 " Not enough was seen to judge: a SYN was captured, and not the whole "},
	{VERDICT_UNKNOWN,
	 {.unsure = UNSURE_MIDSTREAM},
	 0,
	 " Not enough was seen to judge: the capture began in the middle of "},
	{VERDICT_UNKNOWN,
	 {.unknown_fates = 1},
	 0,
	 " Not enough was seen to judge: the reply to a message was not seen. "},
	{VERDICT_UNKNOWN,
	 {.unknown_fates = 1, .unsure_bytes = 7},
	 0,
	 " Not enough was seen to judge: the reply to a message lies in a gap of 7 bytes. "},
};

static void circumstances(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(happened) / sizeof(happened[0]); i++) {
		struct output out;
		struct made m;

		made_init_bare(&m);
		m.ending = happened[i].ending;
		m.info.farewell_code = happened[i].farewell_code;
		m.info.last_code = 421;
		made_string(&m, &m.info.strings, STRING_REPLY, 0, "closing");
		m.conn.side[CLIENT] =
			(struct conn_side){.packets = 7,
					   .unanswered = 5,
					   .unanswered_since = m.conn.start + FRAME_SECOND};
		if (happened[i].ending.no_answer)
			m.conn.side[CLIENT].unanswered_since = m.conn.start + FRAME_SECOND;
		m.record.end = m.conn.start + 3 * FRAME_SECOND;
		m.alerting.of[VERDICT_UNKNOWN] = m.alerting.of[VERDICT_421_IDLE] =
			m.alerting.of[VERDICT_CONNECT_UNANSWERED] = SEVERITY_ERROR;
		made_verdict(&m, happened[i].verdict, 0);
		output_open(&out, &sink_text);
		output_record(&out, &m);
		has(unfolded(&out), happened[i].want);
		output_free(&out);
		made_free(&m);
	}
}

/* As the farewell of which the headline tells, and as the last reply. */
static void all_lines_of_a_reply(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	m.info.farewell_code = 221;
	m.info.farewell_enhanced = (struct smtp_enhanced){2, 0, 0};
	made_string(&m, &m.info.strings, STRING_REPLY, 0,
		    "too many messages\nsee https://mx.example.net/limits\nbye");
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(unfolded(&out), ": \"221 2.0.0 too many messages / see https://mx.example.net/limits / "
			    "bye\". This was at stage");
	m.info.farewell_code = 0;
	output_record(&out, &m);
	has(unfolded(&out), "The server's last reply was \"221 2.0.0 too many messages / see "
			    "https://mx.example.net/limits / bye\".");
	output_free(&out);
	made_free(&m);
}

/* They are told where nothing follows them; a line that was passed over in the middle is not. */
static void words_that_are_no_reply(void **state)
{
	(void)state;
	static const char want[] =
		"The server's last words were no reply: \"no mail / for you\\u001b\".";
	struct output out;
	struct made m;

	made_init(&m);
	made_string(&m, &m.info.strings, STRING_UNCODED, 0, "no mail\nfor you\033");
	made_verdict(&m, VERDICT_DROP_AFTER_MESSAGE, 0);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	assert_null(strstr(unfolded(&out), "no reply"));
	output_free(&out);
	m.info.uncoded = true;
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(unfolded(&out), want);
	output_free(&out);
	made_free(&m);
}

static void a_slow_answer_beside_the_verdict(void **state)
{
	(void)state;
	struct output out;
	struct made m;

	made_init(&m);
	made_verdict(&m, VERDICT_CLEAN, 0);
	made_slow_message(&m, FRAME_SECOND);
	made_slow_message(&m, 75 * FRAME_SECOND);
	made_cause(&m, CAUSE_CLIENT_TIMEOUT, CONFIDENCE_LIKELY, "after 75 s", NULL);
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(output_text(&out), "2026-11-23 10:00:03 UTC WARNING slow-acceptance  192.0.2.10:40312 "
			       "-> 198.51.100.25:25\n");
	has(unfolded(&out), "The server was slow to answer a whole message: the answer came 75.0 s "
			    "after its end. The mail: A sender ");
	has(out.text, " message from <a@example.org> to <b@example.net>, 1,234 bytes: accepted; ");
	assert_null(strstr(out.text, "after 75 s"));
	assert_null(strstr(out.text, " clean "));
	assert_null(strstr(strstr(out.text, "message from") + 1, "message from"));
	output_free(&out);
	made_free(&m);
}

static void lmtp_partly(void **state)
{
	(void)state;
	struct output out;
	struct made m;
	struct transaction *t;

	made_init(&m);
	m.info.lmtp = true;
	t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	t->end_sent = true;
	t->rcpt_count = t->rcpt_accepted = t->lmtp_answered = 3;
	t->lmtp_accepted = 2;
	output_open(&out, &sink_text);
	output_record(&out, &m);
	has(unfolded(&out), ", delivered for 2 of 3 recipients: for the others it is sent again, "
			    "or bounced. Look at:");
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
	text_wrap(&t, 0, 4);
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
	m.info.fates[FATE_CUT] += 30;
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
	has(output_text(&out),
	    " WARNING drop-before-message  [2001:db8::10]:40313 -> [2001:db8::25]:25\n");
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
	made_string(&m, &t->strings, STRING_MESSAGE_ID, 0, hostile);
	made_string(&m, &t->strings, STRING_QUEUE_ID, 0, hostile);
	strings_set(&m.info.strings, m.pool, STRING_REPLY, 0, bytes_str(hostile));
	strings_set(&m.info.strings, m.pool, STRING_BANNER, 0, bytes_str(hostile));
	output_open(&out, &sink_text);
	output_record(&out, &m);
	for (const char *c = output_text(&out); *c != '\0'; c++)
		assert_true((*c >= 0x20 && *c < 0x7f) || *c == '\n' || (*c & 0x80));
	has(output_text(&out), "x\\u001b]0;owned\\u0007\xef\xbf\xbd["
			       "2J\\u009b\\u000d\\u000a\\u202e\xef\xbf\xbd\\u007f");
	assert_null(strstr(output_text(&out), "\xc2\x9b"));
	has(output_text(&out), "(closing)"); /* and the rest is there */
	output_free(&out);
	made_free(&m);
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
	has(output_text(&out), "2026-11-23 10:00:03 UTC (same event) 221-for-message  "
			       "192.0.2.10:40312 -> 198.51.100.25:25\n"
			       "                 message from <a@example.org> to <b@example.net>, "
			       "1,234 bytes: never accepted,\n");
	assert_null(strstr(output_text(&out), "CRITICAL"));
	output_free(&out);
	output_open(&out, &sink_text);
	m.report.severity = SEVERITY_ERROR;
	sink_text.record(out.self, &m.report);
	assert_string_equal(output_text(&out), "");
	output_free(&out);
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert),
		cmocka_unit_test(where_nothing_explains_it),
		cmocka_unit_test(whose_server_it_is),
		cmocka_unit_test(circumstances),
		cmocka_unit_test(all_lines_of_a_reply),
		cmocka_unit_test(words_that_are_no_reply),
		cmocka_unit_test(a_slow_answer_beside_the_verdict),
		cmocka_unit_test(lmtp_partly),
		cmocka_unit_test(folded),
		cmocka_unit_test(a_clean_session_says_nothing),
		cmocka_unit_test(more_messages_than_are_told),
		cmocka_unit_test(ipv6_and_no_name),
		cmocka_unit_test(colours_on_a_terminal),
		cmocka_unit_test(nothing_off_the_wire_acts),
		cmocka_unit_test(a_critical_session_of_an_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
