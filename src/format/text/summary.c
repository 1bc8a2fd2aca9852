/* summary.c - the summary at the end of a run. */
#include "format/text/fate.h"
#include "format/text/text.h"
#include "policy/alert_kind.h"
#include "stats/counters.h"
#include "stats/tls_share.h"

enum { SERVERS_SHOWN = 10, DOMAINS_SHOWN = 10 };

static uint64_t packets_of(const struct monitor_stats *core, enum packet_kind kind)
{
	return core->kinds[kind];
}

/* No packet came. Tells why: the capture has none, or could not be read, or the filter is to blame.
 */
static void put_no_packet(struct text *t, const struct summary *s)
{
	size_t from = t->b->n;
	outbuf_str(t->b, !s->broken         ? "No packet in "
			 : s->filtered == 0 ? "No packet could be read from "
					    : "No packet that could be read from ");
	escape_text(t->b, bytes_str(s->inputs));
	if (s->filtered > 0) {
		outbuf_str(t->b, " passed the filter, which left out ");
		text_count(t, s->filtered, "packet");
	}
	outbuf_str(t->b, ".");
	text_wrap(t, from, 2);
}

/* No session was found. The usual reasons are a wrong port or a wrong file, and the numbers show
 * which. */
static void put_nothing(struct text *t, const struct summary *s)
{
	size_t from = t->b->n;
	if (s->core->frames == 0) {
		put_no_packet(t, s);
		return;
	}
	outbuf_str(t->b, "No SMTP session on ports ");
	outbuf_str(t->b, s->ports);
	outbuf_str(t->b, " in ");
	escape_text(t->b, bytes_str(s->inputs));
	outbuf_str(t->b, ": ");
	text_count(t, s->core->frames, "packet");
	outbuf_str(t->b, ", of which ");
	outbuf_grouped(t->b, packets_of(s->core, PACKET_UNWATCHED));
	outbuf_str(t->b, " TCP on other ports.");
	text_wrap(t, from, 2);
	if (!text_undecoded(t, s) || packets_of(s->core, PACKET_UNWATCHED) > 0)
		outbuf_str(t->b, "The option -p sets the ports; --check-ports finds them.\n");
}

/* Writes "fine" only if every session could be judged. */
static void put_no_alert(struct text *t, const struct totals *totals)
{
	size_t from = t->b->n;
	uint64_t unknown = totals->alert_kinds[VERDICT_UNKNOWN],
		 hidden = totals->alert_kinds[VERDICT_ENCRYPTED];
	if (unknown + hidden == 0) {
		outbuf_str(t->b,
			   totals->suppressed > 0
				   ? "No other session ended in a way that calls for an alert.\n"
				   : "Everything fine: no session ended in a way that calls for an "
				     "alert.\n");
		return;
	}
	outbuf_str(t->b, "No alert, but not everything could be judged: of ");
	text_count(t, totals->sessions, "session");
	outbuf_format(t->b, " the ending of %llu is unknown, and %llu ended in TLS, unread.",
		      (unsigned long long)unknown, (unsigned long long)hidden);
	text_wrap(t, from, 2);
}

static void put_alert_kind(struct text *t, const struct summary *s, unsigned kind)
{
	const struct verdict_row *row = alert_kind_row(kind);
	size_t from = t->b->n;
	outbuf_str(t->b, "  ");
	text_severity(t, (enum severity)s->totals->worst[kind], false, 10);
	outbuf_format(t->b, "%-24s ", row->id);
	outbuf_format(t->b, "%8llu  %s", (unsigned long long)s->totals->alert_kinds[kind],
		      row->headline);
	text_wrap(t, from, 47);
}

/* Writes the kinds first to end - 1 that occurred, worst first; within one severity in the order of
 * the catalogue. */
static void put_alert_kinds(struct text *t, const struct summary *s, const char *title,
			    unsigned first, unsigned end)
{
	for (unsigned severity = SEVERITIES; severity-- > 0;)
		for (unsigned i = first; i < end; i++) {
			if (s->totals->alert_kinds[i] == 0 || s->totals->worst[i] != severity)
				continue;
			outbuf_str(t->b, title);
			put_alert_kind(t, s, i);
			title = "";
		}
}

/* The label is written with the first number, so that a run without messages gets no line. */
static void put_messages(struct text *t, const struct totals *totals)
{
	const char *between = "Messages: ";
	size_t from = t->b->n;
	for (unsigned f = FATE_ACCEPTED; f < FATES; f++) {
		if (totals->fates[f] == 0)
			continue;
		outbuf_str(t->b, between);
		outbuf_grouped(t->b, totals->fates[f]);
		outbuf_char(t->b, ' ');
		outbuf_str(t->b, fate_tally((enum fate)f));
		between = ", ";
	}
	if (t->b->n == from)
		return;
	outbuf_char(t->b, '.');
	text_wrap(t, from, 2);
}

