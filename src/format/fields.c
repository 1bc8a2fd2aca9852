/* fields.c - the fields of an alert: a function and a row for each. */
#include "format/fields.h"

#include "format/session_id.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "text/escape.h"

#include <ctype.h>
#include <stdio.h>

/* Number of recipients in the field "rcpt" at most. */
enum { RECIPIENTS = 3 };

static const char prefix[] = "SMTPWATCH_";

static bool put_word(struct outbuf *b, const char *word)
{
	outbuf_str(b, word);
	return true;
}

static bool put_number(struct outbuf *b, uint64_t n)
{
	outbuf_number(b, n);
	return true;
}

static bool put_string(struct outbuf *b, const struct strings *strings, enum string_tag tag)
{
	struct bytes text = strings_find(strings, tag).text;

	escape_text(b, text);
	return text.p != NULL;
}

const struct transaction *alert_message_of(const struct alert_view *v)
{
	const struct transaction *last = NULL;

	if (v->kind == ALERT_SLOW_ACCEPTANCE)
		return acceptance_slowest(&v->report->record).message;
	for (const struct transaction *t = v->report->record.session->first; t != NULL;
	     t = t->next) {
		last = t;
		if (t->fate != FATE_ACCEPTED && t->fate != FATE_ABORTED)
			break;
	}
	return last;
}

static bool put_message_string(struct outbuf *b, const struct alert_view *v, enum string_tag tag)
{
	const struct transaction *t = alert_message_of(v);

	return t != NULL && put_string(b, &t->strings, tag);
}

static bool put_alert_kind(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, alert_kind_row(v->kind)->id);
}

static bool put_verdict(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, verdict_row(v->report->record.judgement.verdict)->id);
}

static bool put_severity(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, severity_name(v->sum != NULL ? v->sum->worst
							: report_severity(v->report, v->kind)));
}

static bool put_stage(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, stage_name(v->report->record.ending->stage));
}

static bool put_fate(struct outbuf *b, const struct alert_view *v)
{
	const struct transaction *t = alert_message_of(v);

	return t != NULL && put_word(b, fate_name(t->fate));
}

static bool put_cause(struct outbuf *b, const struct alert_view *v)
{
	const struct cause *c = report_cause(v->report);

	return c != NULL && put_word(b, cause_row(c->id)->id);
}

static bool put_endpoint(struct outbuf *b, const struct alert_view *v, enum side side)
{
	const struct conn *conn = v->report->record.conn;
	char text[IP_ADDR_TEXT];

	outbuf_format(b, ip_addr_is_v4(&conn->addr[side]) ? "%s:%u" : "[%s]:%u",
		      ip_addr_text(&conn->addr[side], text), (unsigned)conn->port[side]);
	return true;
}

static bool put_client(struct outbuf *b, const struct alert_view *v)
{
	return put_endpoint(b, v, CLIENT);
}

static bool put_server(struct outbuf *b, const struct alert_view *v)
{
	return put_endpoint(b, v, SERVER);
}

static bool put_session_id(struct outbuf *b, const struct alert_view *v)
{
	char text[IDENTITY_SESSION];

	identity_session(v->digest, v->report->record.conn, text);
	return put_word(b, text);
}

static bool put_queue_id(struct outbuf *b, const struct alert_view *v)
{
	return put_message_string(b, v, STRING_QUEUE_ID);
}

static bool put_message_id(struct outbuf *b, const struct alert_view *v)
{
	return put_message_string(b, v, STRING_MESSAGE_ID);
}

static bool put_from(struct outbuf *b, const struct alert_view *v)
{
	return put_message_string(b, v, STRING_FROM);
}

/* Example: "a@example.net,b@example.net". The field "rcpt_count" has the number of all recipients.
 */
static bool put_rcpt(struct outbuf *b, const struct alert_view *v)
{
	const struct transaction *t = alert_message_of(v);
	struct string string;
	uint16_t pos = 0;
	unsigned shown = 0;

	while (t != NULL && shown < RECIPIENTS && strings_next(&t->strings, &pos, &string))
		if (string.tag == STRING_RCPT) {
			outbuf_str(b, shown++ > 0 ? "," : "");
			escape_text(b, string.text);
		}
	return shown > 0;
}

static bool put_rcpt_count(struct outbuf *b, const struct alert_view *v)
{
	const struct transaction *t = alert_message_of(v);

	return t != NULL && put_number(b, t->rcpt_count);
}

static bool put_reported(struct outbuf *b, const struct alert_view *v)
{
	return v->how != NULL && put_word(b, v->how);
}

static bool put_repeated(struct outbuf *b, const struct alert_view *v)
{
	return v->sum != NULL && put_number(b, v->sum->count);
}

