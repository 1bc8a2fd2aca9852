/* test_sinks.c - all outputs of a live run behind one door: what is told when, what each lost, and
 * the loop around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hostile.h"
#include "lib/peer.h"
#include "sink/sink.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"

#define S FRAME_SECOND
enum { START = 1795428000 /* 2026-11-23 10:00 UTC */ };

/* Outputs in a folder, one of them a socket. */
struct run {
	struct sinks_config config;
	struct alerting alerting;
	struct sinks *sinks;
	struct peer peer;
	struct made made;
	char specs[4][128];
	char *text;
};

static void run_add(struct run *r, unsigned i, const char *kind, const char *name)
{
	struct error why;

	snprintf(r->specs[i], sizeof(r->specs[i]), "%s%s/%s", kind, r->peer.dir, name);
	if (!sinks_add(r->sinks, r->specs[i], &why))
		fail_msg("%s", why.text);
}

static void run_init(struct run *r, bool live)
{
	*r = (struct run){.alerting = alerting_default()};
	r->config = sinks_config_default(&r->alerting);
	r->config.mode.live = live;
	r->config.repeat = 60 * S;
	r->config.digest = 11 * 60;
	peer_init(&r->peer, SOCK_STREAM);
	peer_listen(&r->peer);
	made_init(&r->made);
	made_message(&r->made, FATE_UNANSWERED, "a@example.org", "b@example.net");
	r->sinks = sinks_new(&r->config);
	assert_non_null(r->sinks);
}

static void run_free(struct run *r)
{
	for (unsigned i = 0; i < 4; i++)
		if (strchr(r->specs[i], '/') != NULL)
			unlink(strchr(r->specs[i], '/'));
	made_free(&r->made);
	peer_free(&r->peer);
	free(r->text);
}

static void session(struct run *r, int64_t at)
{
	r->made.record.end = (START + at) * S;
	sinks_record(r->sinks, &r->made.record, sinks_report(r->sinks, &r->made.record, "eth0"));
}

/* What the file of an output holds. */
static const char *text_of(struct run *r, unsigned i)
{
	FILE *f = fopen(strchr(r->specs[i], '/'), "r");
	size_t n = 0;

	sinks_flush(r->sinks);
	free(r->text);
	r->text = NULL;
	assert_non_null(f);
	if (getdelim(&r->text, &n, '\0', f) < 0) {
		free(r->text);
		r->text = calloc(1, 1);
	}
	fclose(f);
	return r->text;
}

/* Not by strstr, which under a sanitizer looks at all that follows each time. */
static unsigned times(const char *text, const char *what)
{
	size_t length = strlen(what);
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == *what && strncmp(text, what, length) == 0;
	return n;
}

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("not there: %s\nin: %s", want, text);
}

static void schema_holds(const char *text)
{
	FILE *checker =
		popen("/usr/bin/python3 tests/program/schema_check.py docs/schema.json", "w");

	fputs(text, checker);
	assert_int_equal(pclose(checker), 0);
}

static struct summary summary_of(const struct monitor_stats *core, bool interim)
{
	return (struct summary){.core = core,
				.inputs = "eth0",
				.ports = "25",
				.interim = interim,
				.last = (START + 100) * S};
}

