/* event.c - the events: their first members, and what they add to the members of a session. */
#include "format/json/event.h"

#include "format/session_id.h"
#include "format/text/text.h"
#include "policy/alert_kind.h"
#include "stats/counters.h"

#include <inttypes.h>
#include <stdio.h>

enum { SERVERS_SHOWN = 10, DOMAINS_SHOWN = 20 };

static_assert((int)JSON_LINES == 2 + ALERT_KINDS - VERDICTS, "one for each extra alert");

/* What every record begins with. */
#define EVENT_BEGIN(j, ts, type, id) event_begin(j, ts, ",\"event_type\":\"" type "\",\"id\":", id)

static void event_begin(struct json *j, int64_t ts, const char *type_and_key, const char *id)
{
	outbuf_str(j->b, "{\"timestamp\":");
	json_time(j, ts);
	outbuf_str(j->b, type_and_key);
	json_word(j, id);
}

/* The id of what is about no session: the type and the time. */
#define GENERAL_BEGIN(j, ts, type, gateway)                                                        \
	do {                                                                                       \
		char id_[sizeof type + 17];                                                        \
		snprintf(id_, sizeof id_, type "-%016" PRIx64, (uint64_t)(ts));                    \
		EVENT_BEGIN(j, ts, type, id_);                                                     \
		put_origin(j, gateway);                                                            \
	} while (0)

static void put_origin(struct json *j, const char *gateway)
{
	json_key(j, "gateway");
	json_word(j, gateway);
	json_key(j, "schema_version");
	json_number(j, SCHEMA_VERSION);
}

/* Session id, and behind it what the id of an alert adds. */
struct ids {
	char session[IDENTITY_SESSION], alert[IDENTITY_SESSION + 64];
};

static void ids_begin(struct json *j, const struct report *r, struct ids *ids)
{
	identity_session(j->digest, r->record.conn, ids->session);
	memcpy(ids->alert, ids->session, sizeof ids->session);
}

static const char *alert_id(struct ids *ids, unsigned kind, const struct throttle_repeat *sum)
{
	identity_alert(ids->alert + IDENTITY_SESSION - 1, sizeof ids->alert - IDENTITY_SESSION + 1,
		       kind, sum);
	return ids->alert;
}

/* Suricata's EVE counts severities downwards: 1 is the worst. */
static unsigned eve_severity(enum severity s)
{
	return s >= SEVERITY_NOTICE ? 1 + SEVERITY_CRITICAL - s : 4;
}

static void put_sum(struct json *j, const struct throttle_repeat *sum)
{
	json_key(j, "repeated");
	outbuf_str(j->b, "{\"count\":");
	json_number(j, sum->count);
	json_key(j, "since");
	json_time(j, sum->since);
	json_key(j, "worst");
	json_word(j, severity_name(sum->worst));
	json_key(j, "sessions_hour");
	json_number(j, sum->hour.sessions);
	json_key(j, "alerts_hour");
	json_number(j, sum->hour.alerts);
	outbuf_char(j->b, '}');
}

/* Writes the member "alert" and ends the line. sum: NULL if the alert is no sum. */
static void alert_end(struct json *j, const struct report *r, unsigned kind,
		      const struct throttle_repeat *sum)
{
	const struct verdict_row *row = alert_kind_row(kind);
	json_key(j, "alert");
	outbuf_char(j->b, '{');
	json_key(j, "signature");
	json_word(j, row->id); /* Not the headline: operators write rules against the id, which
				  never changes. */
	json_key(j, "category");
	json_string(j, bytes_str(row->category));
	json_key(j, "severity");
	json_number(j, eve_severity(sum ? sum->worst : report_severity(r, kind)));
	if (sum)
		put_sum(j, sum);
	outbuf_str(j->b, "}}\n");
}

static void put_session(struct json *j, const struct report *r, const struct ids *ids)
{
	struct field_view view = {.report = r, .digest = j->digest, .session_id = ids->session};
	json_session(j, &view);
}

