/* test_html.c - the report's parts: spans of time, the worst sessions, text that stays text, a file
 * that is replaced. */
#include "format/html/html.h"
#include "lib/hostile.h"
#include "policy/session_store.h"
#include "transport/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { S = 1000000000 };

static uint64_t sum(const struct timeline *t)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < TIMELINE_SPANS; i++)
		for (unsigned v = 0; v < VERDICTS; v++)
			for (unsigned s = 0; s < SEVERITIES; s++)
				n += t->counts[i][v][s];
	return n;
}

/* Whatever the order, the same spans hold the same numbers. */
static void spans_become_longer(void **state)
{
	static const int64_t times[] = {1767607200, 1767607259, 1767607260, 1767607500,
					1767610000, 1767600000, 1767900000};
	struct timeline forth = {0}, back = {0};
	size_t n = sizeof(times) / sizeof(times[0]);

	(void)state;
	assert_int_equal(timeline_spans(&forth), 0);
	for (size_t i = 0; i < 2; i++)
		timeline_count(&forth, times[i] * S, VERDICT_CLEAN, SEVERITY_NONE);
	assert_string_equal(timeline_words(&forth), "second");
	assert_int_equal(timeline_spans(&forth), 60);
	for (size_t i = 2; i < n; i++)
		timeline_count(&forth, times[i] * S, VERDICT_CLEAN, SEVERITY_NONE);
	for (size_t i = n; i-- > 0;)
		timeline_count(&back, times[i] * S, VERDICT_CLEAN, SEVERITY_NONE);
	assert_string_equal(timeline_words(&forth), "3 hours");
	assert_int_equal(sum(&forth), n);
	assert_memory_equal(forth.counts, back.counts, sizeof(forth.counts));
	assert_int_equal(forth.origin, back.origin);
	assert_int_equal(forth.origin % timeline_length(&forth), 0);
	assert_int_equal(forth.counts[timeline_spans(&forth) - 1][VERDICT_CLEAN][SEVERITY_NONE], 1);
}

/* Clocks that say anything. */
static void absurd_times_are_counted(void **state)
{
	struct timeline t = {0};

	(void)state;
	timeline_count(&t, 1767607200 * (int64_t)S, VERDICT_CLEAN, SEVERITY_NONE);
	timeline_count(&t, 0, VERDICT_CLEAN, SEVERITY_NONE);
	timeline_count(&t, -5 * (int64_t)S, VERDICT_CLEAN, SEVERITY_NONE);
	timeline_count(&t, 4600000000 * (int64_t)S, VERDICT_CLEAN, SEVERITY_NONE);
	timeline_count(&t, 1767607200 * (int64_t)S, VERDICT_CLEAN, SEVERITY_NONE);
	assert_int_equal(sum(&t), 5);
	assert_int_equal(timeline_spans(&t), TIMELINE_SPANS);
}

static void hostile_text_is_text(void **state)
{
	static const char text[] = "<a b=\"c\" d='e'>&amp;\x1b[0m\xff\xe2\x80\xae";
	struct outbuf b = {0};

	(void)state;
	escape_html(&b, bytes_of(text, sizeof(text) - 1));
	outbuf_char(&b, '\0');
	assert_string_equal(
		b.p,
		"&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;\\u001b[0m\xef\xbf\xbd\\u202e");
	outbuf_free(&b);
}

/* How often tags of a name begin. */
static unsigned tags(const char *page, const char *tag)
{
	unsigned n = 0;

	for (const char *at = page; (at = strstr(at, tag)) != NULL; at++)
		n++;
	return n;
}

