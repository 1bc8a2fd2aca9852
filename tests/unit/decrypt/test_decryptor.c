/*
 * test_decryptor.c - the scenarios, moved into TLS by OpenSSL itself: with the keys, the same must
 * be said of them as in clear; without, nothing.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/tls/suite.h"
#include "decrypt/decryptor.h"
#include "lib/build.h"
#include "lib/tls_scenario.h"
#include "lib/weather.h"
#include "smtpwatch/verdict.h"

/* BULK: what bodies are made of that are to be longer than what is kept. */
enum { SESSIONS = 16, WORDS = 200, BULK = 4 * DECRYPTOR_QUEUE_MAX };

/* When the key log is written. */
enum keys { KEYS_BEFORE, KEYS_HALFWAY, KEYS_NEVER, KEYS_WRONG };

/* What was said of the sessions of a capture, in the order in which they ended. */
struct said {
	unsigned n;
	struct {
		enum verdict verdict;
		char words[WORDS];
		char more[WORDS]; /* what a dialogue before TLS changes */
		bool decrypted, hello, close_notify[2];
		uint16_t version;
		char suite[64], sni[64], alpn[16];
	} one[SESSIONS];
};

static void string_copy(const struct session_info *f, enum string_tag tag, char *out, size_t n)
{
	struct bytes text = strings_find(&f->strings, tag).text;
	snprintf(out, n, "%.*s", (int)text.n, text.p ? (const char *)text.p : "");
}

static void take(void *arg, const struct record *r)
{
	struct said *said = arg;
	assert_true(said->n < SESSIONS);
	const struct session_info *f = r->session;
	const struct ending *e = r->ending;
	char fates[64] = "";
	for (const struct transaction *t = f->first; t && strlen(fates) < 40; t = t->next)
		snprintf(fates + strlen(fates), sizeof fates - strlen(fates), " %s/%u/%u",
			 fate_name(t->fate), t->rcpt_count, (unsigned)t->bytes);
	char *words = said->one[said->n].words, *more = said->one[said->n].more;
	snprintf(words, WORDS, "%s also %llx %s %s %s %s fates%s last %u",
		 verdict_row(r->judgement.verdict)->id, (unsigned long long)r->judgement.also,
		 e->farewell == FAREWELL_NONE ? "" : farewell_name(e->farewell),
		 closer_name(e->closer), how_name(e->how), stage_name(e->stage), fates,
		 f->last_code);
	snprintf(more, WORDS, "%u commands %u replies flaws %x extensions %x", f->commands,
		 f->replies, f->flaws, f->extensions);
	said->one[said->n].verdict = r->judgement.verdict;
	said->one[said->n].decrypted = f->tls_decrypted;
	said->one[said->n].version = f->tls_version;
	said->one[said->n].close_notify[CLIENT] = f->tls_close_notify[CLIENT];
	said->one[said->n].close_notify[SERVER] = f->tls_close_notify[SERVER];
	const struct tls_suite *suite = tls_suite_find(f->tls_suite);
	snprintf(said->one[said->n].suite, sizeof said->one[0].suite, "%s",
		 suite ? suite->name : "");
	string_copy(f, STRING_TLS_NAME, said->one[said->n].sni, sizeof said->one[0].sni);
	string_copy(f, STRING_TLS_PROTOCOL, said->one[said->n].alpn, sizeof said->one[0].alpn);
	said->n++;
}

static void keys_wrong(struct keylog *k)
{
	struct bytes right = tls_talk_keys();
	char *wrong = malloc(right.n);
	memcpy(wrong, right.p, right.n);
	for (size_t i = 1; i < right.n; i++)
		if (wrong[i] == '\n')
			wrong[i - 1] = wrong[i - 1] == '0' ? '1' : '0';
	keylog_add(k, bytes_of(wrong, right.n));
	free(wrong);
}

