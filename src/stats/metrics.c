/* metrics.c - one function for each family of metrics, and the elements of the text format. */
#include "stats/metrics.h"

#include "base/ascii.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "stats/counters.h"
#include "stats/tls_share.h"
#include "text/escape.h"

#include "smtpwatch/frame.h"

#include <stdio.h>

/* The bounds range from 1 ms to the 10 minutes that a client must wait for the answer to a message
 * (RFC 5321 4.5.3.2.6). */
static const struct {
	int64_t bound;
	const char *label;
} buckets[METRICS_BUCKETS] = {
	{FRAME_MS, "0.001"},         {5 * FRAME_MS, "0.005"},       {25 * FRAME_MS, "0.025"},
	{100 * FRAME_MS, "0.1"},     {250 * FRAME_MS, "0.25"},      {500 * FRAME_MS, "0.5"},
	{FRAME_SECOND, "1"},         {5 * FRAME_SECOND / 2, "2.5"}, {5 * FRAME_SECOND, "5"},
	{10 * FRAME_SECOND, "10"},   {30 * FRAME_SECOND, "30"},     {60 * FRAME_SECOND, "60"},
	{120 * FRAME_SECOND, "120"}, {300 * FRAME_SECOND, "300"},   {600 * FRAME_SECOND, "600"},
};

const char *metrics_bound(unsigned bucket)
{
	return bucket < METRICS_BUCKETS ? buckets[bucket].label : "+Inf";
}

static void histogram_count(struct metrics_histogram *h, int64_t waited)
{
	unsigned i = 0;
	while (i < METRICS_BUCKETS && waited > buckets[i].bound)
		i++;
	h->buckets[i]++;
	h->sum += waited;
}

/* Counts each message whose end and answer were captured. */
static void count_acceptance(struct metrics *m, const struct session_info *info)
{
	for (const struct transaction *t = info->first; t; t = t->next)
		if (acceptance_wait(t) >= 0)
			histogram_count(&m->acceptance, acceptance_wait(t));
}

void metrics_count(struct metrics *m, const struct report *r)
{
	const struct record *record = &r->record;
	enum verdict v = record->judgement.verdict;
	m->alerting = r->alerting;
	m->sessions[v][r->role != ROLE_NONE ? r->role : ROLE_UNKNOWN]++;
	m->stages[v][record->ending->stage]++;
#define SUM(member, name, help, expression) m->member += (expression);
#include "stats/sums.def"
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1) {
		unsigned s = (unsigned)__builtin_ctzll(left);
		m->alerts[s][report_severity(r, s)]++;
	}
	for (unsigned f = 0; f < FATES; f++)
		m->fates[f] += record->session->fates[f];
	/* Without the SYN, the first packet of the session was not captured. */
	if (record->session->ts_banner >= record->conn->start && record->conn->flow[CLIENT].syn)
		histogram_count(&m->banner, record->session->ts_banner - record->conn->start);
	count_acceptance(m, record->session);
}

