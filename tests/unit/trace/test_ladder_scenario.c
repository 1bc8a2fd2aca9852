/*
 * test_ladder_scenario.c - a capture becomes a scenario that makes a capture of which the same is
 * said, and in which no password and no body stands: of every scenario of tests/scenarios and every
 * capture of pcaps, but for those that cannot, each with its reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/source.h"
#include "lib/build.h"
#include "lib/segments.h"
#include "lib/weather.h"
#include "replay/ladder_pass.h"
#include "trace/ladder.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { SESSIONS = 32 };

/* What does not come back, and why it cannot. */
static const struct {
	const char *name, *reason;
} exceptions[] = {
	{"clean-long-line",
	 "a secret's length is not told, so that the line of AUTH is no long line"},
	{"late-reply-behind-rst", "what was captured in another order is told in that of the wire"},
	{"late-reply-behind-rst-gave-up",
	 "what was captured in another order is told in that of the wire"},
	{"stray-rst", "it has no session"},
	{"trap-13-other-text", "a segment that is sent again with other bytes is left out"},
};

enum { EXCEPTIONS = sizeof exceptions / sizeof *exceptions };

/* Stores a session of a capture. */
static void on_session(void *arg, const struct record *record)
{
	struct alerting alerting = alerting_default();
	struct report r = report_make(&alerting, record, "x");
	session_store_add(arg, record, &r, NULL, (struct session_frames){0});
}

static struct monitor_config config_of(const struct scenario *s)
{
	struct monitor_config config = monitor_config_default();
	for (unsigned i = 0; i < s->scenes; i++)
		monitor_config_port(&config, s->scene[i].port[SERVER], s->scene[i].kind);
	config.stream.max_conns = 64;
	return config;
}

static enum port_kind kind_of(const struct monitor_config *config, uint16_t port)
{
	return port_set_has(&config->tls_ports, port)    ? PORT_TLS
	       : port_set_has(&config->lmtp_ports, port) ? PORT_LMTP
							 : PORT_SMTP;
}

/* All sessions of these frames as a scenario; false: they are none. A text in any case. */
static bool frames_write(struct monitor_config config, const struct frame *frames, size_t n,
			 struct outbuf *out)
{
	const struct store_bounds bounds = {STORE_FIRST, SESSIONS, SIZE_MAX, 0};
	struct session_store *judged = session_store_new(&bounds, NULL);
	struct ladder_scene scenes[SESSIONS];
	struct error why = {0};
	config.session = on_session;
	config.arg = judged;
	struct monitor *m = monitor_new(&config);
	struct ladders *l = ladders_new(&config);
	assert_true(judged && m && l);
	monitor_frames(m, frames, n);
	monitor_finish(m);
	monitor_free(m);
	assert_int_equal(session_store_omitted(judged), 0);
	size_t sessions = session_store_count(judged);
	for (size_t i = 0; i < sessions; i++) {
		struct stored_session *s = session_store_at(judged, i);
		const struct conn *conn = s->record->conn;
		assert_true(ladders_want(l, s, conn->first) && ladder_record(s->ladder));
		scenes[i] = (struct ladder_scene){s->ladder, s->record,
						  kind_of(&config, conn->port[SERVER])};
	}
	ladders_frames(l, 0, frames, n);
	ladders_finish(l);
	out->n = 0;
	bool written = ladder_scenario(out, scenes, sessions, &why);
	outbuf_char(out, '\0');
	assert_false(out->failed);
	assert_int_equal(written, why.text[0] == '\0' || out->n > 1);
	ladders_free(l);
	session_store_free(judged);
	return written;
}

static bool scenario_write(const struct scenario *s, const struct weather *how, struct outbuf *out)
{
	struct trace trace = build_trace(s);
	struct frames frames = weather_frames(s, &trace, how, 1);
	bool written = frames_write(config_of(s), frames.frame, frames.n, out);
	frames_free(&frames);
	trace_free(&trace);
	return written;
}

/* What was written is read. */
static struct scenario *read_back(const char *name, const struct outbuf *out)
{
	char why[SCENARIO_WHY], *text = strdup(out->p);
	assert_non_null(text);
	struct scenario *s = scenario_parse(name, text, why);
	if (!s)
		fail_msg("%s\n%s", why, out->p);
	free(text);
	return s;
}