/* Through the whole core. lost: index of a frame that the capture misses; SIZE_MAX: none. */
static struct said judge(const struct scenario *s, const char *weather, enum keys keys, size_t lost)
{
	struct said said = {0};
	struct monitor_config config = monitor_config_default();
	struct trace trace = build_trace(s);
	struct frames f = weather_frames(s, &trace, weather_find(weather), 1);
	struct keylog *k = keylog_new(SESSIONS);
	struct tls_decryptor *decryptor = decryptor_new(k, false);
	assert_non_null(decryptor);
	for (unsigned i = 0; i < s->scenes; i++)
		monitor_config_port(&config, s->scene[i].port[SERVER], s->scene[i].kind);
	config.session = take;
	config.arg = &said;
	config.decryptor = decryptor;
	config.stream.max_conns = 64;
	struct monitor *m = monitor_new(&config);
	char log[] = "/tmp/smtpwatch-keys-XXXXXX";
	int fd = mkstemp(log);
	assert_true(fd >= 0);
	keylog_read(k, open(log, O_RDONLY));
	if (keys == KEYS_BEFORE)
		keylog_add(k, tls_talk_keys());
	if (keys == KEYS_WRONG)
		keys_wrong(k);
	for (size_t i = 0; i < f.n; i++) {
		if (keys == KEYS_HALFWAY && i == f.n / 2)
			assert_int_equal(write(fd, tls_talk_keys().p, tls_talk_keys().n),
					 tls_talk_keys().n);
		if (i != lost)
			monitor_frames(m, &f.frame[i], 1);
	}
	monitor_finish(m);
	monitor_free(m);
	decryptor_free(decryptor);
	keylog_free(k);
	close(fd);
	unlink(log);
	frames_free(&f);
	trace_free(&trace);
	return said;
}

static struct scenario *load(const char *path)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(path, why);
	if (!s)
		fail_msg("%s", why);
	return s;
}

static struct scenario *load_named(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "tests/scenarios/%s.smtp", name);
	return load(path);
}

struct variant {
	const struct tls_way *way;
	enum tls_begin begin;
	unsigned extra;
	const char *weather;
	enum keys keys;
};

/* What happens before EHLO happens before STARTTLS too, and there it is the scenario in clear. */
static bool before_ehlo(const struct said *said)
{
	for (unsigned i = 0; i < said->n; i++)
		if (strstr(said->one[i].words, " CONNECT "))
			return true;
	return false;
}

/* True: it was compared. */
static bool same_as_in_clear(const char *path, const struct variant *v, unsigned *bad)
{
	struct scenario *s = load(path);
	struct said clear = judge(s, "fair", KEYS_NEVER, SIZE_MAX);
	tls_talk_keys_forget();
	bool sealed = !(v->begin == TLS_STARTTLS && before_ehlo(&clear)) &&
		      tls_scenario_seal(s, v->way, v->begin, v->extra);
	struct said inside = sealed ? judge(s, v->weather, v->keys, SIZE_MAX) : clear;
	bool same = clear.n == inside.n;
	for (unsigned i = 0; i < clear.n && same; i++)
		same = strcmp(clear.one[i].words, inside.one[i].words) == 0 &&
		       (v->begin == TLS_STARTTLS ||
			strcmp(clear.one[i].more, inside.one[i].more) == 0);
	for (unsigned i = 0; i < clear.n && i < inside.n && !same; i++)
		print_message("# %s by %s, %s:\n#   clear  %s %s\n#   inside %s %s\n", path,
			      v->way->name, v->weather, clear.one[i].words, clear.one[i].more,
			      inside.one[i].words, inside.one[i].more);
	*bad += !same;
	scenario_free(s);
	return sealed;
}

/* Dialogues that TLS changes: what they are about stands before it, or is the first bytes of a
 * connection. */
