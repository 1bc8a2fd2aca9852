/* page.c - the page from its head to the list of sessions. */
#include "format/html/html.h"

#include "format/text/fate.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "stats/counters.h"
#include "stats/tls_share.h"

enum { SERVERS_SHOWN = 20 };

void html_count(struct html_figures *f, const struct report *r)
{
	const struct cause *c = report_alerts(r) != 0 ? report_cause(r) : NULL;
	metrics_count(&f->metrics, r);
	timeline_count(&f->timeline, r->record.end, r->record.judgement.verdict, r->severity);
	if (report_alerts(r) != 0)
		f->causes[c ? c->id : CAUSE_UNEXPLAINED]++;
}

/* The hash covers exactly the bytes between <style> and </style>. */
static bool put_style(struct html *h)
{
	uint8_t hash[DIGEST_SHA256];
	char text[DIGEST_BASE64_SHA256];
	for (const char *const *s = html_style; *s; s++)
		outbuf_str(&h->words, *s);
	if (!digest_sha256(bytes_of(h->words.p, h->words.n), hash))
		return false;
	digest_base64_sha256(hash, text);
	outbuf_format(h->b,
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'sha256-%s'; "
		      "base-uri 'none'; form-action 'none'\">\n<style>",
		      text);
	outbuf_bytes(h->b, h->words.p, h->words.n);
	h->words.n = 0;
	html_str(h, "</style>\n");
	return !h->words.failed;
}

static bool put_head(struct html *h, const struct summary *s)
{
	html_str(h,
		 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" "
		 "content=\"noindex\">\n"
		 "<meta name=\"generator\" content=\"smtpwatch " SMTPWATCH_VERSION "\">\n<title>");
	text_count(&h->text, s->totals->alerts, "alert");
	html_words(h);
	html_str(h, " - SMTP sessions of ");
	html_text(h, bytes_str(s->inputs));
	html_str(h, "</title>\n");
	if (!put_style(h))
		return false;
	html_str(h, "</head>\n<body>\n<a class=\"skip\" href=\"#sessions\">Skip to the alerted "
		    "sessions</a>\n");
	return true;
}

static void put_title(struct html *h, const struct summary *s)
{
	html_str(h, "<header>\n<h1>How SMTP sessions ended</h1>\n<p class=\"dim\">");
	html_str(h, s->live ? "Seen on " : "Read from ");
	html_text(h, bytes_str(s->inputs));
	html_str(h, ": ");
	text_count(&h->text, s->core->frames, "packet");
	outbuf_format(&h->words, ", ports %s; ", s->ports);
	html_words(h);
	html_str(h, s->live ? "as of " : "the last packet is of ");
	if (s->live || s->core->frames > 0)
		html_time(h, s->last);
	else
		html_str(h, "no time");
	html_str(h, s->interim ? "; it still goes on.</p>\n" : ".</p>\n");
	if (s->stopped && !s->live)
		html_str(h, "<p class=\"beware\">Stopped before the end of the input: sessions "
			    "that were open are unfinished.</p>\n");
	html_str(
		h,
		"</header>\n<nav aria-label=\"Parts of this report\"><ul><li><a "
		"href=\"#time\">Over time</a></li>"
		"<li><a href=\"#endings\">Endings</a></li><li><a href=\"#servers\">Servers</a></li>"
		"<li><a href=\"#domains\">Domains</a></li><li><a href=\"#hours\">Hours</a></li>"
		"<li><a href=\"#causes\">Causes</a></li><li><a href=\"#waits\">Waiting "
		"times</a></li>"
		"<li><a href=\"#capture\">The capture</a></li><li><a href=\"#sessions\">Alerted "
		"sessions</a></li></ul></nav>\n"
		"<main>\n");
}

static void put_tile(struct html *h, const char *class, const char *name, uint64_t n)
{
	outbuf_format(h->b, "<div class=\"%s\"><dt>%s</dt><dd>", class, name);
	html_number(h, n);
	html_str(h, "</dd></div>\n");
}

static void put_tiles(struct html *h, const struct totals *t)
{
	html_str(h, "<dl class=\"tiles\">\n");
	put_tile(h, "plain", "sessions", t->sessions);
	put_tile(h, t->alerts > 0 ? "error" : "plain", "alerts", t->alerts);
	if (t->suppressed > 0)
		put_tile(h, "plain", "alerts suppressed", t->suppressed);
	for (unsigned s = SEVERITIES; s-- > SEVERITY_NOTICE;)
		if (t->alert_severity[s] > 0)
			put_tile(h, severity_name((enum severity)s),
				 severity_name((enum severity)s), t->alert_severity[s]);
	put_tile(h, t->fates[FATE_FALSELY_ACCEPTED] > 0 ? "critical" : "plain",
		 "mails lost unnoticed", t->fates[FATE_FALSELY_ACCEPTED]);
	put_tile(h, t->fates[FATE_UNANSWERED] > 0 ? "warning" : "plain", "mails perhaps doubled",
		 t->fates[FATE_UNANSWERED]);
	html_str(h, "</dl>\n<p>");
	tls_share_put(&h->words, t->sessions, t->tls, t->decrypted);
	html_words(h);
	html_str(h, ".</p>\n");
	if (t->alerts == 0)
		html_str(h,
			 t->alert_kinds[VERDICT_UNKNOWN] + t->alert_kinds[VERDICT_ENCRYPTED] > 0
				 ? "<p>No alert, but not everything could be judged: see the "
				   "endings.</p>\n"
			 : t->suppressed > 0
				 ? "<p>No other session ended in a way that calls for an "
				   "alert.</p>\n"
				 : "<p>No session ended in a way that calls for an alert.</p>\n");
}