/* Checks the bound JSON_LINE_MAX. */
static void line_end(struct json *j, size_t begin)
{
	assert(j->b->failed || j->b->n - begin <= JSON_LINE_MAX);
}

void json_event_session(struct json *j, const struct report *r)
{
	size_t begin = j->b->n;
	struct ids ids;
	ids_begin(j, r, &ids);
	EVENT_BEGIN(j, r->record.end, "session", ids.session);
	put_session(j, r, &ids);
	outbuf_str(j->b, "}\n");
	line_end(j, begin);
}

/* Copies the members of the event "session", bytes from to `to` of the buffer, into an alert. */
static void repeat_members(struct outbuf *b, size_t from, size_t to)
{
	char *at = outbuf_reserve(b, to - from);
	if (!at)
		return;
	memcpy(at, b->p + from, to - from);
	b->n += to - from;
}

void json_event_record(struct json *j, const struct report *r)
{
	size_t begin = j->b->n, from, to;
	struct ids ids;
	ids_begin(j, r, &ids);
	EVENT_BEGIN(j, r->record.end, "session", ids.session);
	from = j->b->n;
	put_session(j, r, &ids);
	to = j->b->n;
	outbuf_str(j->b, "}\n");
	line_end(j, begin);
	for (uint64_t left = r->raised; left != 0; left &= left - 1) {
		unsigned kind = (unsigned)__builtin_ctzll(left);
		begin = j->b->n;
		EVENT_BEGIN(j, r->record.end, "alert", alert_id(&ids, kind, NULL));
		repeat_members(j->b, from, to);
		alert_end(j, r, kind, NULL);
		line_end(j, begin);
	}
}

static void alert_put(struct json *j, const struct report *r, int64_t ts, unsigned kind,
		      const struct throttle_repeat *sum)
{
	size_t begin = j->b->n;
	struct ids ids;
	ids_begin(j, r, &ids);
	EVENT_BEGIN(j, ts, "alert", alert_id(&ids, kind, sum));
	put_session(j, r, &ids);
	alert_end(j, r, kind, sum);
	line_end(j, begin);
}

void json_event_alert(struct json *j, const struct report *r, unsigned kind)
{
	alert_put(j, r, r->record.end, kind, NULL);
}

void json_event_repeat(struct json *j, const struct throttle_repeat *sum)
{
	alert_put(j, sum->latest, sum->until, sum->kind, sum);
}

static void put_tally(struct json *j, const char *name, const uint64_t *counts, unsigned n,
		      const char *(*label)(unsigned))
{
	json_key(j, name);
	outbuf_char(j->b, '{');
	for (unsigned i = 0; i < n; i++) {
		json_key(j, label(i));
		json_number(j, counts[i]);
	}
	outbuf_char(j->b, '}');
}

/* Counters of one group are neighbours in the table: an object begins where the group changes. */
static void put_counters(struct json *j, const struct monitor_stats *core, bool live)
{
	const char *group = NULL;
	for (size_t i = 0; i < counters_n; i++) {
		const struct counter *c = &counters[i];
		if (!live && (strcmp(c->group, "memory") == 0 || strcmp(c->group, "pcap") == 0))
			continue;
		if (!group || strcmp(group, c->group) != 0) {
			outbuf_str(j->b, group ? "}" : "");
			json_key(j, c->group);
			outbuf_char(j->b, '{');
			group = c->group;
		}
		json_key(j, c->name);
		json_number(j, counter_value(c, core));
	}
	outbuf_char(j->b, '}');
}

static void put_undecoded_row(struct json *j, const struct undecoded_row *row)
{
	const char *name = undecoded_name(row->what);
	json_key(j, "kind");
	json_word(j, undecoded_space(row->what.space));
	json_key(j, "number");
	outbuf_char(j->b, '"');
	undecoded_number(j->b, row->what);
	outbuf_char(j->b, '"');
	if (name) {
		json_key(j, "name");
		json_word(j, name);
	}
	json_key(j, "packets");
	json_number(j, row->packets);
}