/* Always: without it nobody knows how much of the mail was not seen at all. */
static void put_tls(struct text *t, const struct totals *totals)
{
	size_t from = t->b->n;
	tls_share_put(t->b, totals->sessions, totals->tls, totals->decrypted);
	outbuf_char(t->b, '.');
	text_wrap(t, from, 2);
}

static void put_server_counts(struct text *t, const struct server *one)
{
	uint64_t alerts = 0;
	for (unsigned s = 0; s < SEVERITIES; s++)
		alerts += one->alerts[s];
	text_count(t, one->sessions, "session");
	outbuf_str(t->b, ", ");
	text_count(t, alerts, "alert");
	outbuf_str(t->b, alerts > 0 ? ": " : "");
	text_by_severity(t, one->alerts);
	outbuf_char(t->b, '\n');
}

static void put_servers(struct text *t, const struct totals *totals)
{
	const struct server *worst[SERVERS_SHOWN], *others = servers_others(totals->servers);
	size_t n = servers_worst(totals->servers, worst, SERVERS_SHOWN);
	outbuf_str(t->b, n > 0 ? "Servers with the worst alerts:\n" : "");
	for (size_t i = 0; i < n; i++) {
		outbuf_str(t->b, "  ");
		text_endpoint(t, &worst[i]->addr, worst[i]->port);
		outbuf_format(t->b, worst[i]->name[0] != '\0' ? " (%s): " : ": ", worst[i]->name);
		put_server_counts(t, worst[i]);
	}
	if (others->sessions > 0) {
		outbuf_str(t->b, "  servers beyond the first 65,536, together: ");
		put_server_counts(t, others);
	}
}

static void put_domain(struct text *t, const struct domain *one)
{
	const char *between = ": ";
	size_t from = t->b->n;
	outbuf_str(t->b, "  ");
	escape_text(t->b, bytes_str(one->name));
	outbuf_str(t->b, ": ");
	text_count(t, one->traffic.sessions, "session");
	outbuf_str(t->b, ", ");
	text_count(t, one->traffic.alerts, "alert");
	outbuf_str(t->b, ", ");
	text_count(t, one->traffic.messages, "message");
	for (unsigned f = FATE_ACCEPTED; f < FATES; f++) {
		if (one->traffic.fates[f] == 0)
			continue;
		outbuf_str(t->b, between);
		outbuf_grouped(t->b, one->traffic.fates[f]);
		outbuf_format(t->b, " %s", fate_name((enum fate)f));
		between = ", ";
	}
	if (one->traffic.answers > 0) {
		outbuf_str(t->b, "; answered after ");
		outbuf_seconds(t->b, traffic_delay(&one->traffic));
		outbuf_str(t->b, " s on average");
	}
	outbuf_char(t->b, '.');
	text_wrap(t, from, 4);
}

/* Of a single domain all that is above tells as much. */
static void put_domains(struct text *t, const struct summary *s)
{
	const struct domain *top[DOMAINS_SHOWN];
	size_t n = s->domains ? domains_top(s->domains, top, DOMAINS_SHOWN) : 0;
	if (n < 2)
		return;
	outbuf_str(t->b, "Recipient domains with the most messages:\n");
	for (size_t i = 0; i < n; i++)
		put_domain(t, top[i]);
}

/* Of a single hour the same. */
static void put_hours(struct text *t, const struct totals *totals)
{
	const char *between = stamp_is_local() ? "Sessions by hour of the day (local time): "
					       : "Sessions by hour of the day (UTC): ";
	size_t from = t->b->n;
	unsigned hours = 0;
	for (unsigned hour = 0; hour < TRAFFIC_HOURS; hour++)
		hours += traffic_told(&totals->hours)[hour].sessions > 0;
	for (unsigned hour = 0; hour < TRAFFIC_HOURS && hours > 1; hour++) {
		const struct traffic *one = &traffic_told(&totals->hours)[hour];
		if (one->sessions == 0)
			continue;
		outbuf_format(t->b, "%s%02u h ", between, hour);
		outbuf_grouped(t->b, one->sessions);
		if (one->alerts > 0) {
			outbuf_str(t->b, " (");
			text_count(t, one->alerts, "alert");
			outbuf_char(t->b, ')');
		}
		between = ", ";
	}
	if (t->b->n == from)
		return;
	outbuf_char(t->b, '.');
	text_wrap(t, from, 2);
}

static void put_capture(struct text *t, const struct summary *s)
{
	size_t from = t->b->n;
	outbuf_str(t->b, "Read from ");
	escape_text(t->b, bytes_str(s->inputs));
	outbuf_str(t->b, ": ");
	text_count(t, s->core->frames, "packet");
	outbuf_str(t->b, ", ");
	text_count(t, s->core->bytes, "byte");
	outbuf_str(t->b, "; ");
	outbuf_grouped(t->b, packets_of(s->core, PACKET_TCP));
	outbuf_str(t->b, " TCP on ports ");
	outbuf_str(t->b, s->ports);
	outbuf_str(t->b, ", ");
	outbuf_grouped(t->b, packets_of(s->core, PACKET_UNWATCHED));
	outbuf_str(t->b, " TCP on other ports.");
	text_wrap(t, from, 2);
}