static void put_ending(struct html *h, const struct summary *s, unsigned kind)
{
	const struct verdict_row *row = alert_kind_row(kind);
	html_row(h, NULL);
	outbuf_format(h->b, "<code>%s</code>", row->id);
	html_cell(h, NULL);
	html_badge(h, (enum severity)s->totals->worst[kind]);
	html_cell(h, "n");
	html_number(h, s->totals->alert_kinds[kind]);
	html_cell(h, "b");
	html_bar(h, s->totals->alert_kinds[kind], s->totals->sessions,
		 (enum severity)s->totals->worst[kind]);
	html_cell(h, "w");
	html_text(h, bytes_str(row->headline));
	html_row_end(h);
}

static void put_endings(struct html *h, const struct summary *s)
{
	static const char *const columns[] = {"Ending", "Severity",      "#Sessions",
					      "|Share", "What happened", NULL};
	html_section(h, "endings", "Endings");
	html_table(h, "Sessions by their ending, the worst first", columns);
	for (unsigned severity = SEVERITIES; severity-- > 0;)
		for (unsigned i = 0; i < ALERT_KINDS; i++)
			if (s->totals->alert_kinds[i] > 0 && s->totals->worst[i] == severity)
				put_ending(h, s, i);
	html_table_end(h);
}

static void put_fates(struct html *h, const struct totals *t)
{
	static const char *const columns[] = {"What became of them", "#Messages", "|Share", NULL};
	uint64_t all = 0;
	for (unsigned f = FATE_ACCEPTED; f < FATES; f++)
		all += t->fates[f];
	if (all > 0) {
		html_table(h, "Messages", columns);
		for (unsigned f = FATE_ACCEPTED; f < FATES; f++) {
			if (t->fates[f] == 0)
				continue;
			html_row(h, NULL);
			html_str(h, fate_tally((enum fate)f));
			html_cell(h, "n");
			html_number(h, t->fates[f]);
			html_cell(h, "b");
			html_bar(h, t->fates[f], all,
				 f == FATE_FALSELY_ACCEPTED ? SEVERITY_CRITICAL : SEVERITIES);
			html_row_end(h);
		}
		html_table_end(h);
	}
	html_section_end(h);
}

static uint64_t alerts_of(const struct server *one)
{
	uint64_t n = 0;
	for (unsigned s = 0; s < SEVERITIES; s++)
		n += one->alerts[s];
	return n;
}

static enum severity worst_of(const struct server *one)
{
	unsigned s = SEVERITIES - 1;
	while (s > SEVERITY_NONE && one->alerts[s] == 0)
		s--;
	return (enum severity)s;
}

static void put_server(struct html *h, const struct server *one, const char *instead)
{
	html_row(h, NULL);
	if (!instead)
		text_endpoint(&h->text, &one->addr, one->port);
	outbuf_str(&h->words, instead ? instead : "");
	html_words(h);
	html_cell(h, NULL);
	html_text(h, bytes_str(one->name));
	html_cell(h, "n");
	html_number(h, one->sessions);
	html_cell(h, "n");
	html_number(h, alerts_of(one));
	html_cell(h, NULL);
	text_by_severity(&h->text, one->alerts);
	html_words(h);
	html_cell(h, "b");
	html_bar(h, alerts_of(one), one->sessions > alerts_of(one) ? one->sessions : alerts_of(one),
		 worst_of(one));
	html_row_end(h);
}

static void put_servers(struct html *h, const struct totals *t)
{
	static const char *const columns[] = {"Server",  "Name",     "#Sessions",
					      "#Alerts", "Of these", "|Alerts among its sessions",
					      NULL};
	const struct server *worst[SERVERS_SHOWN], *others = servers_others(t->servers);
	size_t n = servers_worst(t->servers, worst, SERVERS_SHOWN);
	html_section(h, "servers", "Servers with the worst alerts");
	if (n == 0)
		html_str(h, "<p>None had any.</p>\n");
	if (n > 0 || others->sessions > 0) {
		html_table(h, "Servers, the worst first, at most 20", columns);
		for (size_t i = 0; i < n; i++)
			put_server(h, worst[i], NULL);
		if (others->sessions > 0)
			put_server(h, others, "servers beyond the first 65,536, together");
		html_table_end(h);
	}
	html_section_end(h);
}

