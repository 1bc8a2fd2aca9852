/* test_explain.c - there are sentences for everything that can be said, and a ladder of every
 * capture bears what is in it, and nothing that may not be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <glob.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/source.h"
#include "format/text/explain.h"
#include "format/text/explain_words.h"
#include "lib/made.h"
#include "replay/ladder_pass.h"
#include "text/escape.h"
#include "text/wrap.h"

/* A sentence or several: begins as one, ends as one, and nothing is wrong between. */
static void assert_sentences(const char *id, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	bool whole = n > 20 &&
		     (isupper((unsigned char)text[0]) || isdigit((unsigned char)text[0])) &&
		     text[n - 1] == '.' && strstr(text, "  ") == NULL &&
		     strstr(text, " .") == NULL && strstr(text, "..") == NULL;
	if (!whole)
		fail_msg("%s: no whole sentence: %s", id, text ? text : "none");
}

static void assert_other(const char *id, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		fail_msg("%s says what another one says: %s", id, a);
}

static void verdicts_have_words(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ALERT_KINDS; s++) {
		const char *id = alert_kind_row(s)->id;
		const struct explain_words *w = explain_words_of(s);
		assert_sentences(id, w->rule);
		assert_sentences(id, w->sender);
		assert_sentences(id, w->check);
		for (unsigned o = 0; o < s; o++) {
			const struct explain_words *other = explain_words_of(o);
			assert_other(id, w->rule, other->rule);
			assert_other(id, w->check, other->check);
		}
	}
}

static void causes_have_words(void **state)
{
	(void)state;
	for (enum cause_id id = 0; id < CAUSES; id++) {
		const char *name = cause_row(id)->id;
		const struct explain_cause *w = explain_cause_of(id);
		assert_sentences(name, w->how);
		assert_sentences(name, w->check);
		for (enum cause_id o = 0; o < id; o++) {
			assert_other(name, w->how, explain_cause_of(o)->how);
			assert_other(name, w->check, explain_cause_of(o)->check);
		}
	}
}

static void put_part(void *arg, const char *label, struct bytes text)
{
	struct outbuf *b = arg;
	outbuf_format(b, "%s: ", label);
	outbuf_bytes(b, text.p, text.n);
	outbuf_char(b, '\n');
}

/* Every pair of a verdict and a cause is explained, and no two of them alike. */
static void paragraphs_differ(void **state)
{
	struct outbuf b[2] = {{0}, {0}};
	struct made m;
	unsigned turn = 0;
	(void)state;
	made_init(&m);
	for (enum verdict v = 0; v < VERDICTS; v++)
		for (enum cause_id id = 0; id < CAUSES; id++, turn ^= 1) {
			made_cause(&m, id, CONFIDENCE_LIKELY, "one thing was seen",
				   "another\x1b[2J was seen");
			made_verdict(&m, v, 0);
			b[turn].n = 0;
			explain_parts(&m.report, NULL, put_part, &b[turn]);
			outbuf_char(&b[turn], '\0');
			if (id != CAUSE_UNEXPLAINED)
				assert_non_null(strstr(b[turn].p, "Why: "));
			assert_non_null(strstr(b[turn].p, explain_cause_of(id)->how));
			assert_non_null(strstr(b[turn].p, "Look at: "));
			assert_null(strchr(b[turn].p, '\x1b'));
			assert_null(strstr(b[turn].p, "  "));
			assert_null(strstr(b[turn].p, ".."));
			if (b[turn ^ 1].n > 0)
				assert_string_not_equal(b[0].p, b[1].p);
		}
	outbuf_free(&b[0]);
	outbuf_free(&b[1]);
	made_free(&m);
}

/* What a second pass over one capture draws, and what the first one judged. */

enum { SESSIONS = 64, FRAMES_MAX = 8192 };

struct judged {
	struct frame frame[FRAMES_MAX];
	size_t n;
	struct session_store *store;
};

static void on_session(void *arg, const struct record *record)
{
	struct judged *j = arg;
	struct alerting alerting = alerting_default();
	struct report r = report_make(&alerting, record, "x");
	session_store_add(j->store, record, &r, NULL, (struct session_frames){0});
}

static void frames_read(struct judged *j, const char *path)
{
	struct error why;
	bool usage;
	struct source *s = source_open(path, NULL, &why, &usage);
	struct frame f;
	assert_non_null(s);
	for (; source_read(s, &f, 1, &why) > 0; j->n++) {
		uint8_t *data = malloc(f.caplen + 1);
		assert_true(data != NULL && j->n < FRAMES_MAX);
		memcpy(data, f.data, f.caplen);
		j->frame[j->n] = f;
		j->frame[j->n].data = data;
	}
	source_close(s);
}

