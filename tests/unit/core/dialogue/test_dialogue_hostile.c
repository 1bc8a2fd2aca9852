/* test_dialogue_hostile.c - a dialogue that goes on for ever: nothing grows without a bound, nobody
 * is accused of what the other side made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/segments.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

/* What was said of the one session. */
struct secret_words {
	unsigned sessions;
	enum verdict verdict;
	enum fate fate;
	size_t reply; /* bytes of the last reply's text */
	uint32_t commands, replies, rcpts;
};

static void on_session(void *arg, const struct record *r)
{
	struct secret_words *s = arg;
	s->sessions++;
	s->verdict = r->judgement.verdict;
	s->fate = r->session->first ? r->session->first->fate : FATE_OPEN;
	s->rcpts = r->session->first ? r->session->first->rcpt_accepted : 0;
	s->reply = strings_find(&r->session->strings, STRING_REPLY).text.n;
	s->commands = r->session->commands;
	s->replies = r->session->replies;
}

/* A session under way: what is said is judged at once, so that a long one needs no memory of the
 * test's. */
struct run {
	struct segments w;
	struct talk t;
	struct monitor *m;
	struct secret_words said;
};

static void flush(struct run *r)
{
	monitor_segments(r->m, r->w.packets, r->w.n);
	segments_free(&r->w);
	r->w = (struct segments){0};
}

static void begin(struct run *r)
{
	*r = (struct run){0};
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.arg = &r->said;
	r->m = monitor_new(&config);
	assert_non_null(r->m);
	r->t = talk_v4(&r->w, 1);
	talk_handshake(&r->t);
	talk_say(&r->t, SERVER, "220 mx.example.net ESMTP\r\n");
	talk_say(&r->t, CLIENT, "EHLO out.example.org\r\n");
	talk_say(&r->t, SERVER, "250-mx.example.net\r\n250-PIPELINING\r\n250 PRDR\r\n");
	flush(r);
}

/* Returns the most memory that the monitor ever had. */
static size_t end(struct run *r)
{
	struct monitor_stats stats;
	flush(r);
	monitor_finish(r->m);
	monitor_stats(r->m, &stats);
	monitor_free(r->m);
	assert_int_equal(r->said.sessions, 1);
	return stats.memory_peak;
}

static void quit(struct run *r)
{
	talk_say(&r->t, CLIENT, "QUIT\r\n");
	talk_say(&r->t, SERVER, "221 2.0.0 Bye\r\n");
	talk_close(&r->t, SERVER);
}

enum { MILLION = 1000000, EACH = 1000, PEAK = 4 << 20 };

/* The same text a million times, so many to a segment. */
static void repeat(struct run *r, enum side from, const char *line)
{
	enum { ROOM = 60000 };
	static char text[ROOM];
	size_t n = strlen(line), each = ROOM / n < EACH ? ROOM / n : EACH;
	for (size_t i = 0; i < each; i++)
		memcpy(text + i * n, line, n);
	for (size_t done = 0; done < MILLION; done += each) {
		talk_send(&r->t, from, bytes_of((const uint8_t *)text, each * n));
		talk_ack(&r->t, side_other(from));
		flush(r);
	}
}

/* What the two said before one of them says the same a million times, and what the server says
 * behind that; then the client quits, or the server closes. */
static const struct storm {
	const char *client, *server, *content, *line, *then;
	enum side from;
	bool quits;
	enum verdict verdict;
	enum fate fate; /* FATE_OPEN: there is no message */
} storms[] = {
	{"MAIL FROM:<a@example.org>\r\n", "", "", "550-5.7.1 and so on\r\n",
	 "550 5.7.1 at last\r\n", SERVER, true, VERDICT_CLEAN, FATE_REJECTED},
	{"NOOP\r\n", "", "", "not a reply\r\n", "250 2.0.0 Ok\r\n", SERVER, true, VERDICT_CLEAN,
	 FATE_OPEN},
	/* A server that never comes to the point, and closes: it has not answered the message. */
	{"MAIL FROM:<a@example.org> PRDR\r\nRCPT TO:<b@example.net>\r\nDATA\r\n",
	 "250 Ok\r\n250 Ok\r\n354 go ahead\r\n", "Subject: x\r\n\r\nx\r\n.\r\n", "353 now\r\n", "",
	 SERVER, false, VERDICT_DROP_AFTER_MESSAGE, FATE_UNANSWERED},
	/* XEXCH50 that announces more than there is in the world: the server's next answer ends it.
	 */
	{"XEXCH50 18446744073709551615 2\r\n", "354 go ahead\r\n", "", "QUIT\r\n", "250 done\r\n",
	 CLIENT, true, VERDICT_CLEAN, FATE_OPEN},
};