/* The page of a session whose texts are random has the same tags as that of any other. */
static void random_text_makes_no_markup(void **state)
{
	struct redactor *redactor = redactor_new(&(struct redaction){REDACT_NONE, {0}});
	struct totals totals = {.servers = servers_new()};
	struct domains *domains = domains_new(NULL);
	struct monitor_stats core = {.frames = 1};
	unsigned seed = 20260105;
	struct outbuf b = {0};
	struct html page;

	(void)state;
	html_init(&page, &b);
	for (unsigned i = 0; i < 300; i++) {
		struct html_figures *figures = calloc(1, sizeof(*figures));
		struct made m;

		hostile_random(&m, &seed);
		made_report(&m);
		html_count(figures, &m.report);
		totals_count(&totals, &m.report);
		domains_count(domains, &m.record, &m.report);
		b.n = 0;
		assert_true(html_begin(&page, figures,
				       &(struct summary){.totals = &totals,
							 .domains = domains,
							 .alerting = &m.alerting,
							 .core = &core,
							 .inputs = "<x>",
							 .ports = "25",
							 .worst = 1}));
		html_session(&page, &(struct stored_session){.report = m.report});
		html_end(&page);
		outbuf_char(&b, '\0');
		assert_false(b.failed);
		assert_int_equal(tags(b.p, "<script"), 0);
		assert_int_equal(tags(b.p, "<details>"), 3);
		assert_int_equal(tags(b.p, "<summary>"), 3);
		assert_int_equal(tags(b.p, "<x>"), 0);
		for (size_t j = 0; j < b.n - 1; j++)
			assert_true((uint8_t)b.p[j] >= 0x20 || b.p[j] == '\n');
		free(figures);
		made_free(&m);
	}
	assert_int_equal(tags(b.p, "<section id=\"domains\""), 1);
	assert_int_equal(tags(b.p, "<section id=\"hours\""), 1);
	html_free(&page);
	outbuf_free(&b);
	domains_free(domains);
	servers_free(totals.servers);
	redactor_free(redactor);
}

/* As in the summary, but as a paragraph without line ends of its own. */
static void what_was_not_decoded_is_named(void **state)
{
	struct alerting alerting = alerting_default();
	struct totals totals = {.servers = servers_new()};
	struct monitor_stats core = {.frames = 18,
				     .undecoded = {.row = {{18, {SPACE_ETHERTYPE, 0x22f3}}}}};
	struct html_figures *figures = calloc(1, sizeof(*figures));
	struct outbuf b = {0};
	struct html page;

	(void)state;
	html_init(&page, &b);
	assert_true(html_begin(&page, figures,
			       &(struct summary){.totals = &totals,
						 .alerting = &alerting,
						 .core = &core,
						 .inputs = "x",
						 .ports = "25"}));
	html_end(&page);
	outbuf_char(&b, '\0');
	assert_non_null(strstr(b.p, ") went into TLS"));
	assert_non_null(strstr(b.p, "<p class=\"beware\">Not decoded: 18 packets of ethertype "
				    "0x22f3 (TRILL). Mail inside them "
				    "is not seen.</p>\n"));
	html_free(&page);
	outbuf_free(&b);
	free(figures);
	servers_free(totals.servers);
}

static void write_text(struct atomic_file *f, const char *text, bool fine)
{
	struct outbuf b = {0};

	outbuf_str(&b, text);
	assert_int_equal(atomic_file_write(f, &b), fine);
	outbuf_free(&b);
}

static void holds(const char *path, const char *want)
{
	char text[64] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(text, want);
}

/* Where nothing can be made beside it, it is written where it is; that is a matter of the name
 * here, as root may make files everywhere. */
static void a_file_is_replaced_or_written_in_place(void **state)
{
	static const struct run_mode offline;
	struct error why;
	char folder[] = "/tmp/smtpwatch-html-XXXXXX", path[64];
	struct atomic_file f;
	struct stat before, after;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/report", folder);
	assert_true(atomic_file_init(&f, path, 0640));
	assert_true(atomic_file_hold(&f, &offline, &why));
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(mkdir(f.temporary, 0700), 0);
	write_text(&f, "a long first one", true);
	write_text(&f, "short", true);
	holds(path, "short");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(rmdir(f.temporary), 0);
	write_text(&f, "replaced", true);
	holds(path, "replaced");
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_mode & 07777, 0640);
	assert_int_equal(mkdir(f.temporary, 0700), 0);
	write_text(&f, "never", false);
	holds(path, "replaced");
	rmdir(f.temporary);
	atomic_file_free(&f);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
}

static void what_is_no_file_is_not_replaced(void **state)
{
	static const struct run_mode live = {.live = true}, offline;
	struct error why;
	struct atomic_file f;
	struct stat st;

	(void)state;
	assert_true(atomic_file_init(&f, "/dev/null", 0640));
	assert_false(atomic_file_hold(&f, &live, &why));
	atomic_file_free(&f);
	assert_true(atomic_file_init(&f, "/dev/null", 0640));
	assert_true(atomic_file_hold(&f, &offline, &why));
	write_text(&f, "gone", true);
	atomic_file_free(&f);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_become_longer),
		cmocka_unit_test(absurd_times_are_counted),
		cmocka_unit_test(hostile_text_is_text),
		cmocka_unit_test(random_text_makes_no_markup),
		cmocka_unit_test(what_was_not_decoded_is_named),
		cmocka_unit_test(a_file_is_replaced_or_written_in_place),
		cmocka_unit_test(what_is_no_file_is_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
