/* sample.c - makes the facts of a sample, and holds the cause that is found against it. */
#include "lib/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/segments.h"
#include "lib/within.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"

static void side_complete(struct conn_side *s, const struct conn_side *given)
{
	*s = *given;
	s->packets = given->packets ? given->packets : 12;
	if (given->ttl_high == 0)
		s->ttl = s->ttl_low = s->ttl_high = 57;
}

static void flow_complete(struct conn_flow *flow, const struct conn_flow *given, uint64_t bytes)
{
	*flow = *given;
	flow->bytes = given->bytes ? given->bytes : bytes;
}

static void string(struct sample_input *f, enum string_tag tag, const char *text)
{
	if (text)
		strings_set(&f->session.strings, f->pool, tag, 0, bytes_str(text));
}

void sample_take(struct sample_input *f, const struct sample *p)
{
	f->ending = p->e;
	f->ending.connected = true;
	f->session = p->s;
	f->hints = p->hints;
	f->conn = (struct conn){.start = 1000 * S, .port = {40000, 25}};
	for (enum side side = CLIENT; side <= SERVER && !p->v6; side++)
		memset(f->conn.addr[side].b + 10, 0xff, 2);
	f->conn.side = f->sides;
	side_complete(&f->sides[CLIENT], &p->client);
	side_complete(&f->sides[SERVER], &p->server);
	flow_complete(&f->conn.flow[CLIENT], &p->client_flow, p->mute ? 0 : 300);
	flow_complete(&f->conn.flow[SERVER], &p->server_flow, p->s.replies ? 200 : 0);
	string(f, STRING_REPLY, p->reply);
	string(f, STRING_BANNER, p->banner);
	string(f, STRING_NOT_SMTP, p->foreign);
	f->judgement = verdict_judge(&f->ending);
	f->all = (struct cause_input){&f->conn,   &f->session,
				      &f->ending, &f->judgement,
				      &f->hints,  1000 * S + (p->life ? p->life : 40 * S),
				      NULL};
}

/* Sentences are short, printable, and complete. */
static void assert_sane(const struct cause *c, const char *name)
{
	assert_true(c->id < CAUSES && c->confidence <= CONFIDENCE_CERTAIN &&
		    c->evidences <= CAUSE_EVIDENCE);
	for (unsigned i = 0; i < c->evidences; i++) {
		size_t n = strnlen(c->evidence[i], CAUSE_EVIDENCE_TEXT);
		if (n < 10 || n >= CAUSE_EVIDENCE_TEXT - 1)
			fail_msg("%s: of %zu bytes: %.*s", name, n, CAUSE_EVIDENCE_TEXT,
				 c->evidence[i]);
		for (size_t at = 0; at < n; at++)
			assert_within(c->evidence[i][at], ' ', '~');
	}
}

void sample_check(const struct sample *p)
{
	struct sample_input f = {.pool = pool_new((size_t)16 << 20)};
	struct cause c;
	sample_take(&f, p);
	cause_find(&f.all, &c);
	assert_sane(&c, p->name);
	const char *last = c.evidences ? c.evidence[c.evidences - 1] : "";
	if (c.id != p->cause || c.confidence != p->confidence || !strstr(last, p->evidence) ||
	    (!*p->evidence && *last))
		fail_msg("%s (%s): %s, %s: \"%s\", not %s, %s: \"%s\"", p->name,
			 verdict_row(f.judgement.verdict)->id, cause_row(c.id)->id,
			 confidence_name(c.confidence), last, cause_row(p->cause)->id,
			 confidence_name(p->confidence), p->evidence);
	pool_free(f.pool);
}

void samples_check(struct sample_list list)
{
	for (size_t i = 0; i < list.n; i++)
		sample_check(&list.samples[i]);
}

void samples_cover(const struct sample_list *lists, size_t n, enum cause_id first,
		   enum cause_id last)
{
	unsigned seen[CAUSES] = {0};
	for (size_t l = 0; l < n; l++)
		for (size_t i = 0; i < lists[l].n; i++)
			seen[lists[l].samples[i].cause]++;
	for (enum cause_id id = first; id <= last; id++)
		if (seen[id] == 0)
			fail_msg("%s has no sample", cause_row(id)->id);
}

static const struct sample *sample_any(struct dice *d, const struct sample_list *lists, size_t n)
{
	const struct sample_list *l = &lists[dice_roll(d, (uint32_t)n)];
	return &l->samples[dice_roll(d, (uint32_t)l->n)];
}

static void mixed_check(const struct sample_input *f, const char *name)
{
	struct cause c, again;
	cause_find(&f->all, &c);
	cause_find(&f->all, &again);
	assert_sane(&c, name);
	assert_int_equal(c.id, again.id);
	assert_int_equal(c.evidences, again.evidences);
	for (unsigned e = 0; e < c.evidences; e++) {
		assert_string_equal(c.evidence[e], again.evidence[e]);
		assert_null(strstr(c.evidence[e], "EVIL"));
	}
}

void samples_mix(const char *test, const struct sample_list *lists, size_t n)
{
	struct dice d = dice_new(test, 20261123);
	struct sample_input f = {.pool = pool_new((size_t)16 << 20)};
	for (unsigned i = 0; i < 30000; i++) {
		struct sample p = *sample_any(&d, lists, n);
		p.e = sample_any(&d, lists, n)->e;
		p.client = sample_any(&d, lists, n)->client;
		p.server = sample_any(&d, lists, n)->server;
		p.hints = sample_any(&d, lists, n)->hints;
		p.life = sample_any(&d, lists, n)->life;
		char reply[200], foreign[64];
		const char *text = sample_any(&d, lists, n)->reply,
			   *line = sample_any(&d, lists, n)->foreign;
		snprintf(reply, sizeof reply, "EVIL\x1b[2J %s \xff\xfe", text ? text : "");
		snprintf(foreign, sizeof foreign, "%s EVIL\x1b[2J", line ? line : "");
		p.reply = reply;
		p.foreign = foreign;
		sample_take(&f, &p);
		mixed_check(&f, p.name);
		strings_free(&f.session.strings, f.pool);
	}
	assert_int_equal(pool_used(f.pool), 0);
	pool_free(f.pool);
}