static struct ladders *ladders_draw(struct judged *j)
{
	const struct store_bounds bounds = {STORE_FIRST, SESSIONS, SIZE_MAX, 0};
	struct monitor_config config = monitor_config_default();
	config.session = on_session;
	config.arg = j;
	j->store = session_store_new(&bounds, NULL);
	assert_non_null(j->store);
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	monitor_frames(m, j->frame, j->n);
	monitor_finish(m);
	monitor_free(m);
	struct ladders *l = ladders_new(&config);
	assert_non_null(l);
	assert_int_equal(session_store_omitted(j->store), 0);
	for (size_t i = 0; i < session_store_count(j->store); i++) {
		struct stored_session *s = session_store_at(j->store, i);
		assert_non_null(ladders_want(l, s, s->record->conn->first));
	}
	ladders_frames(l, 0, j->frame, j->n);
	ladders_finish(l);
	return l;
}

/* Every alert has its fault somewhere; packets are those of the capture, and none is named of which
 * a line has another's time. */
static void ladder_check(const struct judged *j, size_t i, const char *path)
{
	const struct stored_session *s = session_store_at(j->store, i);
	const struct ladder *l = s->ladder;
	enum verdict v = s->report.record.judgement.verdict;
	bool alert = verdict_row(v)->severity >= SEVERITY_NOTICE;
	if (alert && ladder_fault(l) == NULL)
		fail_msg("%s, session %zu: %s, and no line of the ladder bears it", path, i + 1,
			 verdict_row(v)->id);
	assert_true(ladder_count(l) > 0);
	for (size_t k = 0; k < ladder_count(l); k++) {
		const struct ladder_line *line = ladder_line(l, k);
		assert_true(line->packet <= j->n && line->last <= j->n);
		if (line->kind == LADDER_COMMAND || line->kind == LADDER_REPLY) {
			assert_true(line->packet > 0);
			assert_true(j->frame[line->packet - 1].ts <= line->ts);
		}
		for (const char *p = line->text; *p != '\0'; p++)
			assert_true((uint8_t)*p >= 0x20 && *p != 0x7f);
	}
}

static void every_width_check(const struct ladder *l)
{
	static const unsigned widths[] = {0, 1, 40, 80, 95, 96, 132, 400};
	struct outbuf b = {0};
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		size_t column = 0;
		b.n = 0;
		ladder_text(&b, l, widths[i], false);
		for (size_t at = 0; at < b.n; at++) {
			column = b.p[at] == '\n' ? 0 : column + ((b.p[at] & 0xc0) != 0x80);
			if (widths[i] >= 80 && b.n > 0 &&
			    memchr(b.p, '\n', b.n) < (void *)(b.p + at))
				assert_true(column <= widths[i]);
		}
	}
	outbuf_free(&b);
}