static bool about_beginnings(const char *path)
{
	static const char *const names[] = {"/proxy",     "/trap-19",          "/foreign",
					    "/encrypted", "/cause-not-smtp",   "/like-not-smtp",
					    "starttls",   "/real-exim-gnutls", "/cause-tls",
					    "/like-tls",  "/clean-masked",     "/tls-"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strstr(path, names[i]))
			return true;
	return false;
}

static void all_scenarios(const struct variant *v, size_t least)
{
	glob_t found;
	size_t compared = 0;
	unsigned bad = 0;
	assert_int_equal(glob("tests/scenarios/*.smtp", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!about_beginnings(found.gl_pathv[i]))
			compared += same_as_in_clear(found.gl_pathv[i], v, &bad);
	globfree(&found);
	print_message("# %zu scenarios were compared\n", compared);
	assert_int_equal(bad, 0);
	assert_true(compared >= least);
}

static const struct tls_way *way(const char *name)
{
	const struct tls_way *w = tls_ways;
	while (w->name && strcmp(w->name, name) != 0)
		w++;
	assert_non_null(w->name);
	return w;
}

static void every_scenario_in_tls_13(void **state)
{
	(void)state;
	all_scenarios(&(struct variant){way("TLS_AES_256_GCM_SHA384"), TLS_FIRST_BYTE, 0, "fair",
					KEYS_BEFORE},
		      300);
}

static void every_scenario_behind_starttls(void **state)
{
	(void)state;
	all_scenarios(&(struct variant){way("ECDHE-RSA-AES128-GCM-SHA256"), TLS_STARTTLS, 0, "fair",
					KEYS_BEFORE},
		      300);
}

static const char *const few[] = {"clean",       "221-for-message", "drop-dot",     "drop-body",
				  "421-in-body", "clean-pipelined", "clean-several"};
enum { FEW = sizeof few / sizeof *few };

static void few_compared(const struct variant *v)
{
	unsigned bad = 0;
	for (size_t i = 0; i < FEW; i++) {
		char path[128];
		snprintf(path, sizeof path, "tests/scenarios/%s.smtp", few[i]);
		assert_true(same_as_in_clear(path, v, &bad));
	}
	assert_int_equal(bad, 0);
}

static void every_suite(void **state)
{
	(void)state;
	for (const struct tls_way *w = tls_ways; w->name; w++)
		few_compared(&(struct variant){w, TLS_STARTTLS, 0, "fair", KEYS_BEFORE});
}

/* One of each kind of keys and records. */
static const char *const kinds[] = {"TLS_AES_128_GCM_SHA256",   "TLS_CHACHA20_POLY1305_SHA256",
				    "TLS_AES_128_CCM_8_SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
				    "DHE-RSA-AES128-CCM",       "ECDHE-RSA-CHACHA20-POLY1305",
				    "ECDHE-RSA-AES128-SHA",     "ECDHE-RSA-AES256-SHA384"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void records_cut_anywhere(void **state)
{
	static const char *const how[] = {"bytes", "cut", "coalesced", "reordered", "storm"};
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < sizeof how / sizeof *how; i++)
			few_compared(&(struct variant){way(kinds[k]), TLS_FIRST_BYTE, 0, how[i],
						       KEYS_BEFORE});
}

static void a_byte_a_record_and_what_happens_beside(void **state)
{
	static const unsigned extras[] = {TLS_ONE_RECORD_A_BYTE, TLS_KEY_UPDATES, TLS_RESUMED,
					  TLS_RESUMED | TLS_KEY_UPDATES};
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
			few_compared(&(struct variant){way(kinds[k]), TLS_STARTTLS, extras[i],
						       "fair", KEYS_BEFORE});
}

/* In all of them less than what is kept has come by then. */
static void keys_that_come_late(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		few_compared(
			&(struct variant){way(kinds[k]), TLS_STARTTLS, 0, "fair", KEYS_HALFWAY});
		few_compared(&(struct variant){way(kinds[k]), TLS_FIRST_BYTE, TLS_KEY_UPDATES,
					       "fair", KEYS_HALFWAY});
	}
}

