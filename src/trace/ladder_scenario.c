/* ladder_scenario.c - sessions as a scenario of tests/scenarios: their steps, and the expected
 * verdicts. */
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"
#include "trace/ladder_state.h"

#include "trace/scenario_steps.h"

#include <stdlib.h>

static const char *const kinds[] = {[PORT_SMTP] = "smtp", [PORT_TLS] = "tls", [PORT_LMTP] = "lmtp"};

/* Returns the index of the session's host among all different hosts of that side. The first client
 * is 192.0.2.10, the first server 198.51.100.25. */
static unsigned host_of(const struct ladder_scene *scenes, size_t at, enum side side)
{
	unsigned n = 0;
	for (size_t i = 0; i < at; i++) {
		bool before = false;
		if (ip_addr_equal(&scenes[i].ladder->addr[side], &scenes[at].ladder->addr[side]))
			return host_of(scenes, i, side);
		for (size_t k = 0; k < i; k++)
			before |= ip_addr_equal(&scenes[k].ladder->addr[side],
						&scenes[i].ladder->addr[side]);
		n += !before;
	}
	return n;
}

static void put_names(struct outbuf *b, const char *name, uint64_t bits, unsigned n,
		      const char *(*name_of)(unsigned bit))
{
	const char *between = "";
	if (bits == 0)
		return;
	outbuf_format(b, " %s ", name);
	for (unsigned bit = 0; bit < n; bit++)
		if (bits >> bit & 1) {
			outbuf_format(b, "%s%s", between, name_of(bit));
			between = ",";
		}
}

static const char *verdict_name(unsigned bit)
{
	return verdict_row((enum verdict)bit)->id;
}

static void put_fates(struct outbuf *b, const struct session_info *f)
{
	outbuf_str(b, f->first ? " fate " : " fate none");
	for (const struct transaction *t = f->first; t; t = t->next)
		outbuf_format(b, "%s%s", fate_name(t->fate), t->next ? "," : "");
}

/* Writes the expected record in the scenario language. */
static void put_expect(struct outbuf *b, const struct record *r)
{
	const struct ending *e = r->ending;
	outbuf_format(b, "expect verdict %s stage %s", verdict_row(r->judgement.verdict)->id,
		      stage_name(e->stage));
	put_fates(b, r->session);
	outbuf_format(b, " severity %s\n",
		      severity_name(verdict_severity(r->judgement.verdict, e)));
	outbuf_format(b, "expect closer %s how %s farewell %s starttls %s", closer_name(e->closer),
		      how_name(e->how), farewell_name(e->farewell),
		      starttls_name((enum starttls)r->session->starttls));
	put_names(b, "also", r->judgement.also, VERDICTS, verdict_name);
	put_names(b, "flaws", r->session->flaws, FLAWS, flaw_name);
	if (r->cause && (r->cause->id != CAUSE_UNEXPLAINED || r->cause->evidences > 0))
		outbuf_format(b, " cause %s", cause_row(r->cause->id)->id);
	outbuf_char(b, '\n');
}

static bool is_stamped(const struct recording *r)
{
	const struct recorded_packet *all;
	size_t n = recording_packets(r, &all);
	bool stamped[2] = {false, false};
	for (size_t i = 0; i < n; i++)
		if (!(all[i].flags & TCP_RST))
			stamped[all[i].side] |= all[i].stamped;
	return stamped[CLIENT] && stamped[SERVER];
}

/* Writes the client, server, port and kind where they differ from the default. */
static void put_ends(struct outbuf *b, const struct ladder_scene *scenes, size_t n, size_t i)
{
	const struct ladder *l = scenes[i].ladder;
	enum port_kind kind = scenes[i].record->session->lmtp ? PORT_LMTP : scenes[i].kind;
	if (n > 1) {
		outbuf_format(b, "session %zu\n", i + 1);
		outbuf_format(b, "client 192.0.2.%u:%u\n", 10 + host_of(scenes, i, CLIENT),
			      l->port[CLIENT]);
		outbuf_format(b, "server 198.51.100.%u:%u\n", 25 + host_of(scenes, i, SERVER),
			      l->port[SERVER]);
	} else if (l->port[SERVER] != 25) {
		outbuf_format(b, "port %u\n", l->port[SERVER]);
	}
	if (kind != PORT_SMTP)
		outbuf_format(b, "kind %s\n", kinds[kind]);
	if (is_stamped(l->recording))
		outbuf_str(b, "timestamps\n");
}

