/* test_syslog.c - syslog messages by the grammar of RFC 5424, and entries of the journal by its
 * protocol, whatever the wire says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "format/fields.h"
#include "lib/hostile.h"
#include "lib/peer.h"
#include "sink/sink.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/verdict.h"

static const struct run_mode live = {.live = true};

/* A sink whose reader is a peer. */
struct post {
	const struct sink_kind *kind;
	void *self;
	struct peer peer;
	char *checked; /* what the grammar's check says, with a NUL */
};

static void post_open(struct post *p, const struct sink_kind *kind)
{
	struct error why;

	*p = (struct post){.kind = kind};
	peer_init(&p->peer, SOCK_DGRAM);
	peer_listen(&p->peer);
	p->self = kind->open(p->peer.path, &live, &why);
	assert_non_null(p->self);
}

static void post_free(struct post *p)
{
	assert_true(p->kind->close(p->self));
	free(p->checked);
	peer_free(&p->peer);
}

static void post_record(struct post *p, const struct report *r)
{
	assert_true(p->kind->record(p->self, r));
	p->kind->flush(p->self);
	peer_read(&p->peer, 0);
}

/* Asserts that everything received follows the grammar; what the check printed. */
static const char *post_check(struct post *p)
{
	char command[160], path[80];
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/messages", p->peer.dir);
	f = fopen(path, "w");
	assert_int_equal(fwrite(p->peer.got, 1, p->peer.n, f), p->peer.n);
	fclose(f);
	snprintf(command, sizeof(command), "/usr/bin/python3 tests/program/rfc5424_check.py < %s",
		 path);
	f = popen(command, "r");
	free(p->checked);
	p->checked = NULL;
	assert_true(getdelim(&p->checked, &n, '\0', f) > 0);
	if (pclose(f) != 0)
		fail_msg("%s", p->checked);
	remove(path);
	return p->checked;
}

static void has(const char *text, const char *want)
{
	if (strstr(text, want) == NULL)
		fail_msg("not there: %s\nin: %s", want, text);
}