static struct said encrypted_run(const char *name, const struct variant *v, size_t lost)
{
	struct scenario *s = load_named(name);
	tls_talk_keys_forget();
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].kind == STEP_BULK)
			s->steps[i].number = BULK;
	assert_true(tls_scenario_seal(s, v->way, v->begin, v->extra));
	struct said said = judge(s, v->weather, v->keys, lost);
	scenario_free(s);
	return said;
}

/* Nothing that was said inside is known: what is concluded bears a name of its own, and accuses no
 * server of what went well. */
static bool concluded(const char *name, enum verdict v)
{
	bool good = strncmp(name, "clean", 5) == 0;
	return v == VERDICT_ENCRYPTED ||
	       (verdict_inferred(v) && !(good && v == VERDICT_TLS_BROKEN_OFF));
}

static void without_keys_nothing_is_read(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < FEW; i++)
			for (enum keys keys = KEYS_NEVER; keys <= KEYS_WRONG; keys++) {
				struct variant v = {way(kinds[k]), TLS_STARTTLS, 0, "fair", keys};
				struct said with = encrypted_run(few[i], &v, SIZE_MAX);
				assert_int_equal(with.n, 1);
				assert_false(with.one[0].decrypted);
				assert_true(concluded(few[i], with.one[0].verdict));
				assert_string_equal(with.one[0].suite, v.way->name);
			}
}

/* One frame after the other is missing: what is said then must be true, or nothing. */
static void holes(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t lost = 8; lost < 50; lost++) {
			struct variant v = {way(kinds[k]), TLS_STARTTLS, 0, "fair", KEYS_BEFORE};
			struct said said = encrypted_run("clean-several", &v, lost);
			for (unsigned i = 0; i < said.n; i++)
				if (said.one[i].verdict != VERDICT_CLEAN &&
				    said.one[i].verdict != VERDICT_ENCRYPTED &&
				    said.one[i].verdict != VERDICT_UNKNOWN)
					fail_msg("%s, frame %zu: %s", kinds[k], lost,
						 said.one[i].words);
			said = encrypted_run("221-for-message", &v, lost);
			for (unsigned i = 0; i < said.n; i++)
				if (said.one[i].verdict != VERDICT_221_FOR_MESSAGE &&
				    said.one[i].verdict != VERDICT_ENCRYPTED &&
				    said.one[i].verdict != VERDICT_UNKNOWN)
					fail_msg("%s, frame %zu: %s", kinds[k], lost,
						 said.one[i].words);
		}
}

/* A 421 is the server's farewell if nothing came behind it: of a hole there nobody knows, be it of
 * the server's bytes or the client's FIN. */
static void a_421_before_a_hole(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct variant v = {way(kinds[k]), TLS_FIRST_BYTE, TLS_NOTIFIED, "fair",
				    KEYS_BEFORE};
		for (size_t lost = 8; lost < 24; lost++) {
			struct said said = encrypted_run("421-client-closes", &v, lost);
			for (unsigned i = 0; i < said.n; i++)
				if (said.one[i].verdict != VERDICT_CLIENT_NO_QUIT &&
				    said.one[i].verdict != VERDICT_ENCRYPTED &&
				    said.one[i].verdict != VERDICT_UNKNOWN &&
				    !verdict_inferred(said.one[i].verdict))
					fail_msg("%s, frame %zu: %s", kinds[k], lost,
						 said.one[i].words);
		}
		assert_int_equal(encrypted_run("421-in-body", &v, SIZE_MAX).one[0].verdict,
				 VERDICT_421_IN_MESSAGE);
	}
}