static void put_causes(struct html *h, const uint64_t counts[CAUSES])
{
	static const char *const columns[] = {"Cause", "#Sessions", "|Share", "What it means",
					      NULL};
	uint64_t all = 0;
	for (unsigned c = 0; c < CAUSES; c++)
		all += counts[c];
	html_section(h, "causes", "Why: causes of what was alerted");
	if (all == 0)
		html_str(h, "<p>There was no alert.</p>\n");
	else
		html_table(h, "Alerted sessions by their most likely cause", columns);
	for (unsigned c = 0; c < CAUSES; c++) {
		if (counts[c] == 0)
			continue;
		html_row(h, NULL);
		outbuf_format(h->b, "<code>%s</code>", cause_row((enum cause_id)c)->id);
		html_cell(h, "n");
		html_number(h, counts[c]);
		html_cell(h, "b");
		html_bar(h, counts[c], all, SEVERITIES);
		html_cell(h, "w");
		html_text(h, bytes_str(cause_row((enum cause_id)c)->meaning));
		html_row_end(h);
	}
	if (all > 0)
		html_table_end(h);
	html_section_end(h);
}

/* Shows the buckets from the first to the last that is not empty. */
static void put_histogram(struct html *h, const struct metrics_histogram *m, const char *caption)
{
	static const char *const columns[] = {"Up to", "#How often", "|Against the most frequent",
					      NULL};
	uint64_t all = 0, max = 0;
	unsigned first = METRICS_BUCKETS, last = 0;
	for (unsigned i = 0; i <= METRICS_BUCKETS; i++) {
		all += m->buckets[i];
		max = m->buckets[i] > max ? m->buckets[i] : max;
		first = i < first && m->buckets[i] > 0 ? i : first;
		last = m->buckets[i] > 0 ? i : last;
	}
	if (all == 0)
		return;
	html_table(h, caption, columns);
	for (unsigned i = first; i <= last; i++) {
		html_row(h, NULL);
		outbuf_format(h->b, i < METRICS_BUCKETS ? "%s s" : "longer", metrics_bound(i));
		html_cell(h, "n");
		html_number(h, m->buckets[i]);
		html_cell(h, "b");
		html_bar(h, m->buckets[i], max, SEVERITIES);
		html_row_end(h);
	}
	html_table_end(h);
}

static void put_waits(struct html *h, const struct metrics *m)
{
	size_t before;
	html_section(h, "waits", "Waiting times");
	before = h->b->n;
	put_histogram(h, &m->banner, "From the SYN to the whole greeting");
	put_histogram(h, &m->acceptance,
		      "From the end of a message to its reply (a sender waits for ten minutes: RFC "
		      "5321 4.5.3.2.6)");
	if (h->b->n == before)
		html_str(h, "<p>No greeting and no reply to a message was seen from its "
			    "beginning.</p>\n");
	html_section_end(h);
}

static void put_beware(struct html *h, const struct monitor_stats *core)
{
	for (size_t i = 0; i < counters_n; i++) {
		if (!counters[i].words || !counters[i].trouble ||
		    counter_value(&counters[i], core) == 0)
			continue;
		html_str(h, "<p class=\"beware\">Not everything was seen: ");
		html_number(h, counter_value(&counters[i], core));
		outbuf_format(h->b, " %s.</p>\n", counters[i].words);
	}
}

static void put_capture(struct html *h, const struct summary *s)
{
	html_section(h, "capture", "The capture");
	put_beware(h, s->core);
	for (unsigned i = 0; i < TEXT_ADVICES; i++) {
		if (!text_advice(&h->text, s, i))
			continue;
		html_str(h, "<p class=\"beware\">");
		html_words(h);
		html_str(h, "</p>\n");
	}
	if (text_undecoded_words(&h->text, s)) {
		html_str(h, "<p class=\"beware\">");
		html_words(h);
		html_str(h, "</p>\n");
	}
	html_str(h, "<details><summary>All that is above as plain text, for a mail or a "
		    "ticket</summary>\n<pre>");
	text_summary(&h->text, s);
	for (size_t from = 0, i = 0; i < h->words.n; i++)
		if (h->words.p[i] == '\n') {
			html_text(h, bytes_of(h->words.p + from, i - from));
			html_str(h, "\n");
			from = i + 1;
		}
	h->words.n = 0;
	html_str(h, "</pre></details>\n");
	html_section_end(h);
}

bool html_begin(struct html *h, const struct html_figures *f, const struct summary *s)
{
	if (!put_head(h, s))
		return false;
	put_title(h, s);
	put_tiles(h, s->totals);
	html_chart(h, &f->timeline, s->alerting);
	put_endings(h, s);
	put_fates(h, s->totals);
	put_servers(h, s->totals);
	if (s->domains)
		html_domains(h, s->domains);
	html_hours(h, s->totals);
	put_causes(h, f->causes);
	put_waits(h, &f->metrics);
	put_capture(h, s);
	html_sessions(h, s);
	return true;
}