static void a_plain_alert(void **state)
{
	(void)state;
	struct transaction *t;
	struct post p;
	struct made m;

	made_init(&m);
	t = made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_string(&m, &t->strings, STRING_QUEUE_ID, 0, "4Qx1");
	made_string(&m, &t->strings, STRING_MESSAGE_ID, 0, "1.2@out.example.org");
	made_cause(&m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the code 4.3.2", NULL);
	made_report(&m);
	post_open(&p, &sink_syslog);
	post_record(&p, &m.report);
	assert_int_equal(p.peer.records, 1);
	has(p.peer.got, " <18>1 2026-11-23T10:00:03.250000Z ");
	has(p.peer.got, " 221-for-message [smtpwatch@32473 signature=\"221-for-message\" "
			"verdict=\"221-for-message\" severity=\"critical\" "
			"stage=\"END-OF-MESSAGE\" fate=\"falsely-accepted\" cause=\"shutdown\" "
			"client=\"192.0.2.10:40312\" "
			"server=\"198.51.100.25:25\" session_id=\"");
	has(p.peer.got, " queue_id=\"4Qx1\" message_id=\"1.2@out.example.org\" "
			"from=\"a@example.org\" rcpt=\"b@example.net\" "
			"rcpt_count=\"1\" ");
	has(p.peer.got, "] 221-for-message: 192.0.2.10:40312 -> 198.51.100.25:25 (mx.example.net): "
			"the server said 221 ");
	has(p.peer.got, "; message from <a@example.org> to <b@example.net>, Message-ID "
			"<1.2@out.example.org>, queue id 4Qx1, ");
	assert_null(strstr(p.peer.got, "\xef\xbb\xbf"));
	has(post_check(&p), "221-for-message 2 {");
	post_free(&p);
	made_free(&m);
}

static void severities_are_mapped(void **state)
{
	(void)state;
	static const struct {
		enum severity ours;
		const char *pri;
	} rows[] = {{SEVERITY_CRITICAL, " <18>1 "},
		    {SEVERITY_ERROR, " <19>1 "},
		    {SEVERITY_WARNING, " <20>1 "},
		    {SEVERITY_NOTICE, " <21>1 "},
		    {SEVERITY_INFO, " <22>1 "}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct post p;
		struct made m;

		made_init(&m);
		m.alerting.min = SEVERITY_INFO;
		m.alerting.of[VERDICT_221_FOR_MESSAGE] = rows[i].ours;
		made_report(&m);
		post_open(&p, &sink_syslog);
		post_record(&p, &m.report);
		has(p.peer.got, rows[i].pri);
		post_free(&p);
		made_free(&m);
	}
}

/* What is no alert says nothing; what is critical and told elsewhere says which messages it is
 * about. */
static void what_is_told_and_what_not(void **state)
{
	(void)state;
	struct post p;
	struct made m;

	made_init(&m);
	made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_verdict(&m, VERDICT_CLEAN, 0);
	post_open(&p, &sink_syslog);
	post_record(&p, &m.report);
	assert_int_equal(p.peer.records, 0);
	made_verdict(&m, VERDICT_221_FOR_MESSAGE, 0);
	m.report.limited = m.report.raised;
	m.report.raised = 0;
	post_record(&p, &m.report);
	assert_int_equal(p.peer.records, 1);
	has(p.peer.got, " <21>1 ");
	has(p.peer.got, " told=\"again\"");
	has(p.peer.got, "] (again) 221-for-message: 192.0.2.10:40312 -> ");
	has(p.peer.got, "message from <a@example.org> to <b@example.net>");
	m.report.grouped = true;
	m.report.limited = 0;
	post_record(&p, &m.report);
	assert_int_equal(p.peer.records, 2);
	has(p.peer.got, " told=\"same event\"");
	made_verdict(&m, VERDICT_421_IN_MESSAGE, 0);
	m.report.limited = m.report.raised;
	m.report.raised = 0;
	post_record(&p, &m.report); /* not critical: the sum is enough */
	assert_int_equal(p.peer.records, 2);
	post_check(&p);
	post_free(&p);
	made_free(&m);
}

/* Sums, days and the end: as syslog, and then as they stand in the journal. */
static void tell_the_rest(struct post *p, struct made *m)
{
	const struct throttle_repeat sum = {.kind = VERDICT_221_FOR_MESSAGE,
					    .count = 17,
					    .since = m->conn.start,
					    .until = m->record.end,
					    .worst = SEVERITY_CRITICAL,
					    .latest = &m->report,
					    .hour = {1200, 18}};
	struct daily day;
	struct summary end = {.totals = &day.totals, .interim = true, .last = m->record.end};

	assert_true(daily_begin(&day, 480, &m->alerting));
	daily_over(&day, m->conn.start);
	daily_count(&day, &m->report);
	daily_over(&day, m->conn.start + 86400 * FRAME_SECOND);
	assert_true(p->kind->repeat(p->self, &sum));
	assert_true(p->kind->daily(p->self, &day));
	assert_true(p->kind->stats(p->self, &end)); /* not the end: nothing */
	end.interim = false;
	assert_true(p->kind->stats(p->self, &end));
	p->kind->flush(p->self);
	peer_read(&p->peer, 0);
	assert_int_equal(p->peer.records, 3);
	daily_end(&day);
}

static void sums_days_and_the_end(void **state)
{
	(void)state;
	struct post p;
	struct made m;

	made_init(&m);
	made_message(&m, FATE_FALSELY_ACCEPTED, "a@example.org", "b@example.net");
	made_report(&m);
	post_open(&p, &sink_syslog);
	tell_the_rest(&p, &m);
	has(p.peer.got, "repeated=\"17\" since=\"2026-11-23T10:00:00.000000Z\"");
	has(p.peer.got, "] 221-for-message again at 198.51.100.25:25: 17 times more since "
			"2026-11-23 10:00:00 UTC, the worst critical; in "
			"the last hour 1,200 sessions and 18 alerts there. The latest: "
			"221-for-message: 192.0.2.10:40312 -> ");
	has(p.peer.got,
	    " digest [smtpwatch@32473] digest since 2026-11-23 10:00:00 UTC: 1 session, 1 alert: 1 "
	    "critical; endings: "
	    "221-for-message 1; worst servers: 198.51.100.25:25 mx.example.net (1 critical)");
	has(p.peer.got, " end [smtpwatch@32473] the end: 1 session");
	post_check(&p);
	post_free(&p);
	post_open(&p, &sink_journald);
	tell_the_rest(&p, &m);
	has(p.peer.got, "\nSMTPWATCH_REPEATED=17\nSMTPWATCH_SINCE=2026-11-23T10:00:00.000000Z\n");
	has(p.peer.got, "MESSAGE=digest since ");
	post_free(&p);
	made_free(&m);
}

static void hostile_names_break_no_grammar(void **state)
{
	(void)state;
	unsigned seed = 20261123, n = 0;
	struct post p;
	struct made m;

	post_open(&p, &sink_syslog);
	for (; hostile_text(n) != NULL; n++) {
		hostile_make(&m, bytes_str(hostile_text(n)));
		post_record(&p, &m.report);
		made_free(&m);
	}
	for (unsigned i = 0; i < 200; i++, n++) {
		hostile_random(&m, &seed);
		post_record(&p, &m.report);
		made_free(&m);
	}
	assert_int_equal(p.peer.records, n);
	post_check(&p);
	has(p.checked, "\"from\": \"] [evil@1 x=\\\"y\\\"\"");
	has(p.checked, "\"from\": \"line\\\\u000d\\\\u000aMESSAGE=forged\\\\u000aPRIORITY=0\"");
	has(p.checked, "\"from\": \"\\\\ufeff byte order mark\"");
	has(p.checked, "\"from\": \"\\u00e4\\u00f6\\u00fc \\u20ac \\ud83d\\udce7\"");
	post_free(&p);
}

/* Asserts that a datagram is lines NAME=value; how many are SMTPWATCH_ fields. The protocol's
 * names: upper case, digits and "_", not "_" first. */
static unsigned journal_fields(const char *at, const char *end)
{
	static const char *const others[] = {
		"MESSAGE=", "MESSAGE_ID=", "PRIORITY=", "SYSLOG_FACILITY=", "SYSLOG_IDENTIFIER="};
	unsigned seen[5] = {0}, fields = 0;

	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		size_t name = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

		assert_non_null(line);
		assert_true(name > 0 && name < 64 && at[0] != '_' && at[name] == '=');
		for (const char *c = at; c < line; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
		for (unsigned i = 0; i < 5; i++)
			seen[i] += strncmp(at, others[i], strlen(others[i])) == 0;
		fields += strncmp(at, "SMTPWATCH_", 10) == 0;
		at = line + 1;
	}
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(seen[i], 1);
	return fields;
}

static void hostile_names_forge_no_field(void **state)
{
	(void)state;
	unsigned seed = 20261123;
	struct post p;
	struct made m;

	post_open(&p, &sink_journald);
	for (unsigned i = 0; i < 200 || hostile_text(i) != NULL; i++) {
		size_t length;
		char *end;

		if (hostile_text(i) != NULL)
			hostile_make(&m, bytes_str(hostile_text(i)));
		else
			hostile_random(&m, &seed);
		p.peer.n = 0;
		post_record(&p, &m.report);
		length = strtoul(p.peer.got, &end, 10);
		assert_int_equal(length, p.peer.n - (size_t)(end + 1 - p.peer.got));
		assert_true(journal_fields(end + 1, p.peer.got + p.peer.n) >= 15);
		made_free(&m);
	}
	post_free(&p);
}

/* A reply of several lines, and one of 300 bytes: whole in the journal; in a syslog message, which
 * has no room for it, with its end told. */
static void replies_of_many_lines(void **state)
{
	(void)state;
	static const struct sink_kind *const kinds[] = {&sink_syslog, &sink_journald};
	char longest[301] = "rejected\n";
	memset(longest + 9, 'x', 291);

	for (unsigned i = 0; i < 2; i++) {
		struct post p;
		struct made m;

		made_init(&m);
		made_string(&m, &m.info.strings, STRING_REPLY, 0, "rejected\nsee the list\nbye");
		post_open(&p, kinds[i]);
		post_record(&p, &m.report);
		has(p.peer.got, i == 0 ? " reply=\"rejected / see the list / bye\" "
				       : "\nSMTPWATCH_REPLY=rejected / see the list / bye\n");
		made_string(&m, &m.info.strings, STRING_REPLY, 0, longest);
		p.peer.n = 0;
		post_record(&p, &m.report);
		has(p.peer.got,
		    i == 0 ? " reply=\"rejected / xxx" : "\nSMTPWATCH_REPLY=rejected / xxx");
		has(p.peer.got, i == 0 ? "xxx...\" banner=" : "xxx\n");
		assert_int_equal(strspn(strstr(p.peer.got, "xxx"), "x"),
				 i == 0 ? ALERT_FIELD_SHORT - 11 - 3 : 291);
		post_free(&p);
		made_free(&m);
	}
}

/* Catalogues and scripts hold these ids: they may never change. */
static void message_ids_stay(void **state)
{
	(void)state;
	static const struct {
		enum verdict verdict;
		const char *id;
	} rows[] = {{VERDICT_221_FOR_MESSAGE, "MESSAGE_ID=29092fa682375951a42bf226dc35a8c9\n"},
		    {VERDICT_DROP_AFTER_MESSAGE, "MESSAGE_ID=4c99a785b92952dab0449ab6c74a2207\n"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct post p;
		struct made m;

		made_init(&m);
		made_verdict(&m, rows[i].verdict, 0);
		post_open(&p, &sink_journald);
		post_record(&p, &m.report);
		has(p.peer.got, rows[i].id);
		has(p.peer.got, "\nPRIORITY=2\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=smtpwatch\n");
		post_free(&p);
		made_free(&m);
	}
}

static void targets_that_are_none(void **state)
{
	(void)state;
	static const char *const targets[] = {
		"udp:/x",       "udp://",           "tcp://host:",
		"tcp://host:0", "udp://host:65536", "tcp://[::1",
		"ftp://host:1", "relative/path",    "tcp://host:99999999",
		"udp://:514",   "tcp://[]:25",      "x",
		"tcp://host:1x"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct error why = {0};

		assert_null(sink_syslog.open(targets[i], &live, &why));
		has(why.text, "is no host to send to");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_alert),
		cmocka_unit_test(severities_are_mapped),
		cmocka_unit_test(what_is_told_and_what_not),
		cmocka_unit_test(sums_days_and_the_end),
		cmocka_unit_test(hostile_names_break_no_grammar),
		cmocka_unit_test(hostile_names_forge_no_field),
		cmocka_unit_test(replies_of_many_lines),
		cmocka_unit_test(message_ids_stay),
		cmocka_unit_test(targets_that_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
