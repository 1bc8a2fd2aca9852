/* transcript.c - the lines, and where they go. */
#include "damage/transcript.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A tab begins a new segment: so each line is the first of one now and then, and what is lost ends
 * before it. */
static const char *const lines[] = {
	"\tThis is what the log says:",
	"220 mx.example.com ESMTP",
	"\tEHLO out.example.org",
	"250-mx.example.com",
	"250 PIPELINING",
	"\tMAIL FROM:<c@example.org>",
	"RCPT TO:<d@example.com>",
	"250 2.1.0 Ok",
	"250 2.1.5 Ok",
	"\tDATA",
	"354 go ahead",
	"\tSubject: inner",
	"",
	"..",
	"\t221 2.0.0 closing",
	"QUIT",
	"\tBDAT 20 LAST",
	"RSET",
	"\tMAIL FROM:<e@example.org>",
	"\tQUIT",
	"421 4.4.2 timeout exceeded",
	"\tSTARTTLS",
	"454 4.7.0 TLS not available",
};

struct copy {
	struct step *steps;
	size_t n, capacity;
};

static void copy_add(struct copy *c, const struct step *step)
{
	if (c->n == c->capacity) {
		c->capacity = c->capacity ? 2 * c->capacity : 64;
		c->steps = realloc(c->steps, c->capacity * sizeof *c->steps);
		assert(c->steps);
	}
	c->steps[c->n++] = *step;
}

static void lines_add(struct copy *c, const struct step *before)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		bool begins = lines[i][0] == '\t';
		const char *text = lines[i] + begins;
		struct step step = {.kind = STEP_LINE,
				    .line = before->line,
				    .scene = before->scene,
				    .side = CLIENT,
				    .joined = !begins,
				    .n = strlen(text) + 2};
		step.data = malloc(step.n + 1);
		assert(step.data);
		memcpy(step.data, text, step.n - 2);
		memcpy(step.data + step.n - 2, "\r\n", 3);
		copy_add(c, &step);
	}
}

static bool says(const struct step *s, enum side side, const char *text)
{
	size_t n = strlen(text);
	return s->kind == STEP_LINE && s->side == side && s->n >= n &&
	       memcmp(s->data, text, n) == 0;
}

/* Content that begins a segment of its own. */
static bool is_body(const struct step *s)
{
	return (s->kind == STEP_LINE || s->kind == STEP_BULK) && s->side == CLIENT && !s->joined &&
	       !s->flags;
}

bool transcript_put(struct scenario *s)
{
	enum { NOTHING, ASKED, GRANTED } state[SCENARIO_SCENES] = {NOTHING};
	struct copy c = {0};
	bool any = false;
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];
		unsigned scene = step->scene;
		if (state[scene] == GRANTED && is_body(step)) {
			lines_add(&c, step);
			state[scene] = NOTHING;
			any = true;
		}
		if (says(step, CLIENT, "DATA\r\n"))
			state[scene] = ASKED;
		else if (state[scene] == ASKED && says(step, SERVER, "354"))
			state[scene] = GRANTED;
		copy_add(&c, step);
	}
	free(s->steps);
	s->steps = c.steps;
	s->n = c.n;
	return any;
}