/* What is said of all sessions, in the words of the language: the same wire gives the same. */
static const char *expectations(const struct outbuf *out)
{
	const char *at = strstr(out->p, "\nexpect ");
	return at ? at : "";
}

/* SMTPWATCH_SHOW prints what was written. */
static bool comes_back(const char *path, const struct outbuf *first)
{
	struct outbuf again = {0};
	struct scenario *s = read_back(path, first);
	if (getenv("SMTPWATCH_SHOW"))
		print_message("%s", first->p);
	bool good = scenario_write(s, weathers, &again) &&
		    strcmp(expectations(first), expectations(&again)) == 0;
	if (!good && getenv("SMTPWATCH_SHOW"))
		print_message("and then:%s", expectations(&again));
	scenario_free(s);
	outbuf_free(&again);
	return good;
}

static const char *exception_of(const char *name)
{
	for (size_t i = 0; i < EXCEPTIONS; i++)
		if (strcmp(exceptions[i].name, name) == 0)
			return exceptions[i].reason;
	return NULL;
}

static struct scenario *scenario_of(const char *path)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(path, why);
	if (!s)
		fail_msg("%s", why);
	return s;
}

static void scenarios_come_back(void **state)
{
	glob_t files;
	size_t back = 0, except = 0, wrong = 0;
	struct outbuf out = {0};
	(void)state;
	assert_int_equal(glob("tests/scenarios/*.smtp", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];
		struct scenario *s = scenario_of(path);
		const char *reason = exception_of(s->name);
		bool good = scenario_write(s, weathers, &out) && comes_back(path, &out);
		back += good;
		except += reason != NULL;
		wrong += good == (reason != NULL);
		if (good == (reason != NULL))
			print_error("%s: %s\n", path,
				    good ? "it comes back, and has a reason why it cannot"
					 : "it does not come back");
		scenario_free(s);
	}
	print_message("%zu of %zu scenarios come back\n", back, files.gl_pathc);
	for (size_t i = 0; i < EXCEPTIONS; i++)
		print_message("%s does not: %s\n", exceptions[i].name, exceptions[i].reason);
	globfree(&files);
	outbuf_free(&out);
	assert_int_equal(wrong, 0);
	assert_int_equal(except, EXCEPTIONS);
}

/* Real stacks: their segments, times and acknowledgements are not those of the language. */

enum { FRAMES_MAX = 8192 };

static size_t frames_read(const char *path, struct frame *frames)
{
	struct error why;
	bool usage;
	size_t n = 0;
	struct source *s = source_open(path, NULL, &why, &usage);
	assert_non_null(s);
	for (; source_read(s, &frames[n], 1, &why) > 0; n++) {
		uint8_t *data = malloc(frames[n].caplen + 1);
		assert_true(data && n < FRAMES_MAX - 1);
		memcpy(data, frames[n].data, frames[n].caplen);
		frames[n].data = data;
	}
	source_close(s);
	return n;
}