/* Writes the counters above 0 that have words for people. trouble: those that may have kept a
 * session from being judged; else those that are only remarkable. */
static void put_counters(struct text *t, const struct monitor_stats *core, const char *title,
			 bool trouble)
{
	size_t from = t->b->n;
	const char *between = title;
	for (size_t i = 0; i < counters_n; i++) {
		uint64_t n = counter_value(&counters[i], core);
		if (!counters[i].words || counters[i].trouble != trouble || n == 0)
			continue;
		outbuf_str(t->b, between);
		outbuf_grouped(t->b, n);
		outbuf_char(t->b, ' ');
		outbuf_str(t->b, counters[i].words);
		between = "; ";
	}
	if (t->b->n == from)
		return;
	outbuf_char(t->b, '.');
	text_wrap(t, from, 2);
}

/* A rule that held nothing back is told once it has expired: it can be deleted. */
static void put_suppression(struct text *t, const struct summary *s)
{
	const struct suppression *all = s->suppression;
	const char *title = "Held back by the rules of --suppress, beside these alerts:\n";
	for (size_t i = 0; all && i < all->n; i++) {
		const struct suppression_rule *rule = &all->rules[i];
		bool expired = s->last >= rule->time.until;
		size_t from;
		if (rule->held == 0 && !expired)
			continue;
		outbuf_str(t->b, title);
		title = "";
		from = t->b->n;
		outbuf_format(t->b, "  rule of line %u, ", rule->line);
		text_count(t, rule->held, "alert");
		if (expired) {
			outbuf_str(t->b, ", expired ");
			stamp_plain(&t->stamp, t->b, rule->time.until);
		}
		outbuf_str(t->b, ": ");
		escape_text(t->b, bytes_str(rule->comment));
		text_wrap(t, from, 4);
	}
}

bool text_advice(struct text *t, const struct summary *s, unsigned which)
{
	const struct {
		uint64_t n;
		const char *noun, *words;
	} all[TEXT_ADVICES] = {
		{s->totals->cut, "session",
		 " had packets that were cut short: capture whole packets (tcpdump -s 0)."},
		{s->totals->one_way, "session",
		 " was captured in one direction only: mirror both directions, or capture on the "
		 "server itself."},
		{s->core->capture.dropped + s->core->capture.dropped_by_interface, "packet",
		 " was lost while capturing: give the capture a larger buffer (tcpdump -B, here "
		 "--buffer)."},
	};
	const char *words = all[which].words;
	if (all[which].n == 0)
		return false;
	text_count(t, all[which].n, all[which].noun);
	if (all[which].n > 1 && strncmp(words, " was", 4) == 0) {
		outbuf_str(t->b, " were");
		words += 4;
	}
	outbuf_str(t->b, words);
	return true;
}

static void put_advices(struct text *t, const struct summary *s)
{
	for (unsigned i = 0; i < TEXT_ADVICES; i++) {
		size_t from = t->b->n;
		if (text_advice(t, s, i))
			text_wrap(t, from, 2);
	}
}

static void put_tally(struct text *t, const struct summary *s)
{
	text_count(t, s->totals->sessions, "session");
	outbuf_str(t->b, ", ");
	text_count(t, s->totals->alerts, "alert");
	outbuf_str(t->b, s->totals->alerts > 0 ? ": " : "");
	text_by_severity(t, s->totals->alert_severity);
	outbuf_str(t->b, ".\n");
	if (s->totals->grouped > 0) {
		text_count(t, s->totals->grouped, "further session");
		outbuf_str(t->b, " ended in the same events, and raised no alerts of their own.\n");
	}
	put_suppression(t, s);
	if (s->totals->alerts == 0)
		put_no_alert(t, s->totals);
	put_alert_kinds(t, s, "Sessions by their ending:\n", 0, VERDICTS);
	put_alert_kinds(t, s, "Beside their ending:\n", VERDICTS, ALERT_KINDS);
	put_messages(t, s->totals);
	put_tls(t, s->totals);
	put_servers(t, s->totals);
	put_domains(t, s);
	put_hours(t, s->totals);
	put_capture(t, s);
	text_undecoded(t, s);
}

void text_summary(struct text *t, const struct summary *s)
{
	if (s->stopped)
		outbuf_format(t->b, "Stopped%s; sessions that were open are unfinished.\n",
			      s->live ? "" : " by a signal before the end of the input");
	if (s->totals->sessions == 0)
		put_nothing(t, s);
	else
		put_tally(t, s);
	put_counters(t, s->core, "Seen as well: ", false);
	put_counters(t, s->core, "Beware: ", true);
	put_advices(t, s);
}
