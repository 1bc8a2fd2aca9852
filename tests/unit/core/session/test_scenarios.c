/*
 * test_scenarios.c - each scenario in each weather: what is expected must be said of it, and the
 * same in all of them.
 *
 * Arguments are scenario files; without any, all of tests/scenarios (or of the folder in
 * SMTPWATCH_SCENARIOS). SMTPWATCH_SEED is the first seed, SMTPWATCH_ROUNDS how many are tried;
 * SMTPWATCH_SHOW prints what was said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/build.h"
#include "lib/weather.h"
#include "lib/within.h"
#include "nids/stream_nids.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIELD = 160, OUTCOMES = 32 };

/* What the monitor said of one session, in words. */
struct outcome {
	uint16_t port[2];
	char said[EXPECTS][FIELD];
};

struct outcomes {
	struct outcome o[OUTCOMES];
	unsigned n;
};

/* Adds a name to a list that is parted by commas. */
static void list_add(char *list, const char *name)
{
	size_t n = strlen(list);
	snprintf(list + n, FIELD - n, "%s%s", n ? "," : "", name);
}

static void list_number(char *list, uint64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, number);
	list_add(list, text);
}

static void say_message(struct outcome *o, const struct session_info *session,
			const struct transaction *t)
{
	struct bytes id = strings_find(&t->strings, STRING_QUEUE_ID).text;
	char text[64];
	list_add(o->said[EXPECT_FATE], fate_name(t->fate));
	list_number(o->said[EXPECT_BYTES], t->bytes);
	snprintf(text, sizeof text, "%.*s", (int)id.n, id.p ? (const char *)id.p : "");
	list_add(o->said[EXPECT_ID], id.p ? text : "-");
	snprintf(text, sizeof text, "%" PRIu32 "/%" PRIu32, t->lmtp_accepted, t->lmtp_answered);
	if (session->lmtp)
		list_add(o->said[EXPECT_LMTP], text);
	static const char *const taken[] = {
		[TAKEN_UNKNOWN] = "unknown", [TAKEN_NO] = "no", [TAKEN_YES] = "yes"};
	list_add(o->said[EXPECT_TAKEN], taken[t->taken]);
}

/* Whoever names a cause shows evidence for it. */
static void say_cause(struct outcome *o, const struct cause *c)
{
	assert_true(c->id < CAUSES && c->evidences <= CAUSE_EVIDENCE);
	assert_true(c->id == CAUSE_UNEXPLAINED || c->evidences > 0);
	for (unsigned i = 0; i < c->evidences; i++)
		assert_within(strnlen(c->evidence[i], CAUSE_EVIDENCE_TEXT), 1,
			      CAUSE_EVIDENCE_TEXT - 1);
	if (c->id == CAUSE_UNEXPLAINED && c->evidences == 0)
		return;
	list_add(o->said[EXPECT_CAUSE], cause_row(c->id)->id);
	list_add(o->said[EXPECT_CONFIDENCE], confidence_name(c->confidence));
}

static void say_proxied(struct outcome *o, const struct session_info *session)
{
	char addr[IP_ADDR_TEXT], text[64];
	snprintf(text, sizeof text, "%s:%u", ip_addr_text(&session->proxied, addr),
		 session->proxied_port);
	if (session->proxied_port)
		list_add(o->said[EXPECT_PROXIED], text);
}

static void say_lists(struct outcome *o, const struct record *r)
{
	for (const struct transaction *t = r->session->first; t; t = t->next)
		say_message(o, r->session, t);
	for (int v = 0; v < VERDICTS; v++)
		if (r->judgement.also >> v & 1)
			list_add(o->said[EXPECT_ALSO], verdict_row((enum verdict)v)->id);
	for (unsigned bit = 0; bit < FLAWS; bit++)
		if (r->session->flaws >> bit & 1)
			list_add(o->said[EXPECT_FLAWS], flaw_name(bit));
	for (int e = 0; e < EXPECTS; e++)
		if (!*o->said[e])
			list_add(o->said[e], "none");
}