static void the_same_alert_again(void **state)
{
	(void)state;
	static const struct monitor_stats core;
	struct run r;

	run_init(&r, true);
	run_add(&r, 0, "json:", "json");
	run_add(&r, 1, "text:", "text");
	sinks_tick(r.sinks, START * S);
	for (int64_t at = 0; at < 50; at += 10)
		session(&r, at);
	assert_int_equal(times(text_of(&r, 0), "\"event_type\":\"session\""), 5);
	assert_int_equal(times(r.text, "\"event_type\":\"alert\""), 1);
	assert_int_equal(times(r.text, "\"folded\":[\"221-for-message\"]"), 4);
	assert_int_equal(times(r.text, "\"role\":\"unknown\""), 6);
	/* critical: each message is named at once */
	assert_int_equal(times(text_of(&r, 1), "CRITICAL 221-for-message"), 1);
	assert_int_equal(
		times(r.text, " (again) 221-for-message  192.0.2.10:40312 -> 198.51.100.25:25\n"),
		4);
	assert_int_equal(times(r.text, "message from <a@example.org> to <b@example.net>"), 5);
	sinks_tick(r.sinks, (START + 60) * S);
	has(text_of(&r, 0), "\"repeated\":{\"count\":4,\"since\":\"2026-11-23T10:00:00.000000Z\","
			    "\"worst\":\"critical\",\"sessions_hour\":5,"
			    "\"alerts_hour\":5}}}\n");
	assert_int_equal(
		times(r.text,
		      "\"timestamp\":\"2026-11-23T10:01:00.000000Z\",\"event_type\":\"alert\""),
		1);
	has(text_of(&r, 1), "2026-11-23 10:01:00 UTC CRITICAL 221-for-message again at "
			    "198.51.100.25:25: 4 times more since");
	/* what is still kept back at the end is told before the last words */
	session(&r, 70);
	sinks_stats(r.sinks, summary_of(&core, true));
	assert_int_equal(times(text_of(&r, 1), "sessions, "), 0);
	sinks_stats(r.sinks, summary_of(&core, false));
	assert_int_equal(times(text_of(&r, 0), "\"count\":1,"), 1);
	assert_int_equal(times(r.text, "\"event_type\":\"stats\""), 2);
	has(r.text, "\"sessions\":6,\"alerts\":6,\"folded\":5,");
	schema_holds(r.text);
	has(text_of(&r, 1), "6 sessions, 6 alerts: 6 critical.");
	assert_true(sinks_close(r.sinks));
	run_free(&r);
}

static void what_is_not_critical_is_only_counted(void **state)
{
	(void)state;
	struct run r;

	run_init(&r, true);
	run_add(&r, 0, "text:", "text");
	made_verdict(&r.made, VERDICT_421_IN_MESSAGE, 0);
	for (int64_t at = 0; at < 50; at++)
		session(&r, at);
	assert_int_equal(times(text_of(&r, 0), "421-in-message"), 1);
	sinks_tick(r.sinks, (START + 61) * S);
	has(text_of(&r, 0),
	    "WARNING 421-in-message again at 198.51.100.25:25: 49 times more since");
	assert_true(sinks_close(r.sinks));
	run_free(&r);
}

/* Offline every alert is told, and nothing of live runs is in it. */
static void offline_knows_nothing_of_it(void **state)
{
	(void)state;
	static const char *const absent[] = {"folded", "role", "repeated", "outputs", "digest"};
	static const struct monitor_stats core;
	struct run r;

	run_init(&r, false);
	run_add(&r, 0, "json:", "json");
	sinks_tick(r.sinks, START * S);
	for (int64_t at = 0; at < 100; at++)
		session(&r, at);
	sinks_tick(r.sinks, (START + 86400) * S);
	sinks_stats(r.sinks, summary_of(&core, false));
	assert_int_equal(times(text_of(&r, 0), "\"event_type\":\"alert\""), 100);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_null(strstr(r.text, absent[i]));
	assert_true(sinks_close(r.sinks));
	run_free(&r);
}

/* Line ends and indentation become one blank. */
static char *unfold(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0'; from++) {
		bool blank = *from == ' ' || *from == '\n';

		if (!blank || to == text || to[-1] != ' ')
			*to++ = blank ? ' ' : *from;
	}
	*to = '\0';
	return text;
}

static void a_digest_each_day(void **state)
{
	(void)state;
	struct run r;

	run_init(&r, true);
	run_add(&r, 0, "json:", "json");
	run_add(&r, 1, "text:", "text");
	sinks_tick(r.sinks, START * S);
	session(&r, 1);
	session(&r, 2);
	for (int64_t at = 0; at < 2 * 86400; at += 30)
		sinks_tick(r.sinks, (START + at) * S);
	text_of(&r, 1);
	assert_int_equal(times(unfold(r.text), "digest since"), 2);
	has(r.text,
	    "2026-11-23 11:00:00 UTC digest since 2026-11-23 10:00:00 UTC: 2 sessions, 2 alerts: 2 "
	    "critical; endings: "
	    "221-for-message 2; worst servers: 198.51.100.25:25 mx.example.net (2 critical)");
	has(r.text,
	    "2026-11-24 11:00:00 UTC digest since 2026-11-23 11:00:00 UTC: 0 sessions, 0 alerts");
	assert_int_equal(times(text_of(&r, 0), "\"event_type\":\"digest\""), 2);
	schema_holds(r.text);
	assert_true(sinks_close(r.sinks));
	run_free(&r);
}