static void captures_come_back(void **state)
{
	glob_t files;
	size_t back = 0;
	struct outbuf out = {0};
	struct monitor_config config = monitor_config_default();
	struct frame *frames = calloc(FRAMES_MAX, sizeof *frames);
	(void)state;
	assert_non_null(frames);
	monitor_config_port(&config, 465, PORT_TLS);
	monitor_config_port(&config, 24, PORT_LMTP);
	assert_int_equal(glob("pcaps/*.pcap*", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t n = frames_read(files.gl_pathv[i], frames);
		bool good = frames_write(config, frames, n, &out) &&
			    comes_back(files.gl_pathv[i], &out);
		back += good;
		if (!good)
			print_error("%s does not come back\n", files.gl_pathv[i]);
		for (size_t k = 0; k < n; k++)
			free((void *)(uintptr_t)frames[k].data);
	}
	print_message("%zu of %zu captures come back\n", back, files.gl_pathc);
	assert_int_equal(back, files.gl_pathc);
	globfree(&files);
	outbuf_free(&out);
	free(frames);
}

/* What may not be told, wherever it stands: each has this word. */

#define SECRET "hunter2"
#define WORD   "sesame" /* might be a verb */

static const char *const secretive[] = {
	"include ehlo-starttls-auth\n"
	"C: AUTH PLAIN " SECRET "\nS: 535 5.7.8 no\nC: AUTH " SECRET
	"\nS: 501 no\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n"
	"C: " SECRET "\nS: 334 UGFzc3dvcmQ6\nC: " SECRET "\nS: 235 ok\nC: " SECRET
	"\nS: 500 what?\n"
	"C: NOOP " SECRET "\nS: 250 Ok\nC: HELP " SECRET "\nS: 250 Ok\ninclude quit\n",
	"include ehlo-starttls-auth\nC: AUTH LOGIN\nS: 504 no\nC: " WORD "\nS: 500 what?\nC: " WORD
	" x\nS: 500 what?\nS! FIN\n",
	"include ehlo mail rcpt data\nC: .\nS: 250 ok\nC: " WORD "\nC+ " WORD
	": x\nS: 500 what?\nS: 500 what?\nS! FIN\n",
	/* lines that are no commands, and another protocol's */
	"include ehlo\nC: PASS " SECRET "\nS: 500 what?\nC: password=" SECRET "\nS: 500 what?\n"
	"C: Authorization: Basic " SECRET "\nS: 500 what?\nC: XCLIENT LOGIN=" SECRET "\nS: 220 x\n"
	"C: BURL imap://" SECRET "/ LAST\nS: 503 no\nS! FIN\n",
	"C: GET /" SECRET " HTTP/1.1\nC+ Host: " SECRET "\nC+\nS: 220 mx\nS! FIN\n",
	/* a body: before its go-ahead, refused, in chunks, with what reads like commands, unended
	 */
	"include ehlo mail rcpt\nC: DATA\nC+ " SECRET "\nC+ .\nC+ " SECRET
	"\nS: 354 ok\nS: 250 ok\nS: 500 what?\ninclude quit\n",
	"include ehlo mail rcpt\nC: DATA\nC+ " SECRET "\nC+ MAIL FROM:<" SECRET
	"@example.org>\nC+ .\n"
	"S: 354 ok\nS: 250 ok\ninclude quit\n",
	"include ehlo mail rcpt\nC: DATA\nC+ " SECRET
	"\nC+ .\nS: 554 no\nS: 500 what?\nS: 500 what?\ninclude quit\n",
	"include ehlo mail rcpt\nC: BDAT 9\nraw C+ \"" SECRET
	"\\r\\n\"\nS: 250 ok\nC: BDAT 9 LAST\n"
	"raw C+ \"" SECRET "\\r\\n\"\nS: 250 ok\ninclude quit\n",
	"include ehlo mail rcpt data\nC: a\nC+ ." SECRET "\nraw C \"" SECRET "\"\nS! RST\n",
	/* behind holes, where nobody knows what is what */
	"include ehlo mail rcpt\nlose C 1\nC: DATA\nlose S 1\nS: 354 ok\nC: " SECRET
	"\nC+ hallo " SECRET "\nC: .\nS: 250 ok\n",
	"include ehlo mail rcpt data text\nlose C 1\nC: .\nlose S 1\nS: 250 ok\nC: " SECRET
	"\nS: 500 what?\nS! FIN\n",
	"include ehlo mail rcpt data\njoin\nC: " SECRET "\nC+ " SECRET
	".\nC+ .\nS: 250 ok\ninclude quit\n",
	/* TLS: what is sealed, and what is in clear where nothing should be */
	"include ehlo-starttls-auth\nC: STARTTLS\nC+ " SECRET "\nS: 220 ok\n"
	"raw C "
	"\"\\x16\\x03\\x01\\x00\\x20\\x01\\x00\\x00\\x1c\\x03\\x03abcdefghijklmnopqrstuvwxyz\"\n"
	"raw C \"\\x17\\x03\\x03\\x00\\x07" SECRET "\"\nC: " SECRET
	"\nraw S \"\\x17\\x03\\x03\\x00\\x07" SECRET "\"\nS! FIN\n",
};

static void tells_no_secret(void **state)
{
	struct outbuf out = {0};
	(void)state;
	for (size_t i = 0; i < sizeof secretive / sizeof *secretive; i++) {
		char text[1024], why[SCENARIO_WHY];
		snprintf(text, sizeof text, "%sexpect verdict clean\n", secretive[i]);
		struct scenario *s = scenario_parse("secret", text, why);
		if (!s)
			fail_msg("%s", why);
		for (const struct weather *how = weathers; how->name; how++) {
			if (how->nids || !scenario_write(s, how, &out))
				continue;
			if (strstr(out.p, SECRET) || strstr(out.p, "unter2") || strstr(out.p, WORD))
				fail_msg("number %zu in weather %s tells it:\n%s", i + 1, how->name,
					 out.p);
			scenario_free(read_back("secret", &out));
		}
		assert_true(scenario_write(s, weathers, &out));
		assert_non_null(strstr(out.p, "; replaced: IP addresses; "));
		scenario_free(s);
	}
	outbuf_free(&out);
}

/* The scenarios' own bodies and secrets, in all weathers; what is written is always read. */
static void tells_no_body(void **state)
{
	static const char *const bodies[] = {
		"How are", "are you?", "Subject:", "Message-ID", "AHVzZXI", "c2VjcmV0"};
	glob_t files;
	struct outbuf out = {0};
	(void)state;
	assert_int_equal(glob("tests/scenarios/*.smtp", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct scenario *s = scenario_of(files.gl_pathv[i]);
		const struct weather *how = weathers;
		for (size_t k = i % 8; k > 0 && how[1].name; k--)
			how++;
		if (!how->nids && scenario_write(s, how, &out)) {
			for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++)
				if (strstr(out.p, bodies[b]))
					fail_msg("%s in weather %s tells \"%s\":\n%s", s->name,
						 how->name, bodies[b], out.p);
			scenario_free(read_back(s->name, &out));
		}
		scenario_free(s);
	}
	globfree(&files);
	outbuf_free(&out);
}

/* Frames go missing, change places, come twice and are cut. bent: room for twice as many. */
static size_t frames_bend(const struct frames *f, struct frame *bent, struct dice *dice)
{
	size_t n = 0;
	for (size_t k = 0; k < f->n; k++) {
		uint32_t roll = dice_roll(dice, 100);
		struct frame one = f->frame[k];
		if (roll < 15)
			continue;
		if (roll < 20)
			one.caplen = dice_roll(dice, one.caplen + 1);
		bent[n++] = one;
		if (roll >= 90)
			bent[n++] = one;
		if (roll >= 80 && roll < 90 && n > 1) {
			bent[n - 1] = bent[n - 2];
			bent[n - 2] = one;
		}
	}
	return n;
}

/* What is written of that is read and built, and tells nothing. */
static void survives_damage(void **state)
{
	struct dice dice = dice_new("damage", 18);
	glob_t files;
	struct outbuf out = {0};
	(void)state;
	assert_int_equal(glob("tests/scenarios/*.smtp", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct scenario *s = scenario_of(files.gl_pathv[i]);
		struct trace trace = build_trace(s);
		struct frames f = weather_frames(s, &trace, weathers, 1);
		struct frame *bent = calloc(2 * f.n + 1, sizeof *bent);
		assert_non_null(bent);
		size_t n = frames_bend(&f, bent, &dice);
		if (frames_write(config_of(s), bent, n, &out)) {
			struct scenario *again = read_back(s->name, &out);
			struct trace built = build_trace(again);
			if (strstr(out.p, "How are you") || strstr(out.p, "are you?"))
				fail_msg("%s, damaged, tells it:\n%s", s->name, out.p);
			trace_free(&built);
			scenario_free(again);
		}
		free(bent);
		frames_free(&f);
		trace_free(&trace);
		scenario_free(s);
	}
	globfree(&files);
	outbuf_free(&out);
}

/* What is too long is refused, and costs no more than what is kept. */
static void refuses_what_is_long(void **state)
{
	static const char *const texts[] = {"bulk C 4300000", "gap C 4300000"};
	struct outbuf out = {0};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[256], why[SCENARIO_WHY];
		snprintf(text, sizeof text,
			 "include ehlo mail rcpt data\n%s\nC: .\nS: 250 ok\nS! FIN\nexpect verdict "
			 "clean\n",
			 texts[i]);
		struct scenario *s = scenario_parse("long", text, why);
		assert_non_null(s);
		assert_false(scenario_write(s, weathers, &out));
		assert_int_equal(out.n, 1);
		scenario_free(s);
	}
	outbuf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios_come_back), cmocka_unit_test(captures_come_back),
		cmocka_unit_test(tells_no_secret),     cmocka_unit_test(tells_no_body),
		cmocka_unit_test(survives_damage),     cmocka_unit_test(refuses_what_is_long),
	};
	return cmocka_run_group_tests_name("ladder scenario", tests, NULL, NULL);
}