static void a_million_of_the_same(void **state)
{
	(void)state;
	for (const struct storm *w = storms; w < storms + sizeof storms / sizeof *storms; w++) {
		struct run r;
		begin(&r);
		talk_say(&r.t, CLIENT, w->client);
		talk_say(&r.t, SERVER, w->server);
		talk_say(&r.t, CLIENT, w->content);
		repeat(&r, w->from, w->line);
		talk_say(&r.t, SERVER, w->then);
		if (w->quits)
			quit(&r);
		else
			talk_close(&r.t, SERVER);
		assert_true(end(&r) < PEAK);
		assert_int_equal(r.said.verdict, w->verdict);
		if (w->fate != FATE_OPEN)
			assert_int_equal(r.said.fate, w->fate);
	}
}

/* Each is refused. */
static void a_million_verbs_that_nobody_knows(void **state)
{
	(void)state;
	struct run r;
	begin(&r);
	for (unsigned i = 0; i < MILLION; i += EACH) {
		for (unsigned k = 0; k < EACH; k++) {
			talk_say(&r.t, CLIENT, "XYZZY\r\n");
			talk_say(&r.t, SERVER, "500 what?\r\n");
		}
		flush(&r);
	}
	quit(&r);
	assert_true(end(&r) < PEAK);
	assert_int_equal(r.said.verdict, VERDICT_CLEAN);
	assert_int_equal(r.said.commands, MILLION + 2);
}

/* ... or is led on: what follows each is no command. */
static void a_million_answers_that_lead_on(void **state)
{
	(void)state;
	struct run r;
	begin(&r);
	talk_say(&r.t, CLIENT, "XYZZY\r\n");
	for (unsigned i = 0; i < MILLION; i += EACH) {
		for (unsigned k = 0; k < EACH; k++) {
			talk_say(&r.t, SERVER, "334 go on\r\n");
			talk_say(&r.t, CLIENT, "QUIT\r\n");
		}
		flush(&r);
	}
	talk_close(&r.t, SERVER);
	assert_true(end(&r) < PEAK);
	assert_int_equal(r.said.verdict, VERDICT_UNKNOWN);
}

/* PRDR (draft-hall-prdr) with 1,000 recipients, of which three have a reply before the server
 * answers QUIT. */
static void recipients_without_replies(void **state)
{
	enum { RECIPIENTS = 1000 };
	(void)state;
	for (int pipelined = 0; pipelined < 2; pipelined++) {
		struct run r;
		begin(&r);
		talk_say(&r.t, CLIENT, "MAIL FROM:<a@example.org> PRDR\r\n");
		talk_say(&r.t, SERVER, "250 Ok\r\n");
		for (unsigned i = 0; i < RECIPIENTS; i++) {
			char text[64];
			snprintf(text, sizeof text, "RCPT TO:<b%u@example.net>\r\n", i);
			talk_say(&r.t, CLIENT, text);
			talk_say(&r.t, SERVER, "250 Ok\r\n");
		}
		talk_say(&r.t, CLIENT, "DATA\r\n");
		talk_say(&r.t, SERVER, "354 go ahead\r\n");
		talk_say(&r.t, CLIENT,
			 pipelined ? "Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
				   : "Subject: x\r\n\r\nx\r\n.\r\n");
		talk_say(&r.t, SERVER, "353 now\r\n250 one\r\n250 two\r\n250 three\r\n");
		if (pipelined)
			talk_say(&r.t, SERVER, "221 2.0.0 Bye\r\n");
		if (pipelined)
			talk_close(&r.t, SERVER);
		else
			quit(&r);
		assert_true(end(&r) < PEAK);
		assert_int_equal(r.said.rcpts, RECIPIENTS);
		assert_int_equal(r.said.verdict, VERDICT_UNKNOWN);
		assert_int_equal(r.said.fate, FATE_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_of_the_same),
		cmocka_unit_test(a_million_verbs_that_nobody_knows),
		cmocka_unit_test(a_million_answers_that_lead_on),
		cmocka_unit_test(recipients_without_replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
