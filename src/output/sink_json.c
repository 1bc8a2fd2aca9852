/* sink_json.c - one JSON object a line: sessions, alerts, and at the end the statistics. docs/schema.json describes it. */
#include "output/counters.h"
#include "output/json.h"
#include "output/outfile.h"
#include "output/sink.h"

#include <stdio.h>
#include <stdlib.h>

struct sink_json {
	struct outfile out;
	struct json json;
};

static void *json_open(const char *target, char why[SINK_WHY])
{
	struct sink_json *s = calloc(1, sizeof(*s));

	snprintf(why, SINK_WHY, "no memory for JSON output, or no SHA-1 in the crypto library");
	if (s == NULL)
		return NULL;
	s->json.b = &s->out.buf;
	s->json.digest = digest_new();
	if (s->json.digest == NULL || !outfile_open(&s->out, target != NULL ? target : "-", why)) {
		digest_free(s->json.digest);
		free(s);
		return NULL;
	}
	return s;
}

static void event_begin(struct json *j, int64_t ts, const char *type)
{
	outbuf_str(j->b, "{\"timestamp\":");
	json_time(j, ts);
	json_key(j, "event_type");
	json_word(j, type);
}

/* EVE counts severities the other way round: 1 is the worst. */
static unsigned eve_severity(enum severity s)
{
	return s >= SEVERITY_NOTICE ? 1 + SEVERITY_CRITICAL - s : 4;
}

static void put_alert(struct json *j, const struct report *r, unsigned signature)
{
	const struct verdict_row *row = signature_row(signature);

	json_key(j, "alert");
	outbuf_char(j->b, '{');
	json_key(j, "signature");
	json_word(j, row->id); /* and not the headline: rules are written against it, and it is never reworded */
	json_key(j, "category");
	json_string(j, bytes_str(row->category));
	json_key(j, "severity");
	json_number(j, eve_severity(report_severity(r, signature)));
	outbuf_char(j->b, '}');
}

/* The members from..to of the session's line, once more, in an alert's. */
static void repeat_members(struct outbuf *b, size_t from, size_t to)
{
	char *at = outbuf_room(b, to - from);

	if (at == NULL)
		return;
	memcpy(at, b->p + from, to - from);
	b->n += to - from;
}

/* An alert is the session's line once more, because whoever reads only alerts must find everything in it. A session may be several. */
static bool json_record(void *self, const struct report *r)
{
	struct sink_json *s = self;
	struct json *j = &s->json;
	const struct json_view view = {.report = r};
	size_t from, to;

	event_begin(j, r->record.end, "session");
	from = j->b->n;
	json_members(j, json_session_rows, &view);
	json_members(j, json_net_rows, &view);
	to = j->b->n;
	outbuf_str(j->b, "}\n");
	for (uint64_t left = r->raised; left != 0; left &= left - 1) {
		event_begin(j, r->record.end, "alert");
		repeat_members(j->b, from, to);
		put_alert(j, r, (unsigned)__builtin_ctzll(left));
		outbuf_str(j->b, "}\n");
	}
	return outfile_put(&s->out);
}

static void put_tally(struct json *j, const char *name, const uint64_t *counts, unsigned n, const char *(*label)(unsigned))
{
	json_key(j, name);
	outbuf_char(j->b, '{');
	for (unsigned i = 0; i < n; i++) {
		json_key(j, label(i));
		json_number(j, counts[i]);
	}
	outbuf_char(j->b, '}');
}

/* Groups are told from the rows: an object begins where the group changes. */
static void put_counters(struct json *j, const struct monitor_stats *core, bool live)
{
	const char *group = NULL;

	for (size_t i = 0; i < counters_n; i++) {
		const struct counter *c = &counters[i];

		if (!live && strcmp(c->group, "memory") == 0)
			continue;
		if (group == NULL || strcmp(group, c->group) != 0) {
			outbuf_str(j->b, group != NULL ? "}" : "");
			json_key(j, c->group);
			outbuf_char(j->b, '{');
			group = c->group;
		}
		json_key(j, counter_name(c));
		json_number(j, counter_value(c, core));
	}
	outbuf_char(j->b, '}');
}

static const char *verdict_label(unsigned v)
{
	return verdict_row((enum verdict)v)->id;
}

static const char *aside_label(unsigned i)
{
	return signature_row(VERDICTS + i)->id;
}

static const char *severity_label(unsigned s)
{
	return severity_name((enum severity)(SEVERITY_INFO + s));
}

static const char *fate_label(unsigned f)
{
	return fate_name((enum fate)(FATE_ACCEPTED + f));
}

/* Every counter, also those that are 0: a dashboard that has never seen a name cannot ask for it. */
static bool json_stats(void *self, const struct summary *sum)
{
	struct sink_json *s = self;
	struct json *j = &s->json;
	const struct totals *t = sum->totals;

	event_begin(j, sum->last, "stats");
	json_key(j, "sessions");
	json_number(j, t->sessions);
	json_key(j, "alerts");
	json_number(j, t->alerts);
	put_tally(j, "severities", t->alert_severity + SEVERITY_INFO, SEVERITIES - SEVERITY_INFO, severity_label);
	json_key(j, "grouped");
	json_number(j, t->grouped);
	put_tally(j, "verdicts", t->signatures, VERDICTS, verdict_label);
	put_tally(j, "asides", t->signatures + VERDICTS, SIGNATURES - VERDICTS, aside_label);
	put_tally(j, "fates", t->fates + FATE_ACCEPTED, FATES - FATE_ACCEPTED, fate_label);
	put_counters(j, sum->core, sum->live);
	outbuf_str(j->b, "}\n");
	return outfile_put(&s->out);
}

static bool json_flush(void *self)
{
	struct sink_json *s = self;

	return outfile_flush(&s->out);
}

static bool json_close(void *self)
{
	struct sink_json *s = self;
	bool whole = outfile_close(&s->out);

	digest_free(s->json.digest);
	free(s);
	return whole;
}

const struct sink_kind sink_json = {
	.name = "json",
	.help = "one JSON object a line for each session, each alert, and the statistics at the end",
	.open = json_open,
	.record = json_record,
	.stats = json_stats,
	.flush = json_flush,
	.close = json_close,
};
