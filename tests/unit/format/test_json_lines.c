/* test_json_lines.c - the longest lines of JSON that a peer can bring about: they have their bound,
 * find room in every output, and lack nothing but recipients, which are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/json/event.h"
#include "lib/output.h"
#include "lib/peer.h"
#include "lib/segments.h"
#include "lib/within.h"
#include "smtpwatch/monitor.h"
#include "transport/send_queue.h"

enum { MESSAGES = SESSION_TRANSACTIONS };

/* What the sessions of a test are told to. */
struct told {
	const struct sink_kind *kind;
	void *self;
	struct alerting alerting;
	unsigned alerts;
};

static void on_session(void *arg, const struct record *r)
{
	struct told *t = arg;
	struct report report = report_make(&t->alerting, r, "made.pcap");

	for (uint64_t left = report.raised; left != 0; left &= left - 1)
		t->alerts++;
	t->kind->record(t->self, &report);
}

/* Of a reply three lines, of an address one word: n bytes, each of which becomes six. */
static void say(struct talk *t, enum side from, const char *before, unsigned n, const char *after)
{
	char text[2048];

	memset(text, '\x01', sizeof(text));
	assert_true(strlen(before) + n + strlen(after) < sizeof(text));
	memcpy(text, before, strlen(before));
	memcpy(text + strlen(before) + n, after, strlen(after) + 1);
	talk_say(t, from, text);
}

static void say_recipients(struct talk *t, unsigned rcpts, unsigned n)
{
	char to[64];

	for (unsigned i = 0; i < rcpts; i++) {
		snprintf(to, sizeof(to), "RCPT TO:<%u", i);
		say(t, CLIENT, to, n, "@example.net>\r\n");
		talk_say(t, SERVER, "250 ok\r\n");
	}
}

/* The last message is answered by a 221, and late: two alerts. */
static void say_messages(struct talk *t, unsigned rcpts, unsigned n)
{
	for (unsigned i = 1; i <= MESSAGES; i++) {
		say(t, CLIENT, "MAIL FROM:<", n, "@example.org>\r\n");
		talk_say(t, SERVER, "250 ok\r\n");
		say_recipients(t, rcpts, n);
		talk_say(t, CLIENT, "DATA\r\n");
		talk_say(t, SERVER, "354 go on\r\n");
		say(t, CLIENT, "Message-ID: <", n, "@x>\r\n\r\nx\r\n.\r\n");
		t->now += i == MESSAGES ? 100 * FRAME_SECOND : 0;
		say(t, SERVER, i < MESSAGES ? "250-" : "221-", n, "\r\n");
		say(t, SERVER, i < MESSAGES ? "250-" : "221-", n, "\r\n");
		say(t, SERVER, i < MESSAGES ? "250 " : "221 ", n, "\r\n");
	}
}

/* A session of 32 messages, each of so many recipients, whose names and texts have n such bytes.
 * Returns how many alerts it raised. */
static unsigned session_told(const struct sink_kind *kind, void *self, unsigned rcpts, unsigned n)
{
	struct told told = {.kind = kind, .self = self, .alerting = alerting_default()};
	struct monitor_config config = monitor_config_default();
	struct segments w = {0};
	struct talk t = talk_v4(&w, 1);
	struct monitor *m;

	config.session = on_session;
	config.arg = &told;
	m = monitor_new(&config);
	assert_non_null(m);
	talk_handshake(&t);
	say(&t, SERVER, "220 ", n, "\r\n");
	say(&t, CLIENT, "EHLO ", n, "\r\n");
	talk_say(&t, SERVER, "250 mx\r\n");
	say_messages(&t, rcpts, n);
	talk_close(&t, SERVER);
	monitor_segments(m, w.packets, w.n);
	monitor_finish(m);
	monitor_free(m);
	segments_free(&w);
	return told.alerts;
}