/* The reader of one output is not there: the others do not notice, and all are told. */
static void a_dead_output_is_told_by_the_others(void **state)
{
	(void)state;
	enum { SESSIONS = 8000 }; /* more than is kept of them */
	static const struct monitor_stats core;
	struct pollfd fds[4];
	struct run r;

	run_init(&r, true);
	run_add(&r, 0, "json:", "json");
	run_add(&r, 1, "json:unix:", "socket");
	run_add(&r, 2, "syslog:", "nobody");
	sinks_tick(r.sinks, START * S);
	assert_true(peer_accept(&r.peer));
	assert_int_equal(sinks_poll(r.sinks, fds, 4), 1);
	assert_int_equal(sinks_poll(r.sinks, fds, 0), 0);
	session(&r, 0);
	sinks_flush(r.sinks);
	peer_read(&r.peer, 0);
	schema_holds(r.peer.got);
	assert_int_equal(times(r.peer.got, "\n"), 2);
	peer_leave(&r.peer);
	assert_int_equal(sinks_poll(r.sinks, fds, 4), 1);
	assert_int_equal(poll(fds, 1, 1000), 1);
	sinks_ready(r.sinks, fds, 1);
	assert_int_equal(sinks_poll(r.sinks, fds, 4), 0);
	for (int64_t at = 1; at < SESSIONS; at++)
		session(&r, at);
	assert_true(sinks_listening(r.sinks));
	sinks_stats(r.sinks, summary_of(&core, true));
	assert_non_null(strstr(text_of(&r, 0), "\"outputs\":[{\"name\":\"json:"));
	assert_int_equal(times(r.text, "\"event_type\":\"session\""), SESSIONS);
	has(strstr(r.text, "\"outputs\":"), "/socket\",\"offered\":");
	assert_true(strtoul(strstr(strstr(r.text, "/socket\",\"offered\":"), "\"lost\":") + 7, NULL,
			    10) > 0);
	assert_int_equal(peer_said(&r.peer, "unix:"), 1);
	assert_int_equal(peer_said(&r.peer, "nobody: No such file"), 1);
	peer_listen(&r.peer);
	sinks_tick(r.sinks, (START + 30000) * S);
	assert_true(peer_accept(&r.peer));
	assert_int_equal(peer_said(&r.peer, "takes records again"), 1);
	assert_true(sinks_reopen(r.sinks) == false); /* of the syslog there is still nobody */
	assert_false(sinks_close(r.sinks));
	run_free(&r);
}

static void hostile_names_in_text_and_json(void **state)
{
	(void)state;
	struct run r;

	run_init(&r, true);
	run_add(&r, 0, "json:", "json");
	run_add(&r, 1, "text:", "text");
	for (unsigned i = 0; hostile_text(i) != NULL; i++) {
		struct made m;

		hostile_make(&m, bytes_str(hostile_text(i)));
		/* The loss of a mail is never rate-limited. */
		for (struct transaction *t = m.info.first; t; t = t->next)
			t->fate = FATE_UNANSWERED;
		m.record.end = (START + (int64_t)i * 30) * S;
		sinks_tick(r.sinks, m.record.end);
		sinks_record(r.sinks, &m.record, sinks_report(r.sinks, &m.record, m.input));
		made_free(&m);
	}
	sinks_tick(r.sinks, (START + 86400) * S);
	schema_holds(text_of(&r, 0));
	assert_true(times(r.text, "\"repeated\"") > 1);
	for (const char *c = text_of(&r, 1); *c != '\0'; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	assert_int_equal(times(r.text, "\nMESSAGE=forged"), 0);
	assert_true(sinks_close(r.sinks));
	run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_alert_again),
		cmocka_unit_test(what_is_not_critical_is_only_counted),
		cmocka_unit_test(offline_knows_nothing_of_it),
		cmocka_unit_test(a_digest_each_day),
		cmocka_unit_test(a_dead_output_is_told_by_the_others),
		cmocka_unit_test(hostile_names_in_text_and_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