static void every_capture_has_ladders(void **state)
{
	glob_t files;
	(void)state;
	assert_int_equal(glob("pcaps/*.pcap*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct judged *j = calloc(1, sizeof(*j));
		assert_non_null(j);
		frames_read(j, files.gl_pathv[i]);
		struct ladders *l = ladders_draw(j);
		for (size_t k = 0; k < session_store_count(j->store); k++) {
			ladder_check(j, k, files.gl_pathv[i]);
			every_width_check(session_store_at(j->store, k)->ladder);
		}
		ladders_free(l);
		session_store_free(j->store);
		for (size_t k = 0; k < j->n; k++)
			free((void *)(uintptr_t)j->frame[k].data);
		free(j);
	}
	globfree(&files);
}

/* By hand: what is said, without frames. */

static void said(struct ladder *l, enum smtp_verb verb, const char *args)
{
	struct smtp_pending p = {.verb = (uint8_t)verb, .sent_verb = (uint8_t)verb, .end = 1};
	ladder_event(l, &(struct trace_event){.kind = TRACE_COMMAND,
					      .side = CLIENT,
					      .ts = 1,
					      .offset = 1,
					      .text = bytes_str(args),
					      .pending = &p});
}

static const char *last_text(const struct ladder *l)
{
	return ladder_line(l, ladder_count(l) - 1)->text;
}

static void no_password_and_no_body(void **state)
{
	struct made m;
	(void)state;
	made_init(&m);
	struct ladder *l = ladder_new(&m.conn, NULL, NULL);
	said(l, SMTP_UNKNOWN, "HALLO");
	assert_string_equal(last_text(l), "HALLO");
	said(l, SMTP_UNKNOWN, "PASS c2VjcmV0");
	assert_string_equal(last_text(l), "PASS ********");
	said(l, SMTP_UNKNOWN, "AUTH=PLAIN c2VjcmV0");
	assert_string_equal(last_text(l), "AUTH ********");
	said(l, SMTP_UNKNOWN, "password=c2VjcmV0");
	assert_string_equal(last_text(l), "password ********");
	said(l, SMTP_UNKNOWN, "c2VjcmV0");
	assert_string_equal(last_text(l), "(a line that is no command, 8 bytes)");
	said(l, SMTP_NOT_SMTP, "Authorization: Basic c2VjcmV0");
	assert_string_equal(last_text(l), "Authorization ********");
	said(l, SMTP_XCLIENT, "NAME=out.example.org LOGIN=c2VjcmV0 ADDR=203.0.113.7");
	assert_string_equal(last_text(l),
			    "XCLIENT NAME=out.example.org LOGIN=******** ADDR=203.0.113.7");
	said(l, SMTP_NOOP, "c2VjcmV0");
	assert_string_equal(last_text(l), "NOOP ********");
	said(l, SMTP_AUTH, "PLAIN AHVzZXIAc2VjcmV0");
	assert_string_equal(last_text(l), "AUTH PLAIN ********");
	said(l, SMTP_AUTH, "AHVzZXIAc2VjcmV0LXRoYXQtaXMtdG9vLWxvbmc=");
	assert_string_equal(last_text(l), "AUTH ********");
	said(l, SMTP_AUTH, "AHVzZXIAc2VjcmV0 PLAIN");
	assert_string_equal(last_text(l), "AUTH ********");
	said(l, SMTP_AUTH, "user:pass");
	assert_string_equal(last_text(l), "AUTH ********");
	said(l, SMTP_X_EXPS, "gssapi");
	assert_string_equal(last_text(l), "X-EXPS gssapi");
	said(l, SMTP_AUTH_LINE, "c2VjcmV0");
	assert_string_equal(last_text(l), "********");
	said(l, SMTP_UNKNOWN, "c2VjcmV0");
	assert_string_equal(last_text(l), "(a line that is no command, 8 bytes)");
	ladder_free(l);
	made_free(&m);
}

static void what_is_hostile_is_escaped(void **state)
{
	struct outbuf b = {0};
	struct made m;
	(void)state;
	made_init(&m);
	struct ladder *l = ladder_new(&m.conn, NULL, NULL);
	said(l, SMTP_EHLO, "\x1b]0;x\x07\xff =1+1;\"#<script>%%\r");
	assert_string_equal(last_text(l),
			    "EHLO \\u001b]0;x\\u0007\xef\xbf\xbd =1+1;\"#<script>%%\\u000d");
	ladder_mermaid(&b, l);
	outbuf_char(&b, '\0');
	assert_null(strchr(b.p, '<'));
	assert_null(strstr(b.p, "%%"));
	assert_non_null(strstr(b.p, "#60;script#62;#37;#37;"));
	b.n = 0;
	ladder_event(l, &(struct trace_event){.kind = TRACE_UNCODED,
					      .side = SERVER,
					      .text = bytes_str("=cmd|' /C calc'!A0,\"x\"")});
	ladder_csv(&b, l);
	outbuf_char(&b, '\0');
	assert_non_null(strstr(b.p, ",\"'=cmd|' /C calc'!A0,\"\"x\"\"\"\r\n"));
	outbuf_free(&b);
	ladder_free(l);
	made_free(&m);
}

/* A long session keeps both its ends. */
static void a_long_one_is_cut_in_the_middle(void **state)
{
	struct made m;
	char name[16];
	size_t cut;
	(void)state;
	made_init(&m);
	struct ladder *l = ladder_new(&m.conn, NULL, NULL);
	for (unsigned i = 0; i < 3 * LADDER_LINES + 7; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		said(l, SMTP_EHLO, name);
	}
	assert_int_equal(ladder_count(l), LADDER_LINES);
	assert_int_equal(ladder_omitted(l, &cut), 2 * LADDER_LINES + 7);
	assert_string_equal(ladder_line(l, cut - 1)->text, "EHLO n999");
	assert_string_equal(ladder_line(l, cut)->text, "EHLO n5007");
	assert_string_equal(last_text(l), "EHLO n6006");
	ladder_free(l);
	made_free(&m);
}

static void wide_characters_take_two_columns(void **state)
{
	/* "日本 語" */
	const struct bytes text = bytes_str("\xe6\x97\xa5\xe6\x9c\xac \xe8\xaa\x9e");
	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	assert_int_equal(wrap_piece(text, 7).bytes, text.n);
	assert_int_equal(wrap_piece(text, 6).bytes, 7);
	assert_int_equal(wrap_piece(text, 3).bytes, 3);
	assert_int_equal(wrap_piece(text, 3).columns, 2);
	assert_int_equal(wrap_piece(text, 1).bytes, 3); /* it must get on */
}

static void csv_fields(void **state)
{
	static const char *const fields[][2] = {
		{"plain", "plain"}, {"a,b", "\"a,b\""}, {"say \"x\"", "\"say \"\"x\"\"\""},
		{"=1", "\"'=1\""},  {"@x", "\"'@x\""},  {"a\r\nb", "a\\u000d\\u000ab"},
		{"", ""},
	};
	struct outbuf b = {0};
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		b.n = 0;
		escape_csv(&b, bytes_str(fields[i][0]));
		outbuf_char(&b, '\0');
		assert_string_equal(b.p, fields[i][1]);
	}
	outbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_have_words),
		cmocka_unit_test(causes_have_words),
		cmocka_unit_test(paragraphs_differ),
		cmocka_unit_test(every_capture_has_ladders),
		cmocka_unit_test(no_password_and_no_body),
		cmocka_unit_test(what_is_hostile_is_escaped),
		cmocka_unit_test(a_long_one_is_cut_in_the_middle),
		cmocka_unit_test(wide_characters_take_two_columns),
		cmocka_unit_test(csv_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