static size_t occurs(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void the_longest_lines_have_their_bound(void **state)
{
	(void)state;
	enum { RCPTS = 37, BYTES = 300 };
	struct output out;
	const char *line, *end;
	size_t lines = 0;

	output_open(&out, &sink_json);
	assert_int_equal(session_told(&sink_json, out.self, RCPTS, BYTES), JSON_LINES - 1);
	for (line = output_text(&out); (end = strchr(line, '\n')) != NULL; line = end + 1, lines++)
		assert_within(end + 1 - line, JSON_LINE_MAX / 2, JSON_LINE_MAX);
	assert_int_equal(lines, JSON_LINES);
	assert_int_equal(occurs(out.text, "\"message_id\":"), JSON_LINES * MESSAGES);
	assert_int_equal(occurs(out.text, "\"rcpt_count\":37,"), JSON_LINES * MESSAGES);
	/* 6 bytes for each of theirs, 35 around them: 13 are listed, 17 not; the other 7 found no
	 * room in the strings. */
	assert_int_equal(occurs(out.text, "\"to\":"), JSON_LINES * MESSAGES * 13);
	assert_int_equal(occurs(out.text, "\"rcpt_omitted\":17,"), JSON_LINES * MESSAGES);
	output_free(&out);
}

/* Of what fits nothing is left out, and nothing is said of it. */
static void ordinary_recipients_are_all_listed(void **state)
{
	(void)state;
	enum { RCPTS = 100 };
	struct output out;

	output_open(&out, &sink_json);
	assert_int_equal(session_told(&sink_json, out.self, RCPTS, 0), JSON_LINES - 1);
	assert_int_equal(occurs(output_text(&out), "\"to\":"), JSON_LINES * MESSAGES * RCPTS);
	assert_int_equal(occurs(out.text, "\"rcpt_count\":100,"), JSON_LINES * MESSAGES);
	assert_null(strstr(out.text, "rcpt_omitted"));
	output_free(&out);
}

/* The count of those that are left out begins anew with each message. */
static void each_message_has_a_count_of_its_own(void **state)
{
	(void)state;
	struct output out;
	struct made m;
	char to[STRING_TEXT_MAX];
	struct transaction *t;

	made_init(&m);
	t = made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	memset(to, '\x7f', sizeof(to));
	for (t->rcpt_count = 1; t->rcpt_count < 20; t->rcpt_count++)
		strings_add(&t->strings, m.pool, STRING_RCPT, 250,
			    bytes_of((uint8_t *)to, sizeof(to)));
	made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	output_open(&out, &sink_json);
	output_record(&out, &m);
	assert_int_equal(occurs(output_text(&out), "\"rcpt_omitted\":7,"),
			 2); /* session and alert */
	assert_int_equal(occurs(out.text, "\"rcpt_omitted\":"), 2);
	output_free(&out);
	made_free(&m);
}

/* Live, and nothing takes them away meanwhile. */
static void finds_room(struct peer *p, const char *target)
{
	static const struct run_mode live = {.live = true};
	struct sink_counts loss = {0};
	struct error why;
	void *self = sink_json.open(target, &live, &why);

	assert_non_null(self);
	assert_int_equal(session_told(&sink_json, self, 37, 300), JSON_LINES - 1);
	sink_json.counts(self, &loss);
	assert_int_equal(loss.lost, 0);
	assert_int_equal(peer_said(p, ""), 0);
	peer_leave(p);
	sink_json.close(self);
}

static void they_find_room_in_every_output(void **state)
{
	(void)state;
	char target[96];
	struct peer p;

	peer_init(&p, SOCK_STREAM);
	snprintf(target, sizeof(target), "%s/file", p.dir);
	finds_room(&p, target);
	remove(target);
	peer_listen(&p);
	snprintf(target, sizeof(target), "unix:%s", p.path);
	finds_room(&p, target);
	peer_free(&p);
}

/* What `name` in the peer's folder holds; to be freed. */
static char *file_text(const struct peer *p, const char *name)
{
	char path[128], *text = NULL;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "r");
	if (f == NULL || getdelim(&text, &n, '\0', f) < 0)
		fail_msg("nothing in %s", path);
	fclose(f);
	unlink(path);
	return text;
}

/* A command for each of the two alerts, which keeps its input. */
static void commands_are_told(unsigned rcpts, unsigned bytes, size_t least, size_t most)
{
	static const struct run_mode offline = {0};
	struct error why = {0};
	char target[128], *text;
	const char *const names[] = {"221-for-message", "slow-acceptance"};
	struct peer p;
	void *self;

	peer_init(&p, SOCK_STREAM);
	assert_int_equal(chmod(p.dir, 0777), 0);
	snprintf(target, sizeof(target), "sh -c 'cat >%s/$SMTPWATCH_SIGNATURE'", p.dir);
	self = sink_exec.open(target, &offline, &why);
	assert_non_null(self);
	assert_int_equal(session_told(&sink_exec, self, rcpts, bytes), 2);
	assert_true(sink_exec.close(self));
	assert_int_equal(peer_said(&p, ""), 0);
	for (unsigned i = 0; i < 2; i++) {
		text = file_text(&p, names[i]);
		assert_within(strlen(text), least, most);
		assert_memory_equal(text, "{\"timestamp\":", 13);
		assert_string_equal(text + strlen(text) - 3, "}}\n");
		assert_int_equal(occurs(text, "\"message_id\":"), MESSAGES);
		free(text);
	}
	peer_free(&p);
}

static void an_alert_of_any_size_runs_its_command(void **state)
{
	(void)state;
	commands_are_told(1, 0, 8 << 10, 64 << 10);
	commands_are_told(100, 6, 192 << 10, 512 << 10); /* as a list has them */
	commands_are_told(37, 300, JSON_LINE_MAX / 2, JSON_LINE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_lines_have_their_bound),
		cmocka_unit_test(ordinary_recipients_are_all_listed),
		cmocka_unit_test(each_message_has_a_count_of_its_own),
		cmocka_unit_test(they_find_room_in_every_output),
		cmocka_unit_test(an_alert_of_any_size_runs_its_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
