/* traffic.c - what became of messages, by recipient domain and by hour of the day. */
#include "format/html/html.h"

enum { DOMAINS_SHOWN = 20 };

/* The fates that have a column. */
static const enum fate shown[] = {FATE_ACCEPTED, FATE_DEFERRED, FATE_REJECTED,
				  FATE_FALSELY_ACCEPTED, FATE_UNANSWERED};

#define COLUMNS                                                                                    \
	"#Sessions", "#Alerts", "#Messages", "#Accepted", "#Deferred", "#Rejected", "#Lost",       \
		"#Unanswered", "#Average wait", "|Share of messages", NULL

/* Writes the cells of a row behind its heading. most: what fills the bar. */
static void put_cells(struct html *h, const struct traffic *t, uint64_t most)
{
	const uint64_t counts[] = {t->sessions, t->alerts, t->messages};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		html_cell(h, "n");
		html_number(h, counts[i]);
	}
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		html_cell(h, "n");
		html_number(h, t->fates[shown[i]]);
	}
	html_cell(h, "n");
	if (t->answers > 0) {
		outbuf_seconds(h->b, traffic_delay(t));
		html_str(h, " s");
	}
	html_cell(h, "b");
	html_bar(h, t->messages, most,
		 t->fates[FATE_FALSELY_ACCEPTED] > 0 ? SEVERITY_CRITICAL : SEVERITIES);
	html_row_end(h);
}

static void put_other(struct html *h, const char *name, const struct traffic *t, uint64_t most)
{
	if (t->sessions + t->messages == 0)
		return;
	html_row(h, NULL);
	html_str(h, name);
	put_cells(h, t, most > t->messages ? most : t->messages);
}

void html_domains(struct html *h, const struct domains *d)
{
	static const char *const columns[] = {"Domain", COLUMNS};
	const struct domain *top[DOMAINS_SHOWN];
	size_t n = domains_top(d, top, DOMAINS_SHOWN);
	struct traffic rest = domains_rest(d, top, n);
	uint64_t most = n > 0 ? top[0]->traffic.messages : 0;
	html_section(h, "domains", "Recipient domains");
	html_table(h, "Domains, those with the most messages first, at most 20", columns);
	for (size_t i = 0; i < n; i++) {
		html_row(h, NULL);
		html_text(h, bytes_str(top[i]->name));
		put_cells(h, &top[i]->traffic, most);
	}
	put_other(h, "all others", &rest, most);
	put_other(h, "without a known recipient", domains_without(d), most);
	html_table_end(h);
	html_section_end(h);
}

void html_hours(struct html *h, const struct totals *t)
{
	static const char *const utc[] = {"Hour, UTC", COLUMNS}, *const local[] = {
									 "Hour, local time",
									 COLUMNS};
	uint64_t most = 0;
	for (unsigned hour = 0; hour < TRAFFIC_HOURS; hour++)
		most = traffic_told(&t->hours)[hour].messages > most
			       ? traffic_told(&t->hours)[hour].messages
			       : most;
	html_section(h, "hours", "Hours of the day");
	html_table(h, "Sessions and messages by the hour in which the session ended",
		   stamp_is_local() ? local : utc);
	for (unsigned hour = 0; hour < TRAFFIC_HOURS; hour++) {
		if (traffic_told(&t->hours)[hour].sessions == 0)
			continue;
		html_row(h, NULL);
		outbuf_format(h->b, "%02u:00", hour);
		put_cells(h, &traffic_told(&t->hours)[hour], most);
	}
	html_table_end(h);
	html_section_end(h);
}