static void put_head(struct outbuf *b, const char *name, const char *type, const char *help)
{
	outbuf_format(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(struct outbuf *b, uint64_t v)
{
	outbuf_char(b, ' ');
	outbuf_number(b, v);
	outbuf_char(b, '\n');
}

/* Appends one sample. value, value2: constants of the program, which need no escapes. label2: NULL:
 * the sample has one label. */
static void put_sample(struct outbuf *b, const char *name, const char *label, const char *value,
		       const char *label2, const char *value2, uint64_t v)
{
	outbuf_format(b, "%s{%s=\"%s\"", name, label, value);
	if (label2)
		outbuf_format(b, ",%s=\"%s\"", label2, value2);
	outbuf_char(b, '}');
	put_value(b, v);
}

/* Appends each series from the start, also at 0: for a series that appears at 1, Prometheus sees no
 * increase. */
static void put_sessions(const struct metrics *m, struct outbuf *b)
{
	static const char name[] = "smtpwatch_sessions_total";
	put_head(b, name, "counter",
		 "Sessions by verdict, and by the side that the watched host was.");
	for (unsigned v = 0; v < VERDICTS; v++)
		for (unsigned r = ROLE_UNKNOWN; r < ROLES; r++)
			put_sample(b, name, "verdict", alert_kind_row(v)->id, "role",
				   role_name((enum role)r), m->sessions[v][r]);
}

static void put_stages(const struct metrics *m, struct outbuf *b)
{
	static const char name[] = "smtpwatch_session_stages_total";
	put_head(b, name, "counter", "Sessions by verdict and the stage at which they ended.");
	for (unsigned v = 0; v < VERDICTS; v++)
		for (unsigned s = 0; s < STAGES; s++)
			put_sample(b, name, "verdict", alert_kind_row(v)->id, "stage",
				   stage_name((enum stage)s), m->stages[v][s]);
}

/* Returns true if the series is printed: its count is above 0, or the kind has this severity now.
 */
static bool alert_shown(const struct metrics *m, unsigned kind, unsigned severity)
{
	unsigned now = m->alerting ? m->alerting->of[kind] : alert_kind_row(kind)->severity;
	return m->alerts[kind][severity] > 0 || severity == now;
}

static void put_alerts(const struct metrics *m, struct outbuf *b)
{
	static const char name[] = "smtpwatch_alerts_total";
	put_head(b, name, "counter",
		 "Alerts by what they are of and their severity, those told in sums included.");
	for (unsigned s = 0; s < ALERT_KINDS; s++)
		for (unsigned severity = SEVERITY_INFO; severity < SEVERITIES; severity++)
			if (alert_shown(m, s, severity))
				put_sample(b, name, "signature", alert_kind_row(s)->id, "severity",
					   severity_name((enum severity)severity),
					   m->alerts[s][severity]);
}

static void put_sum(struct outbuf *b, const char *name, const char *type, const char *help,
		    uint64_t v)
{
	put_head(b, name, type, help);
	outbuf_str(b, name);
	put_value(b, v);
}

static void put_fates(const struct metrics *m, struct outbuf *b)
{
	static const char name[] = "smtpwatch_messages_total";
	put_head(b, name, "counter", "Messages by what became of them.");
	for (unsigned f = FATE_ACCEPTED; f < FATES; f++)
		put_sample(b, name, "fate", fate_name((enum fate)f), NULL, NULL, m->fates[f]);
}

static void put_histogram(struct outbuf *b, const struct metrics_histogram *h, const char *name,
			  const char *help)
{
	uint64_t n = 0;
	put_head(b, name, "histogram", help);
	for (unsigned i = 0; i <= METRICS_BUCKETS; i++) {
		n += h->buckets[i];
		outbuf_format(b, "%s_bucket{le=\"%s\"}", name, metrics_bound(i));
		put_value(b, n);
	}
	outbuf_format(b, "%s_sum ", name);
	outbuf_seconds(b, h->sum);
	outbuf_format(b, "\n%s_count", name);
	put_value(b, n);
}

/* Appends the core's counters, such as smtpwatch_stream_gaps_total. A level has no suffix "_total".
 */
static void put_counters(const struct metrics *m, struct outbuf *b)
{
	for (size_t i = 0; i < counters_n; i++) {
		const struct counter *c = &counters[i];
		const char *about = c->about ? c->about : c->words;
		char name[96], help[240];
		snprintf(name, sizeof name, "smtpwatch_%s_%s%s", c->group, c->name,
			 c->level ? "" : "_total");
		snprintf(help, sizeof help, "%c%s.", ascii_upper((uint8_t)about[0]), about + 1);
		put_sum(b, name, c->level ? "gauge" : "counter", help, counter_value(c, &m->core));
	}
}

/* A label's value has three escapes: \", \\ and \n. escape_text has already replaced line ends. */
static void put_label(struct outbuf *b, struct bytes text)
{
	struct outbuf plain = {0};
	escape_text(&plain, text);
	for (size_t i = 0; i < plain.n; i++) {
		if (plain.p[i] == '"' || plain.p[i] == '\\')
			outbuf_char(b, '\\');
		outbuf_char(b, plain.p[i]);
	}
	outbuf_free(&plain);
}

static void put_output(struct outbuf *b, const char *name, const struct sink_counts *output,
		       uint64_t v)
{
	outbuf_format(b, "%s{output=\"", name);
	put_label(b, bytes_str(output->name));
	outbuf_str(b, "\"}");
	put_value(b, v);
}

static void put_outputs(struct outbuf *b, const struct sink_counts *outputs, size_t n)
{
	if (n == 0)
		return;
#define OUTPUT(member, help)                                                                       \
	put_head(b, "smtpwatch_output_" #member "_total", "counter", help);                        \
	for (size_t i = 0; i < n; i++)                                                             \
		put_output(b, "smtpwatch_output_" #member "_total", &outputs[i], outputs[i].member);
#include "stats/outputs.def"
}

/* Prometheus' own times are seconds. */
static void put_time(struct outbuf *b, int64_t ts)
{
	outbuf_format(b, " %lld.%03u\n", (long long)(ts / FRAME_SECOND),
		      (unsigned)(ts % FRAME_SECOND / (FRAME_SECOND / 1000)));
}

static void put_interface(struct outbuf *b, const char *name, const struct watched *w)
{
	outbuf_format(b, "%s{interface=\"", name);
	put_label(b, bytes_str(w->name));
	outbuf_str(b, "\"}");
}

static void put_watch(const struct metrics *m, struct outbuf *b)
{
	if (m->started == 0)
		return;
	put_head(b, "smtpwatch_start_time_seconds", "gauge",
		 "When the program started, in seconds since 1970.");
	outbuf_str(b, "smtpwatch_start_time_seconds");
	put_time(b, m->started);
	put_head(b, "smtpwatch_interface_watched", "gauge",
		 "1: the interface is there and its packets are read; 0: it has gone.");
	for (size_t i = 0; i < m->watched_n; i++) {
		put_interface(b, "smtpwatch_interface_watched", &m->watched[i]);
		put_value(b, m->watched[i].on);
	}
	put_head(b, "smtpwatch_interface_last_packet_seconds", "gauge",
		 "Time of the latest packet of an interface, in seconds since 1970; 0: none yet.");
	for (size_t i = 0; i < m->watched_n; i++) {
		put_interface(b, "smtpwatch_interface_last_packet_seconds", &m->watched[i]);
		put_time(b, m->watched[i].last);
	}
}

/* A series of recipient domains. */
struct domain_row {
	const char *name;
	const struct traffic *traffic;
};

static uint64_t sessions_of(const struct traffic *t)
{
	return t->sessions;
}

static uint64_t alerts_of(const struct traffic *t)
{
	return t->alerts;
}

static void put_domain(struct outbuf *b, const char *family, const struct domain_row *row)
{
	outbuf_format(b, "%s{domain=\"", family);
	put_label(b, bytes_str(row->name));
	outbuf_char(b, '"');
}

static void put_domain_family(struct outbuf *b, const struct domain_row *rows, const char *family,
			      const char *help, uint64_t (*value)(const struct traffic *t))
{
	put_head(b, family, "gauge", help);
	for (; rows->name; rows++) {
		put_domain(b, family, rows);
		outbuf_char(b, '}');
		put_value(b, value(rows->traffic));
	}
}

static void put_domain_messages(struct outbuf *b, const struct domain_row *rows)
{
	static const char family[] = "smtpwatch_domain_messages";
	put_head(b, family, "gauge",
		 "Messages by recipient domain and what became of them, since the start.");
	for (; rows->name; rows++)
		for (unsigned f = FATE_ACCEPTED; f < FATES; f++) {
			put_domain(b, family, rows);
			outbuf_format(b, ",fate=\"%s\"}", fate_name((enum fate)f));
			put_value(b, rows->traffic->fates[f]);
		}
}

static void put_domain_waits(struct outbuf *b, const struct domain_row *rows)
{
	static const char family[] = "smtpwatch_domain_reply_seconds";
	put_head(b, family, "gauge",
		 "From the end of a message to its answer, the average by recipient domain.");
	for (; rows->name; rows++) {
		put_domain(b, family, rows);
		outbuf_str(b, "} ");
		outbuf_seconds(b, traffic_delay(rows->traffic));
		outbuf_char(b, '\n');
	}
}

/* A domain's series appears and goes as others overtake it, and "other" is what is left: gauges,
 * not counters. A domain of that name has no series of its own. */
static void put_domains(const struct metrics *m, struct outbuf *b)
{
	const struct domain *top[METRIC_DOMAINS_MAX];
	struct domain_row rows[METRIC_DOMAINS_MAX + 2] = {{0}};
	struct traffic rest;
	size_t n, shown = 0;
	if (m->domains_n == 0 || !m->domains)
		return;
	n = domains_top(m->domains, top, m->domains_n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(top[i]->name, "other") != 0)
			top[shown++] = top[i];
	for (size_t i = 0; i < shown; i++)
		rows[i] = (struct domain_row){top[i]->name, &top[i]->traffic};
	rest = domains_rest(m->domains, top, shown);
	rows[shown] = (struct domain_row){"other", &rest};
	put_domain_family(b, rows, "smtpwatch_domain_sessions",
			  "Sessions by recipient domain, since the start.", sessions_of);
	put_domain_family(b, rows, "smtpwatch_domain_alerts",
			  "Alerts by recipient domain, since the start.", alerts_of);
	put_domain_messages(b, rows);
	put_domain_waits(b, rows);
}

void metrics_observe(struct metrics *m, const struct summary *sum)
{
	m->core = *sum->core;
	m->alerting = sum->alerting;
	m->started = sum->started;
	m->domains = sum->domains;
	m->domains_n = sum->metric_domains;
	m->watched_n = sum->watched_n < WATCHED_MAX ? sum->watched_n : WATCHED_MAX;
	for (size_t i = 0; i < m->watched_n; i++)
		m->watched[i] = sum->watched[i];
}

void metrics_put(const struct metrics *m, struct outbuf *b, const struct sink_counts *outputs,
		 size_t n)
{
	put_head(b, "smtpwatch_build_info", "gauge", "The version, as a label.");
	outbuf_str(b, "smtpwatch_build_info{version=\"" SMTPWATCH_VERSION "\"} 1\n");
	put_sessions(m, b);
	put_stages(m, b);
	put_alerts(m, b);
#define SUM(member, name, help, expression) put_sum(b, name, "counter", help, m->member);
#include "stats/sums.def"
	put_fates(m, b);
	put_histogram(b, &m->banner, "smtpwatch_banner_seconds",
		      "From the first packet of a session to the whole greeting.");
	put_histogram(b, &m->acceptance, "smtpwatch_acceptance_seconds",
		      "From the end of a message to its answer.");
	put_domains(m, b);
	put_counters(m, b);
	put_outputs(b, outputs, n);
	put_watch(m, b);
}