static void say(void *arg, const struct record *r)
{
	struct outcomes *all = arg;
	assert_true(all->n < OUTCOMES);
	struct outcome *o = &all->o[all->n++];
	const struct ending *e = r->ending;
	const struct verdict_row *row = verdict_row(r->judgement.verdict);
	o->port[CLIENT] = r->conn->port[CLIENT];
	o->port[SERVER] = r->conn->port[SERVER];
	list_add(o->said[EXPECT_VERDICT], row->id);
	list_add(o->said[EXPECT_STAGE], stage_name(e->stage));
	list_add(o->said[EXPECT_SEVERITY],
		 severity_name(verdict_severity(r->judgement.verdict, e)));
	list_add(o->said[EXPECT_SEEN], seen_name(e->seen));
	list_add(o->said[EXPECT_CLOSER], closer_name(e->closer));
	list_add(o->said[EXPECT_HOW], how_name(e->how));
	list_add(o->said[EXPECT_FAREWELL], farewell_name(e->farewell));
	list_add(o->said[EXPECT_CERTAINTY],
		 confidence_name(verdict_confidence(r->judgement.verdict, e)));
	list_number(o->said[EXPECT_TOGETHER], r->together);
	list_add(o->said[EXPECT_STARTTLS], starttls_name(r->session->starttls));
	say_proxied(o, r->session);
	say_cause(o, r->cause);
	say_lists(o, r);
}

static void watch(const struct scenario *s, const struct frames *f, const struct weather *how,
		  struct outcomes *all)
{
	struct monitor_config config = monitor_config_default();
	for (unsigned i = 0; i < s->scenes; i++)
		monitor_config_port(&config, s->scene[i].port[SERVER], s->scene[i].kind);
	if (how->nids)
		config.engine = &stream_nids;
	config.stream.max_conns = 64; /* a monitor for each run: its tables need not be large */
	config.session = say;
	config.arg = all;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < f->n; i += how->batch)
		monitor_frames(m, f->frame + i, f->n - i < how->batch ? f->n - i : how->batch);
	monitor_finish(m);
	monitor_free(m);
}

/* The session's outcome: the first one between its ports that no earlier session has taken. A tuple
 * that is used again ends in the order in which it began. */
static const struct outcome *outcome_of(const struct outcomes *all, const struct scene *t,
					uint32_t *taken)
{
	for (unsigned i = 0; i < all->n; i++)
		if (!(*taken >> i & 1) && memcmp(all->o[i].port, t->port, sizeof t->port) == 0) {
			*taken |= UINT32_C(1) << i;
			return &all->o[i];
		}
	return NULL;
}

/* Whether one of the alternatives was said. */
static bool is_said(const char *want, const char *said)
{
	for (size_t n; *want; want += n + (want[n] != 0)) {
		n = strcspn(want, "|");
		if (strlen(said) == n && memcmp(want, said, n) == 0)
			return true;
	}
	return false;
}

/* Prints what is wrong with one session; true: nothing. */
static bool fits(const struct scene *t, const struct outcome *o)
{
	bool good = t->nothing ? !o : o != NULL;
	if (!good)
		print_error("  session %u: %s\n", t->number,
			    o ? o->said[EXPECT_VERDICT] : "nothing was reported");
	for (int e = 0; o && e < EXPECTS; e++)
		if (t->want[e] && !is_said(t->want[e], o->said[e])) {
			print_error("  session %u: %s: expected %s, got %s\n", t->number,
				    expect_name((enum expect)e), t->want[e], o->said[e]);
			good = false;
		}
	return good;
}

/* The same words as in fair weather. Where segments are sent again, a cause may be surer: there are
 * more signs of it. */
static bool alike(const struct scene *t, const struct outcome *fair, const struct outcome *o,
		  const struct weather *how)
{
	bool good = true;
	for (int e = 0; fair && o && e < EXPECTS; e++)
		if (strcmp(fair->said[e], o->said[e]) != 0 &&
		    !(e == EXPECT_CONFIDENCE && weather_repeats(how))) {
			print_error("  session %u: %s: %s in fair weather, here %s\n", t->number,
				    expect_name((enum expect)e), fair->said[e], o->said[e]);
			good = false;
		}
	return good;
}

static bool judge(const struct scenario *s, const struct outcomes *fair, const struct outcomes *all,
		  const struct weather *how)
{
	bool good = true;
	uint32_t taken = 0, taken_fair = 0;
	for (unsigned i = 0; i < s->scenes; i++) {
		const struct outcome *o = outcome_of(all, &s->scene[i], &taken);
		const struct outcome *of = outcome_of(fair, &s->scene[i], &taken_fair);
		good &= fits(&s->scene[i], o);
		/* libnids does not tell all that the native engine tells: of it, only what the
		 * scenario asks is compared. */
		good &= how->nids || alike(&s->scene[i], of, o, how);
	}
	for (unsigned i = 0; i < all->n; i++)
		if (!(taken >> i & 1)) {
			print_error("  a session that is not in the scenario, port %u: %s\n",
				    all->o[i].port[CLIENT], all->o[i].said[EXPECT_VERDICT]);
			good = false;
		}
	return good;
}