static bool put_since(struct outbuf *b, const struct alert_view *v)
{
	if (v->sum == NULL)
		return false;
	stamp_iso(v->stamp, b, v->sum->since);
	return true;
}

static bool put_code(struct outbuf *b, const struct alert_view *v)
{
	return put_number(b, v->report->record.session->last_code) &&
	       v->report->record.session->last_code != 0;
}

static bool put_reply(struct outbuf *b, const struct alert_view *v)
{
	struct bytes text = strings_find(&v->report->record.session->strings, STRING_REPLY).text;

	escape_lines(b, text);
	return text.p != NULL;
}

static bool put_banner(struct outbuf *b, const struct alert_view *v)
{
	return put_string(b, &v->report->record.session->strings, STRING_BANNER);
}

static bool put_helo(struct outbuf *b, const struct alert_view *v)
{
	return put_string(b, &v->report->record.session->strings, STRING_HELO);
}

static bool put_messages(struct outbuf *b, const struct alert_view *v)
{
	const struct session_info *info = v->report->record.session;
	uint64_t n = info->transactions_omitted;

	for (const struct transaction *t = info->first; t != NULL; t = t->next)
		n++;
	return put_number(b, n);
}

static bool put_community_id(struct outbuf *b, const struct alert_view *v)
{
	char text[IDENTITY_COMMUNITY];

	identity_community(v->digest, v->report->record.conn, text);
	return put_word(b, text);
}

static bool put_role(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, role_name(v->report->role)) && v->report->role != ROLE_NONE;
}

static bool put_start(struct outbuf *b, const struct alert_view *v)
{
	stamp_iso(v->stamp, b, v->report->record.conn->start);
	return true;
}

static bool put_end(struct outbuf *b, const struct alert_view *v)
{
	stamp_iso(v->stamp, b, v->report->record.end);
	return true;
}

static bool put_input(struct outbuf *b, const struct alert_view *v)
{
	escape_text(b, bytes_str(v->report->input));
	return true;
}

static bool put_pcap(struct outbuf *b, const struct alert_view *v)
{
	return v->report->pcap != NULL && put_word(b, v->report->pcap);
}

const struct alert_field alert_fields[ALERT_FIELDS_MAX + 1] = {
	{"signature", put_alert_kind},
	{"verdict", put_verdict},
	{"severity", put_severity},
	{"stage", put_stage},
	{"fate", put_fate},
	{"cause", put_cause},
	{"client", put_client},
	{"server", put_server},
	{"session_id", put_session_id},
	{"queue_id", put_queue_id},
	{"message_id", put_message_id},
	{"from", put_from},
	{"rcpt", put_rcpt},
	{"rcpt_count", put_rcpt_count},
	{"told", put_reported},
	{"repeated", put_repeated},
	{"since", put_since},
	{"code", put_code},
	{"reply", put_reply},
	{"banner", put_banner},
	{"helo", put_helo},
	{"messages", put_messages},
	{"role", put_role},
	{"start", put_start},
	{"end", put_end},
	{"input", put_input},
	{"pcap", put_pcap},
	{"community_id", put_community_id},
	{0},
};

/* Shortens to max bytes. The cut is between two characters and marked with "...". */
static void cut(struct outbuf *b, size_t max)
{
	if (b->n <= max)
		return;
	b->n = max - 3;
	while (b->n > 0 && (b->p[b->n] & 0xc0) == 0x80)
		b->n--;
	outbuf_str(b, "...");
}

void alert_fields_each(const struct alert_view *v, size_t max, struct outbuf *scratch,
		       void (*each)(void *arg, const char *name, struct bytes value), void *arg)
{
	for (const struct alert_field *row = alert_fields; row->name != NULL; row++) {
		scratch->n = 0;
		if (!row->put(scratch, v) || scratch->failed)
			continue;
		cut(scratch, max);
		outbuf_char(scratch, '\0');
		if (!scratch->failed)
			each(arg, row->name, bytes_of(scratch->p, scratch->n - 1));
	}
	scratch->failed = false;
}

char *alert_field_upper(const char *name, char out[ALERT_FIELD_NAME])
{
	size_t n = (size_t)snprintf(out, ALERT_FIELD_NAME, "%s%s", prefix, name);

	for (size_t i = 0; i < n && i < ALERT_FIELD_NAME; i++)
		out[i] = (char)toupper((unsigned char)out[i]);
	return out;
}

bool alert_field_is_variable(const char *text)
{
	size_t n = sizeof(prefix) - 1, name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return strncmp(text, prefix, n) == 0 && name > n && text[name] == '=';
}