static void after_a_renegotiation_nothing_is_said(void **state)
{
	(void)state;
	struct variant v = {way("ECDHE-RSA-AES128-GCM-SHA256"), TLS_STARTTLS, TLS_RENEGOTIATED,
			    "fair", KEYS_BEFORE};
	struct said said = encrypted_run("clean", &v, SIZE_MAX);
	assert_int_equal(said.n, 1);
	assert_int_equal(said.one[0].verdict, VERDICT_ENCRYPTED);
	assert_false(said.one[0].decrypted);
}

static void a_second_hello(void **state)
{
	static const struct tls_way retry = {"TLS_AES_128_GCM_SHA256", true, false, false, true};
	(void)state;
	few_compared(&(struct variant){&retry, TLS_STARTTLS, 0, "bytes", KEYS_BEFORE});
	few_compared(&(struct variant){&retry, TLS_STARTTLS, 0, "fair", KEYS_HALFWAY});
}

/* Who closed is who closed TLS. */
static void close_notify_before_the_fin(void **state)
{
	static const char *const names[] = {"drop-dot", "drop-body", "client-drop-ehlo",
					    "client-drop-in-body", "client-no-quit"};
	unsigned bad = 0;
	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			char path[128];
			snprintf(path, sizeof path, "tests/scenarios/%s.smtp", names[i]);
			struct variant v = {way(kinds[k]), TLS_STARTTLS, TLS_NOTIFIED, "fair",
					    KEYS_BEFORE};
			assert_true(same_as_in_clear(path, &v, &bad));
		}
	assert_int_equal(bad, 0);
}

/* What the server refused is nothing that was said; what it took is, and the log's early secret is
 * not used. */
static void early_data(void **state)
{
	(void)state;
	struct variant v = {way("TLS_AES_128_GCM_SHA256"), TLS_FIRST_BYTE,
			    TLS_RESUMED | TLS_EARLY_REFUSED, "fair", KEYS_BEFORE};
	few_compared(&v);
	v.extra = TLS_RESUMED | TLS_EARLY_TAKEN;
	for (size_t i = 0; i < FEW; i++) {
		struct said said = encrypted_run(few[i], &v, SIZE_MAX);
		assert_int_equal(said.n, 1);
		assert_false(said.one[0].decrypted);
		assert_int_equal(said.one[0].verdict, VERDICT_ENCRYPTED);
	}
}

static void keys_that_come_too_late(void **state)
{
	(void)state;
	for (size_t k = 0; k < KINDS; k++) {
		struct variant v = {way(kinds[k]), TLS_STARTTLS, 0, "fair", KEYS_HALFWAY};
		struct said said = encrypted_run("clean-big", &v, SIZE_MAX);
		assert_int_equal(said.n, 1);
		assert_int_equal(said.one[0].verdict, VERDICT_ENCRYPTED);
		v.keys = KEYS_BEFORE;
		said = encrypted_run("clean-big", &v, SIZE_MAX);
		assert_int_equal(said.one[0].verdict, VERDICT_CLEAN);
	}
}

static void what_the_hellos_tell(void **state)
{
	(void)state;
	for (const struct tls_way *w = tls_ways; w->name; w++) {
		struct said said = encrypted_run(
			"clean", &(struct variant){w, TLS_STARTTLS, 0, "fair", KEYS_BEFORE},
			SIZE_MAX);
		assert_int_equal(said.n, 1);
		assert_true(said.one[0].decrypted);
		assert_int_equal(said.one[0].version, w->tls13 ? 0x0304 : 0x0303);
		assert_string_equal(said.one[0].suite, w->name);
		assert_string_equal(said.one[0].sni, "mx.example.net");
		assert_string_equal(said.one[0].alpn, "smtp");
	}
}

/* One of each version, and CBC. */
static const char *const long_kinds[] = {"TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
					 "ECDHE-RSA-AES128-SHA"};
enum { LONG_KINDS = sizeof long_kinds / sizeof *long_kinds };

/* A key share of X25519MLKEM768 takes the hello's second half, with the names in it, into another
 * segment. */