static const struct {
	unsigned change;
	const char *words;
} changes[] = {
	{CHANGE_SECRET, "AUTH's secrets, and what may be one"},
	{CHANGE_BODY, "the text of messages, by as many x's in the same lines"},
	{CHANGE_UNCLEAR, "bytes of which it is not known what they are, by x's"},
	{CHANGE_ENCRYPTED, "what is encrypted, by x's"},
};

/* Writes the comments at the top. */
static void put_head(struct outbuf *b, const struct ladder_scene *scenes, size_t n,
		     unsigned changed, uint64_t again)
{
	const struct record *r = scenes[0].record;
	outbuf_format(b, "# %s", verdict_words(r->judgement.verdict, r->ending).headline);
	if (n > 1)
		outbuf_format(b, "; and %zu more", n - 1);
	outbuf_str(b, "\n# written by smtpwatch from a capture; replaced: IP addresses");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (changed & changes[i].change)
			outbuf_format(b, "; %s", changes[i].words);
	outbuf_char(b, '\n');
	if (again > 0)
		outbuf_format(b, "# left out: %llu segment%s sent again that had arrived\n",
			      (unsigned long long)again, again == 1 ? "" : "s");
}

/* Returns how long the session was observed, if it was given up for want of an answer; else 0. */
static int64_t observed_until(const struct record *r)
{
	const struct ending *e = r->ending;
	return e->how == HOW_SILENCE || e->how == HOW_IDLE ? e->closed : 0;
}

/* Writes the steps of all sessions in the order of capture. */
static void put_steps(struct scenario_steps *steps, const struct ladder_scene *scenes, size_t n)
{
	for (;;) {
		struct scenario_steps *next = NULL;
		for (size_t i = 0; i < n; i++)
			if (!next || scenario_steps_next(&steps[i]) < scenario_steps_next(next))
				next = &steps[i];
		if (scenario_steps_next(next) == UINT64_MAX)
			break;
		scenario_steps_take(next);
	}
	for (size_t i = 0; i < n; i++)
		scenario_steps_end(&steps[i], observed_until(scenes[i].record));
}

/* Returns why the sessions cannot be a scenario, or NULL. */
static const char *refusal_of(const struct ladder_scene *scenes, size_t n)
{
	const struct recorded_packet *all;
	if (n == 0 || n > LADDER_SCENES)
		return "it has one session at least, and not too many";
	for (size_t i = 0; i < n; i++) {
		const struct recording *r = scenes[i].ladder->recording;
		if (scenes[i].record->session->tls_decrypted)
			return "a session was read with keys, which a scenario has not: leave "
			       "--keylog out";
		if (!r || recording_packets(r, &all) == 0)
			return "a session has no segments";
		if (r->full)
			return "a session is longer than 4 MB, or 50,000 segments";
	}
	return NULL;
}

bool ladder_scenario(struct outbuf *b, const struct ladder_scene *scenes, size_t n,
		     struct error *why)
{
	const char *refusal = refusal_of(scenes, n);
	struct scenario_steps *steps = refusal ? NULL : calloc(n, sizeof *steps);
	struct outbuf body = {0};
	struct scenario_writer w = {.b = &body, .several = n > 1};
	unsigned changed = 0;
	error_set(why, "%s", refusal ? refusal : "no memory");
	if (!steps)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct ladder *l = scenes[i].ladder;
		put_ends(&body, scenes, n, i);
		w.number = (unsigned)i + 1;
		scenario_steps_begin(&steps[i], &w, l->recording, w.number, l->clean, l->arg);
		changed |= steps[i].side[CLIENT].text.changes | steps[i].side[SERVER].text.changes;
	}
	put_steps(steps, scenes, n);
	for (size_t i = 0; i < n; i++) {
		if (n > 1)
			outbuf_format(&body, "session %zu\n", i + 1);
		put_expect(&body, scenes[i].record);
		scenario_steps_free(&steps[i]);
	}
	put_head(b, scenes, n, changed, w.again);
	outbuf_bytes(b, body.p, body.n);
	b->failed |= body.failed;
	outbuf_free(&body);
	free(steps);
	return true;
}
