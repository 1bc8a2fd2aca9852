/* mails.c - a mail as text for people, JSON and CSV. */
#include "history/report/mails.h"

#include "history/report/question.h"
#include "history/retry.h"
#include "smtpwatch/frame.h"
#include "text/escape.h"

static void put_name(struct archive *a, struct outbuf *b, uint64_t key, const char *none)
{
	char name[ARCHIVE_NAME_MAX];
	archive_name(a, key, name);
	if (key == 0)
		outbuf_str(b, none);
	else
		escape_text(b, bytes_str(name));
}

/* "9 s", "12 min", "5 h": a unit that leaves at least two. */
static void put_span(struct outbuf *b, int64_t ms)
{
	int64_t s = ms / 1000;
	if (s < 120)
		outbuf_format(b, "%lld s", (long long)s);
	else if (s < 7200)
		outbuf_format(b, "%lld min", (long long)(s / 60));
	else if (s < 48 * 3600)
		outbuf_format(b, "%lld h", (long long)(s / 3600));
	else
		outbuf_format(b, "%lld days", (long long)(s / 86400));
}

static void text_attempt(struct archive *a, struct stamp *stamp, struct outbuf *b,
			 const struct shown_attempt *s)
{
	const struct attempt *t = &s->attempt;
	char address[IP_ADDR_TEXT];
	outbuf_str(b, "  ");
	stamp_plain(stamp, b, t->at * FRAME_MS);
	outbuf_str(b, "  ");
	put_name(a, b, t->site, "?");
	outbuf_format(b, " [%s]  %s", ip_addr_text(&t->server, address),
		      attempt_fate_name(t->fate));
	if (t->code)
		outbuf_format(b, " (%u)", t->code);
	if (t->verdict[0] != '\0') {
		outbuf_str(b, ", ");
		escape_text(b, bytes_str(t->verdict));
	}
	if (t->queue[0] != '\0') {
		outbuf_str(b, ", queue id ");
		escape_text(b, bytes_str(t->queue));
	}
	outbuf_format(b, "; from %s:%u, seen by ", ip_addr_text(&t->client, address),
		      t->client_port);
	escape_text(b, bytes_str(archive_gateway(a, s->gateway)));
	outbuf_char(b, '\n');
}

/* Whose pauses these are, of the attempts at the mail's own site. */
static const struct retry_row *retries(const struct shown_mail *m)
{
	uint32_t pauses[SHOWN_ATTEMPTS];
	int64_t before = 0;
	size_t n = 0;
	bool any = false;
	for (size_t i = 0; i < m->n; i++) {
		const struct attempt *t = &m->attempts[i].attempt;
		if (mail_hash(t->site) != m->mail.site)
			continue;
		if (any)
			pauses[n++] = (uint32_t)((t->at - before) / 1000);
		before = t->at;
		any = true;
	}
	return retry_find(pauses, n);
}

static void text_end(struct stamp *stamp, struct outbuf *b, const struct shown_mail *m)
{
	const struct retry_row *r = retries(m);
	outbuf_format(b, "  %u tr%s", m->mail.tries, m->mail.tries == 1 ? "y" : "ies");
	if (m->view.delay >= 0) {
		outbuf_str(b, ", accepted after ");
		put_span(b, m->view.delay);
	}
	if (m->view.due) {
		outbuf_str(b, ", the next one is due until ");
		stamp_plain(stamp, b, m->view.due * FRAME_MS);
	}
	if (r)
		outbuf_format(b, "; tries as %s does, which gives up after %u days", r->name,
			      r->give_up);
	if (m->view.taken && m->view.delay < 0)
		outbuf_str(b, "; the server has it all the same");
	if (m->omitted > 0)
		outbuf_format(b, "; %zu more are not shown", m->omitted);
	outbuf_str(b, "\n\n");
}

void mail_text(struct archive *a, struct stamp *stamp, struct outbuf *b, const struct shown_mail *m)
{
	const struct outcome_row *row = outcome_row(m->view.outcome);
	outbuf_format(b, "%s: %s (%s)\n  from ", row->name, row->sentence,
		      confidence_name(m->view.confidence));
	put_name(a, b, m->sender, "<>");
	outbuf_str(b, " to ");
	put_name(a, b, m->mail.rcpt, "?");
	outbuf_str(b, " in ");
	put_name(a, b, m->domain, "?");
	if (m->mail.msgid) {
		outbuf_str(b, ", Message-ID ");
		put_name(a, b, m->mail.msgid, "");
	}
	outbuf_char(b, '\n');
	for (size_t i = 0; i < m->n; i++)
		text_attempt(a, stamp, b, &m->attempts[i]);
	text_end(stamp, b, m);
}

static void json_text(struct outbuf *b, const char *key, struct bytes text)
{
	outbuf_format(b, ",\"%s\":\"", key);
	escape_json(b, text);
	outbuf_char(b, '"');
}

static void json_name(struct archive *a, struct outbuf *b, const char *key, uint64_t name)
{
	char text[ARCHIVE_NAME_MAX];
	json_text(b, key, bytes_str(archive_name(a, name, text)));
}

static void json_at(struct stamp *stamp, struct outbuf *b, const char *key, int64_t ms)
{
	outbuf_format(b, ",\"%s\":\"", key);
	stamp_iso(stamp, b, ms * FRAME_MS);
	outbuf_char(b, '"');
}