static void a_hello_of_two_segments(void **state)
{
	static const char *const how[] = {"fair",      "bytes",      "cut",           "coalesced",
					  "reordered", "duplicated", "retransmitted", "storm"};
	(void)state;
	for (size_t k = 0; k < LONG_KINDS; k++) {
		for (size_t i = 0; i < sizeof how / sizeof *how; i++)
			for (enum tls_begin begin = TLS_FIRST_BYTE; begin <= TLS_STARTTLS; begin++)
				few_compared(&(struct variant){way(long_kinds[k]), begin,
							       TLS_LONG_HELLO, how[i],
							       KEYS_BEFORE});
		few_compared(&(struct variant){way(long_kinds[k]), TLS_STARTTLS,
					       TLS_LONG_HELLO | TLS_RESUMED, "cut", KEYS_BEFORE});
		few_compared(&(struct variant){way(long_kinds[k]), TLS_STARTTLS, TLS_LONG_HELLO,
					       "fair", KEYS_HALFWAY});
	}
	static const struct tls_way retry = {"TLS_AES_128_GCM_SHA256", true, false, false, true};
	few_compared(&(struct variant){&retry, TLS_STARTTLS, TLS_LONG_HELLO, "cut", KEYS_BEFORE});
}

/*
 * What happens to a hello that is cut in two, a letter each: 1, 2: its parts; s: the next two
 * segments are captured the other way round; d: the next one is captured twice; n: the next one
 * never arrives; r: it is sent again; l: the capture misses the next one; c: the capture has only
 * the first ten bytes of what follows; w: it has all of it again.
 */
static const struct damage {
	const char *script;
	bool hole; /* bytes of the hello are not in the capture */
} damages[] = {{"12", false},   {"s12", false},  {"d12", false}, {"1d2", false},
	       {"1n2r", false}, {"n12r", false}, {"12r", false}, {"1l2", true},
	       {"l12", true},   {"1c2w", true},  {"c1w2", true}, {"l1l2", true}};
enum { DAMAGES = sizeof damages / sizeof *damages, PLAIN_HEADERS = 54 };

static struct step damage_step(const struct step *hello, size_t at, char what)
{
	static const enum step_kind kinds_of[128] = {
		['s'] = STEP_SWAP,       ['d'] = STEP_DUP,  ['n'] = STEP_NO_ACK, ['l'] = STEP_LOSE,
		['r'] = STEP_RETRANSMIT, ['c'] = STEP_SNAP, ['w'] = STEP_SNAP};
	struct step step = {.kind = kinds_of[(unsigned char)what],
			    .line = hello->line,
			    .scene = hello->scene,
			    .side = CLIENT};
	step.number = what == 'c' ? PLAIN_HEADERS + 10 : what == 'w' ? 0 : 1;
	if (what != '1' && what != '2')
		return step;
	step = *hello;
	step.data += what == '2' ? at : 0;
	step.n = what == '2' ? hello->n - at : at;
	return step;
}

/* The index of the client's hello among the steps. */
static size_t hello_find(const struct scenario *s)
{
	size_t i = 0;
	while (i < s->n && !(s->steps[i].side == CLIENT && s->steps[i].n > 2 &&
			     memcmp(s->steps[i].data, "\x16\3\1", 3) == 0))
		i++;
	assert_true(i < s->n);
	return i;
}

static struct said damaged_run(struct scenario *s, size_t at, const char *script, enum keys keys)
{
	size_t hello = hello_find(s), n = s->n, k = hello;
	struct step *whole = s->steps, *steps = calloc(n + strlen(script), sizeof *steps);
	assert_non_null(steps);
	memcpy(steps, whole, hello * sizeof *steps);
	for (; *script; script++)
		steps[k++] = damage_step(&whole[hello], at, *script);
	memcpy(steps + k, whole + hello + 1, (n - hello - 1) * sizeof *steps);
	s->steps = steps;
	s->n = k + n - hello - 1;
	struct said said = judge(s, "fair", keys, SIZE_MAX);
	s->steps = whole;
	s->n = n;
	free(steps);
	return said;
}