/* Writes nothing if all packets were decoded. */
static void put_undecoded(struct json *j, const struct undecoded *u)
{
	struct undecoded_row rows[UNDECODED_ROWS];
	size_t n = undecoded_sorted(u, rows);
	if (n == 0)
		return;
	json_key(j, "undecoded");
	outbuf_char(j->b, '[');
	for (size_t i = 0; i < n; i++) {
		json_comma(j);
		outbuf_char(j->b, '{');
		put_undecoded_row(j, &rows[i]);
		outbuf_char(j->b, '}');
	}
	if (u->others > 0) {
		json_comma(j);
		outbuf_str(j->b, "{\"kind\":\"others\"");
		json_key(j, "packets");
		json_number(j, u->others);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

static const char *verdict_label(unsigned v)
{
	return verdict_row((enum verdict)v)->id;
}

static const char *extra_label(unsigned i)
{
	return alert_kind_row(VERDICTS + i)->id;
}

static const char *severity_label(unsigned s)
{
	return severity_name((enum severity)(SEVERITY_INFO + s));
}

static const char *fate_label(unsigned f)
{
	return fate_name((enum fate)(FATE_ACCEPTED + f));
}

/* Sessions and alerts, in total and by kind. */
static void put_totals(struct json *j, const struct totals *t, bool live)
{
	json_key(j, "sessions");
	json_number(j, t->sessions);
	json_key(j, "alerts");
	json_number(j, t->alerts);
	if (live) {
		json_key(j, "folded");
		json_number(j, t->limited);
	}
	if (t->suppressed > 0) {
		json_key(j, "suppressed");
		json_number(j, t->suppressed);
	}
	put_tally(j, "severities", t->alert_severity + SEVERITY_INFO, SEVERITIES - SEVERITY_INFO,
		  severity_label);
	json_key(j, "grouped");
	json_number(j, t->grouped);
	put_tally(j, "verdicts", t->alert_kinds, VERDICTS, verdict_label);
	put_tally(j, "asides", t->alert_kinds + VERDICTS, ALERT_KINDS - VERDICTS, extra_label);
	put_tally(j, "fates", t->fates + FATE_ACCEPTED, FATES - FATE_ACCEPTED, fate_label);
}

/* With these numbers an operator sees whether the key log belongs to the traffic. */
static void put_tls(struct json *j, const struct summary *sum)
{
	json_key(j, "tls");
	outbuf_str(j->b, "{\"sessions\":");
	json_number(j, sum->totals->tls);
	json_key(j, "decrypted");
	json_number(j, sum->totals->decrypted);
	if (sum->keys) {
		json_key(j, "secrets");
		json_number(j, sum->secrets);
		json_key(j, "bad_key_lines");
		json_number(j, sum->bad_key_lines);
	}
	outbuf_char(j->b, '}');
}

static void put_outputs(struct json *j, const struct summary *sum)
{
	json_key(j, "outputs");
	outbuf_char(j->b, '[');
	for (size_t i = 0; i < sum->outputs_n; i++) {
		json_comma(j);
		outbuf_str(j->b, "{\"name\":");
		json_string(j, bytes_str(sum->outputs[i].name));
#define OUTPUT(member, help)                                                                       \
	json_key(j, #member);                                                                      \
	json_number(j, sum->outputs[i].member);
#include "stats/outputs.def"
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

static void put_traffic(struct json *j, const struct traffic *t)
{
	json_key(j, "sessions");
	json_number(j, t->sessions);
	json_key(j, "alerts");
	json_number(j, t->alerts);
	json_key(j, "messages");
	json_number(j, t->messages);
	put_tally(j, "fates", t->fates + FATE_ACCEPTED, FATES - FATE_ACCEPTED, fate_label);
	if (t->answers > 0) {
		json_key(j, "reply_delay");
		outbuf_seconds(j->b, traffic_delay(t));
	}
}

static void put_domain(struct json *j, const struct domain *one)
{
	json_comma(j);
	outbuf_str(j->b, "{\"domain\":");
	json_string(j, bytes_str(one->name));
	put_traffic(j, &one->traffic);
	if (one->missed > 0) {
		json_key(j, "missed");
		json_number(j, one->missed);
	}
	outbuf_char(j->b, '}');
}

/* The domains with the most messages, and the sum of all others. */
static void put_domains(struct json *j, const struct domains *d)
{
	const struct domain *top[DOMAINS_SHOWN];
	size_t n = domains_top(d, top, DOMAINS_SHOWN);
	struct traffic rest = domains_rest(d, top, n);
	json_key(j, "domains");
	outbuf_str(j->b, "{\"top\":[");
	for (size_t i = 0; i < n; i++)
		put_domain(j, top[i]);
	outbuf_char(j->b, ']');
	json_key(j, "rest");
	outbuf_char(j->b, '{');
	put_traffic(j, &rest);
	outbuf_char(j->b, '}');
	json_key(j, "without");
	outbuf_char(j->b, '{');
	put_traffic(j, domains_without(d));
	outbuf_char(j->b, '}');
	json_key(j, "omitted");
	json_number(j, domains_omitted(d));
	outbuf_char(j->b, '}');
}

/* Hours without a session are left out. */
static void put_hours(struct json *j, const struct totals *t)
{
	json_key(j, "hours");
	outbuf_char(j->b, '[');
	for (unsigned hour = 0; hour < TRAFFIC_HOURS; hour++) {
		if (t->hours.utc[hour].sessions == 0)
			continue;
		json_comma(j);
		outbuf_str(j->b, "{\"hour\":");
		json_number(j, hour);
		put_traffic(j, &t->hours.utc[hour]);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

/* Every rule, so that one that holds nothing back is seen as well. */
static void put_suppression(struct json *j, const struct summary *sum)
{
	const struct suppression *s = sum->suppression;
	json_key(j, "suppression");
	outbuf_char(j->b, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct suppression_rule *rule = &s->rules[i];
		json_comma(j);
		outbuf_str(j->b, "{\"line\":");
		json_number(j, rule->line);
		json_key(j, "comment");
		json_string(j, bytes_str(rule->comment));
		json_key(j, "held");
		json_number(j, rule->held);
		if (rule->time.until != SUPPRESSION_NEVER) {
			json_key(j, "until");
			json_time(j, rule->time.until);
			json_key(j, "expired");
			outbuf_str(j->b, sum->last >= rule->time.until ? "true" : "false");
		}
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

void json_event_stats(struct json *j, const struct summary *sum)
{
	GENERAL_BEGIN(j, sum->last, "stats", sum->alerting->gateway);
	put_totals(j, sum->totals, sum->live);
	put_hours(j, sum->totals);
	if (sum->domains)
		put_domains(j, sum->domains);
	if (sum->suppression)
		put_suppression(j, sum);
	put_tls(j, sum);
	put_counters(j, sum->core, sum->live);
	put_undecoded(j, &sum->core->undecoded);
	if (sum->live)
		put_outputs(j, sum);
	outbuf_str(j->b, "}\n");
}

static void put_server(struct json *j, const struct server *one)
{
	json_comma(j);
	outbuf_str(j->b, "{\"ip\":");
	json_addr(j, &one->addr);
	json_key(j, "port");
	json_number(j, one->port);
	if (one->name[0] != '\0') {
		json_key(j, "name");
		json_word(j, one->name);
	}
	json_key(j, "sessions");
	json_number(j, one->sessions);
	put_tally(j, "severities", one->alerts + SEVERITY_INFO, SEVERITIES - SEVERITY_INFO,
		  severity_label);
	outbuf_char(j->b, '}');
}

void json_event_daily(struct json *j, const struct daily *day)
{
	const struct server *worst[SERVERS_SHOWN];
	size_t n = servers_worst(day->totals.servers, worst, SERVERS_SHOWN);
	GENERAL_BEGIN(j, day->until, "digest", day->alerting->gateway);
	json_key(j, "since");
	json_time(j, day->since);
	put_totals(j, &day->totals, true);
	json_key(j, "servers");
	outbuf_char(j->b, '[');
	for (size_t i = 0; i < n; i++)
		put_server(j, worst[i]);
	outbuf_str(j->b, "]}\n");
}