static void json_attempt(struct archive *a, struct stamp *stamp, struct outbuf *b,
			 const struct shown_attempt *s)
{
	const struct attempt *t = &s->attempt;
	char address[IP_ADDR_TEXT];
	outbuf_str(b, "{\"timestamp\":\"");
	stamp_iso(stamp, b, t->at * FRAME_MS);
	outbuf_char(b, '"');
	json_text(b, "gateway", bytes_str(archive_gateway(a, s->gateway)));
	outbuf_format(b, ",\"src_ip\":\"%s\",\"src_port\":%u", ip_addr_text(&t->client, address),
		      t->client_port);
	outbuf_format(b, ",\"dest_ip\":\"%s\",\"dest_port\":%u", ip_addr_text(&t->server, address),
		      t->server_port);
	json_name(a, b, "site", t->site);
	outbuf_format(b, ",\"fate\":\"%s\"", attempt_fate_name(t->fate));
	if (t->code)
		outbuf_format(b, ",\"code\":%u", t->code);
	if (t->verdict[0] != '\0')
		json_text(b, "verdict", bytes_str(t->verdict));
	if (t->queue[0] != '\0')
		json_text(b, "queue_id", bytes_str(t->queue));
	outbuf_format(b, ",\"bytes\":%llu}", (unsigned long long)t->bytes);
}

void mail_json(struct archive *a, struct stamp *stamp, struct outbuf *b, const struct shown_mail *m)
{
	const struct outcome_row *row = outcome_row(m->view.outcome);
	const struct retry_row *r = retries(m);
	outbuf_format(b,
		      "{\"event_type\":\"mail\",\"schema_version\":%d,\"outcome\":\"%s\","
		      "\"severity\":\"%s\",\"confidence\":\"%s\"",
		      REPORT_SCHEMA, row->name, severity_name(row->severity),
		      confidence_name(m->view.confidence));
	outbuf_format(b, ",\"id\":\"%016llx\"",
		      (unsigned long long)(m->mail.rcpt ^ m->mail.msgid ^ (uint64_t)m->mail.first));
	json_name(a, b, "from", m->sender);
	json_name(a, b, "to", m->mail.rcpt);
	json_name(a, b, "domain", m->domain);
	if (m->mail.msgid)
		json_name(a, b, "message_id", m->mail.msgid);
	json_at(stamp, b, "first", m->mail.first);
	json_at(stamp, b, "last", m->mail.first + m->mail.last);
	outbuf_format(b, ",\"tries\":%u", m->mail.tries);
	if (m->view.delay >= 0)
		outbuf_format(b, ",\"delay\":%lld.%03d", (long long)(m->view.delay / 1000),
			      (int)(m->view.delay % 1000));
	if (m->view.due)
		json_at(stamp, b, "due", m->view.due);
	if (r)
		json_text(b, "retries_as", bytes_str(r->name));
	outbuf_format(b, ",\"taken\":%s,\"attempts\":[", m->view.taken ? "true" : "false");
	for (size_t i = 0; i < m->n; i++) {
		if (i > 0)
			outbuf_char(b, ',');
		json_attempt(a, stamp, b, &m->attempts[i]);
	}
	outbuf_format(b, "],\"attempts_omitted\":%zu}\n", m->omitted);
}

static void csv_name(struct archive *a, struct outbuf *b, uint64_t key)
{
	char text[ARCHIVE_NAME_MAX];
	outbuf_char(b, ',');
	escape_csv(b, bytes_str(archive_name(a, key, text)));
}

void mail_csv_head(struct outbuf *b)
{
	outbuf_str(b, "schema_version,first,last,outcome,severity,confidence,from,to,domain,"
		      "message_id,tries,delay,gateway,site,fate,code,queue_id\n");
}

void mail_csv(struct archive *a, struct stamp *stamp, struct outbuf *b, const struct shown_mail *m)
{
	const struct outcome_row *row = outcome_row(m->view.outcome);
	const struct shown_attempt *last = m->n > 0 ? &m->attempts[m->n - 1] : NULL;
	outbuf_format(b, "%d,", REPORT_SCHEMA);
	stamp_iso(stamp, b, m->mail.first * FRAME_MS);
	outbuf_char(b, ',');
	stamp_iso(stamp, b, (m->mail.first + m->mail.last) * FRAME_MS);
	outbuf_format(b, ",%s,%s,%s", row->name, severity_name(row->severity),
		      confidence_name(m->view.confidence));
	csv_name(a, b, m->sender);
	csv_name(a, b, m->mail.rcpt);
	csv_name(a, b, m->domain);
	csv_name(a, b, m->mail.msgid);
	outbuf_format(b, ",%u,", m->mail.tries);
	if (m->view.delay >= 0)
		outbuf_format(b, "%lld.%03d", (long long)(m->view.delay / 1000),
			      (int)(m->view.delay % 1000));
	outbuf_char(b, ',');
	if (last) {
		escape_csv(b, bytes_str(archive_gateway(a, last->gateway)));
		csv_name(a, b, last->attempt.site);
		outbuf_format(b, ",%s,%u,", attempt_fate_name(last->attempt.fate),
			      last->attempt.code);
		escape_csv(b, bytes_str(last->attempt.queue));
	} else {
		outbuf_str(b, ",,,,");
	}
	outbuf_char(b, '\n');
}