/* Leaves the frames of a failure where they can be looked at. */
static void leave_pcap(const struct scenario *s, const struct frames *f, const struct weather *how,
		       uint64_t seed)
{
	static char folder[256];
	char path[512];
	if (!*folder) {
		snprintf(folder, sizeof folder, "%s/smtpwatch-scenarios-XXXXXX",
			 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
		assert_non_null(mkdtemp(folder));
	}
	snprintf(path, sizeof path, "%s/%s-%s-%llu.pcap", folder, s->name, how->name,
		 (unsigned long long)seed);
	assert_true(frames_save(f, wrapping_find(how->wrapping)->link, path));
	print_error("%s in weather %s, seed %llu: frames in %s\n", s->name, how->name,
		    (unsigned long long)seed, path);
}

static bool run(const struct scenario *s, const struct trace *trace, const struct outcomes *fair,
		const struct weather *how, uint64_t seed)
{
	struct frames frames = weather_frames(s, trace, how, seed);
	struct outcomes all = {.n = 0};
	watch(s, &frames, how, &all);
	bool good = judge(s, fair ? fair : &all, &all, how);
	if (!good)
		leave_pcap(s, &frames, how, seed);
	frames_free(&frames);
	return good;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);
	return value ? strtoull(value, NULL, 0) : otherwise;
}

/* A weather that bars nothing is misspelt. Two are test_loss.c's. */
static void check_barred(const struct scenario *s)
{
	for (unsigned i = 0; i < s->barreds; i++)
		if (!weather_find(s->barred[i]) && strcmp(s->barred[i], "loss") != 0 &&
		    strcmp(s->barred[i], "again") != 0)
			fail_msg("%s: no such weather: %s", s->name, s->barred[i]);
}

/* With SMTPWATCH_SHOW in the environment: what was said, in the form of an expect line. */
static void show(const struct outcomes *all)
{
	for (unsigned i = 0; getenv("SMTPWATCH_SHOW") && i < all->n; i++) {
		print_message("expect");
		for (int e = 0; e < EXPECTS; e++)
			print_message(" %s %s", expect_name((enum expect)e), all->o[i].said[e]);
		print_message("\n");
	}
}

static struct outcomes fair_outcomes(const struct scenario *s, const struct trace *trace)
{
	struct frames frames = weather_frames(s, trace, weathers, 0);
	struct outcomes fair = {.n = 0};
	watch(s, &frames, weathers, &fair);
	frames_free(&frames);
	return fair;
}

static void test_scenario(void **state)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(*state, why);
	if (!s)
		fail_msg("%s", why);
	check_barred(s);
	struct trace trace = build_trace(s);
	struct outcomes fair = fair_outcomes(s, &trace);
	show(&fair);
	uint64_t first = setting("SMTPWATCH_SEED", 1), rounds = setting("SMTPWATCH_ROUNDS", 1);
	unsigned bad = 0;
	for (const struct weather *how = weathers; how->name; how++)
		for (uint64_t seed = first; seed < first + (how->turn[0] ? rounds : 1); seed++)
			bad += weather_suits(s, &trace, how) && !run(s, &trace, &fair, how, seed);
	trace_free(&trace);
	scenario_free(s);
	assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
	char pattern[512];
	glob_t found = {0};
	const char *folder = getenv("SMTPWATCH_SCENARIOS");
	snprintf(pattern, sizeof pattern, "%s/*.smtp", folder ? folder : "tests/scenarios");
	if (argc < 2 && glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "no scenarios: %s\n", pattern);
		return 1;
	}
	char **paths = argc < 2 ? found.gl_pathv : argv + 1;
	size_t n = argc < 2 ? found.gl_pathc : (size_t)argc - 1;
	struct CMUnitTest *tests = calloc(n, sizeof *tests);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){
			.name = paths[i], .test_func = test_scenario, .initial_state = paths[i]};
	int failed = _cmocka_run_group_tests("scenarios", tests, n, NULL, NULL);
	free(tests);
	globfree(&found);
	return failed;
}