static bool same_or_empty(const char *said, const char *whole)
{
	return !*said || strcmp(said, whole) == 0;
}

/* What is there in some order must be read as ever. Of what is missing nothing may be made up, and
 * no server is accused for it. */
static void damage_check(const char *name, const struct damage *d, size_t at,
			 const struct said *whole, const struct said *said)
{
	bool good = said->n == 1;
	if (!d->hole)
		good = good && strcmp(said->one[0].words, whole->one[0].words) == 0 &&
		       strcmp(said->one[0].sni, whole->one[0].sni) == 0 &&
		       strcmp(said->one[0].alpn, whole->one[0].alpn) == 0 &&
		       strcmp(said->one[0].suite, whole->one[0].suite) == 0 &&
		       said->one[0].decrypted == whole->one[0].decrypted;
	else
		good = good &&
		       (said->one[0].verdict == whole->one[0].verdict ||
			said->one[0].verdict == VERDICT_UNKNOWN ||
			concluded(name, said->one[0].verdict)) &&
		       same_or_empty(said->one[0].sni, whole->one[0].sni) &&
		       same_or_empty(said->one[0].alpn, whole->one[0].alpn);
	if (!good)
		fail_msg("%s, cut at %zu, %s: %s %s %s, whole: %s", name, at, d->script,
			 said->one[0].words, said->one[0].sni, said->one[0].alpn,
			 whole->one[0].words);
}

static void long_hello_damaged(const char *name, const char *suite, enum keys keys)
{
	struct scenario *s = load_named(name);
	tls_talk_keys_forget();
	assert_true(tls_scenario_seal(s, way(suite), TLS_STARTTLS, TLS_LONG_HELLO));
	size_t n = s->steps[hello_find(s)].n;
	assert_in_range(n, 1461, 2000);
	struct said whole = judge(s, "fair", keys, SIZE_MAX);
	assert_int_equal(whole.n, 1);
	assert_true(whole.one[0].decrypted == (keys == KEYS_BEFORE));
	assert_string_equal(whole.one[0].sni, "mx.example.net");
	assert_string_equal(whole.one[0].alpn, "smtp");
	for (size_t at = 1; at < n; at += at < 12 || at > n - 12 ? 1 : 53)
		for (size_t i = 0; i < DAMAGES; i++) {
			struct said said = damaged_run(s, at, damages[i].script, keys);
			damage_check(name, &damages[i], at, &whole, &said);
		}
	scenario_free(s);
}

static void a_hello_of_two_segments_damaged(void **state)
{
	static const char *const names[] = {"clean", "221-for-message", "drop-body"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (size_t k = 0; k < LONG_KINDS; k++) {
			long_hello_damaged(names[i], long_kinds[k], KEYS_BEFORE);
			long_hello_damaged(names[i], long_kinds[k], KEYS_NEVER);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scenario_in_tls_13),
		cmocka_unit_test(every_scenario_behind_starttls),
		cmocka_unit_test(every_suite),
		cmocka_unit_test(records_cut_anywhere),
		cmocka_unit_test(a_byte_a_record_and_what_happens_beside),
		cmocka_unit_test(keys_that_come_late),
		cmocka_unit_test(without_keys_nothing_is_read),
		cmocka_unit_test(holes),
		cmocka_unit_test(a_421_before_a_hole),
		cmocka_unit_test(after_a_renegotiation_nothing_is_said),
		cmocka_unit_test(a_second_hello),
		cmocka_unit_test(close_notify_before_the_fin),
		cmocka_unit_test(early_data),
		cmocka_unit_test(keys_that_come_too_late),
		cmocka_unit_test(what_the_hellos_tell),
		cmocka_unit_test(a_hello_of_two_segments),
		cmocka_unit_test(a_hello_of_two_segments_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
