/* brief.c - one line for an alert, a sum, a daily summary or the end of a run. */
#include "format/text/text.h"

#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/frame.h"
#include "stats/tls_share.h"

/* Messages named of one session, and servers named of one day. */
enum { MESSAGES_SHOWN = 3, SERVERS_SHOWN = 3 };

/* Example: "221-for-message: 192.0.2.1:40000 -> 198.51.100.25:25 (mx.example.net)". */
static void put_head(struct text *t, const struct report *r, unsigned kind)
{
	const struct conn *conn = r->record.conn;
	char name[SERVER_NAME];
	outbuf_str(t->b, alert_kind_row(kind)->id);
	outbuf_str(t->b, ": ");
	text_endpoint(t, &conn->addr[CLIENT], conn->port[CLIENT]);
	outbuf_str(t->b, " -> ");
	text_endpoint(t, &conn->addr[SERVER], conn->port[SERVER]);
	server_name(strings_find(&r->record.session->strings, STRING_BANNER).text, name);
	if (name[0] != '\0')
		outbuf_format(t->b, " (%s)", name);
}

static void put_messages(struct text *t, const struct report *r)
{
	uint64_t shown = 0, more = r->record.session->transactions_omitted;
	for (const struct transaction *m = r->record.session->first; m; m = m->next) {
		if (!text_message_shown(r, m))
			continue;
		if (shown == MESSAGES_SHOWN) {
			more++;
			continue;
		}
		outbuf_str(t->b, "; ");
		text_message_words(t, r, m);
		shown++;
	}
	if (more == 0)
		return;
	outbuf_str(t->b, "; and ");
	text_count(t, more, "more message");
}

static void put_cause(struct text *t, const struct report *r)
{
	const struct cause *c = report_cause(r);
	if (c && c->id != CAUSE_UNEXPLAINED)
		outbuf_format(t->b, "; cause: %s (%s)", cause_row(c->id)->id,
			      confidence_name(c->confidence));
}

void text_brief_alert(struct text *t, const struct report *r, unsigned kind)
{
	put_head(t, r, kind);
	outbuf_str(t->b, ": ");
	outbuf_str(t->b, alert_kind_row(kind)->headline);
	outbuf_str(t->b, "; stage ");
	outbuf_str(t->b, stage_name(r->record.ending->stage));
	put_cause(t, r);
	if (r->record.together > 1) {
		outbuf_str(t->b, "; with it ended ");
		text_count(t, r->record.together - 1, "other session");
		outbuf_str(t->b, " of this server");
	}
	put_messages(t, r);
}

void text_brief_again(struct text *t, const struct report *r, unsigned kind, const char *how)
{
	outbuf_format(t->b, "(%s) ", how);
	put_head(t, r, kind);
	put_messages(t, r);
}

void text_brief_repeat(struct text *t, const struct throttle_repeat *repeat)
{
	const struct conn *conn = repeat->latest->record.conn;
	outbuf_str(t->b, alert_kind_row(repeat->kind)->id);
	outbuf_str(t->b, " again at ");
	text_endpoint(t, &conn->addr[SERVER], conn->port[SERVER]);
	outbuf_str(t->b, ": ");
	text_count(t, repeat->count, "time");
	outbuf_str(t->b, " more since ");
	stamp_plain(&t->stamp, t->b, repeat->since);
	outbuf_format(t->b, ", the worst %s; in the last hour ", severity_name(repeat->worst));
	text_count(t, repeat->hour.sessions, "session");
	outbuf_str(t->b, " and ");
	text_count(t, repeat->hour.alerts, "alert");
	outbuf_str(t->b, " there. The latest: ");
	text_brief_alert(t, repeat->latest, repeat->kind);
}

static void put_tally(struct text *t, const struct totals *totals)
{
	text_count(t, totals->sessions, "session");
	outbuf_str(t->b, ", ");
	text_count(t, totals->alerts, "alert");
	if (totals->alerts > 0)
		outbuf_str(t->b, ": ");
	text_by_severity(t, totals->alert_severity);
	if (totals->suppressed > 0) {
		outbuf_str(t->b, "; ");
		text_count(t, totals->suppressed, "further alert");
		outbuf_str(t->b, " suppressed");
	}
}

static void put_verdicts(struct text *t, const struct totals *totals)
{
	const char *between = "; endings: ";
	for (unsigned v = 0; v < VERDICTS; v++)
		if (totals->alert_kinds[v] > 0) {
			outbuf_str(t->b, between);
			outbuf_str(t->b, alert_kind_row(v)->id);
			outbuf_char(t->b, ' ');
			outbuf_grouped(t->b, totals->alert_kinds[v]);
			between = ", ";
		}
}

static void put_servers(struct text *t, const struct totals *totals)
{
	const struct server *worst[SERVERS_SHOWN];
	size_t n = servers_worst(totals->servers, worst, SERVERS_SHOWN);
	for (size_t i = 0; i < n; i++) {
		outbuf_str(t->b, i == 0 ? "; worst servers: " : ", ");
		text_endpoint(t, &worst[i]->addr, worst[i]->port);
		outbuf_format(t->b, worst[i]->name[0] != '\0' ? " %s (" : "%s (", worst[i]->name);
		text_by_severity(t, worst[i]->alerts);
		outbuf_char(t->b, ')');
	}
}

static void put_tls(struct text *t, const struct totals *totals)
{
	outbuf_str(t->b, "; ");
	tls_share_put(t->b, totals->sessions, totals->tls, totals->decrypted);
}

void text_brief_daily(struct text *t, const struct daily *day)
{
	outbuf_str(t->b, "digest since ");
	stamp_plain(&t->stamp, t->b, day->since);
	outbuf_str(t->b, ": ");
	put_tally(t, &day->totals);
	put_verdicts(t, &day->totals);
	put_servers(t, &day->totals);
	put_tls(t, &day->totals);
}

void text_brief_stats(struct text *t, const struct summary *s)
{
	outbuf_str(t->b, "the end: ");
	put_tally(t, s->totals);
	put_verdicts(t, s->totals);
	put_tls(t, s->totals);
}
