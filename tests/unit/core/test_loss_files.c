/*
 * test_loss_files.c - no alarm from our own blindness, on capture files: 1 % and 5 % of the packets
 * are taken out at random, and no session may be told worse of than it was told of whole.
 *
 * Arguments are captures; without any, all of pcaps/. SMTPWATCH_SEED is the first seed,
 * SMTPWATCH_ROUNDS how many rounds each capture gets at either rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/source.h"
#include "lib/segments.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 20, BATCH = 64 };

/* A capture in memory. */
struct capture {
	struct frame *frames;
	size_t n, capacity;
};

/* What was said of each pair of ends, at the worst. */
struct said {
	struct ip_addr addr[2];
	uint16_t port[2];
	enum severity severity;
	enum verdict verdict;
};

struct tally {
	struct said *all;
	size_t n, capacity;
};

static unsigned long judged;

static void capture_add(struct capture *c, const struct frame *f)
{
	if (c->n == c->capacity) {
		c->capacity = c->capacity ? 2 * c->capacity : 256;
		c->frames = realloc(c->frames, c->capacity * sizeof *c->frames);
		assert_non_null(c->frames);
	}
	uint8_t *data = malloc(f->caplen + 1);
	assert_non_null(data);
	memcpy(data, f->data, f->caplen);
	c->frames[c->n] = *f;
	c->frames[c->n++].data = data;
}

/* What can be read of a file; none where it is no capture. */
static struct capture capture_read(const char *path)
{
	struct capture c = {0};
	struct frame frames[BATCH];
	struct error why;
	bool usage;
	int n;
	struct source *s = source_open(path, NULL, &why, &usage);
	while (s && (n = source_read(s, frames, BATCH, &why)) > 0)
		for (int i = 0; i < n; i++)
			capture_add(&c, &frames[i]);
	if (s)
		source_close(s);
	return c;
}

static void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->n; i++)
		free((void *)(uintptr_t)c->frames[i].data);
	free(c->frames);
}

static struct said *said_of(struct tally *t, const struct conn *conn)
{
	for (size_t i = 0; i < t->n; i++)
		if (memcmp(t->all[i].addr, conn->addr, sizeof conn->addr) == 0 &&
		    memcmp(t->all[i].port, conn->port, sizeof conn->port) == 0)
			return &t->all[i];
	if (t->n == t->capacity) {
		t->capacity = t->capacity ? 2 * t->capacity : 64;
		t->all = realloc(t->all, t->capacity * sizeof *t->all);
		assert_non_null(t->all);
	}
	struct said *s = &t->all[t->n++];
	*s = (struct said){.verdict = VERDICT_UNKNOWN};
	memcpy(s->addr, conn->addr, sizeof s->addr);
	memcpy(s->port, conn->port, sizeof s->port);
	return s;
}

static void take(void *arg, const struct record *r)
{
	struct said *s = said_of(arg, r->conn);
	enum severity severity = verdict_row(r->judgement.verdict)->severity;
	if (severity >= s->severity) {
		s->severity = severity;
		s->verdict = r->judgement.verdict;
	}
}

/* Judges the frames, each of which is lost with this chance in a hundred. */
static struct tally judge(const struct capture *c, struct dice *dice, unsigned percent)
{
	struct tally t = {0};
	struct monitor_config config = monitor_config_default();
	config.stream.max_conns = 16384;
	monitor_config_port(&config, 2525, PORT_SMTP);
	monitor_config_port(&config, 465, PORT_TLS);
	config.session = take;
	config.arg = &t;
	struct monitor *m = monitor_new(&config);
	assert_non_null(m);
	for (size_t i = 0; i < c->n; i++)
		if (!percent || dice_roll(dice, 100) >= percent)
			monitor_frames(m, &c->frames[i], 1);
	monitor_finish(m);
	monitor_free(m);
	judged++;
	return t;
}

/* Sessions of which something worse is said than of the whole capture, and that would be told of. A
 * session that is only in the incomplete capture has a twin there under the other name. */
static unsigned wolves(const char *path, unsigned round, unsigned percent,
		       const struct tally *whole, const struct tally *now)
{
	unsigned n = 0;
	for (size_t i = 0; i < now->n; i++) {
		const struct said *s = &now->all[i];
		enum severity was = SEVERITY_NONE;
		for (size_t k = 0; k < whole->n; k++)
			if (memcmp(whole->all[k].addr, s->addr, sizeof s->addr) == 0 &&
			    memcmp(whole->all[k].port, s->port, sizeof s->port) == 0)
				was = whole->all[k].severity;
		if (s->severity < SEVERITY_NOTICE || s->severity <= was)
			continue;
		print_error("%s, round %u at %u %%, client port %u: %s\n", path, round, percent,
			    s->port[CLIENT], verdict_row(s->verdict)->id);
		n++;
	}
	return n;
}

static void capture_is_quiet(void **state)
{
	static const unsigned percents[] = {1, 5};
	const char *path = *state, *text = getenv("SMTPWATCH_ROUNDS");
	unsigned rounds = text ? (unsigned)strtoul(text, NULL, 10) : ROUNDS, wrong = 0;
	struct capture c = capture_read(path);
	struct dice dice = dice_new("loss_files", 1);
	struct tally whole = judge(&c, &dice, 0);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t p = 0; p < sizeof percents / sizeof *percents; p++) {
			struct tally now = judge(&c, &dice, percents[p]);
			wrong += wolves(path, r, percents[p], &whole, &now);
			free(now.all);
		}
	free(whole.all);
	capture_free(&c);
	assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
	glob_t found = {.gl_pathc = (size_t)argc - 1, .gl_pathv = argv + 1};
	if (argc == 1 && glob("pcaps/*.pcap*", 0, NULL, &found) != 0)
		return 1;
	struct CMUnitTest *tests = calloc(found.gl_pathc, sizeof *tests);
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){.name = found.gl_pathv[i],
					       .test_func = capture_is_quiet,
					       .initial_state = found.gl_pathv[i]};
	int failed = _cmocka_run_group_tests("loss_files", tests, found.gl_pathc, NULL, NULL);
	printf("%lu captures judged\n", judged);
	free(tests);
	if (argc == 1)
		globfree(&found);
	return failed;
}
