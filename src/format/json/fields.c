/* fields.c - the fields of a session: a function and a row for each. The table at the end has the
 * shape of the record. */
#include "format/json/json.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

static bool put_src_ip(struct json *j, const struct json_view *v)
{
	json_addr(j, &v->report->record.conn->addr[CLIENT]);
	return true;
}

static bool put_dest_ip(struct json *j, const struct json_view *v)
{
	json_addr(j, &v->report->record.conn->addr[SERVER]);
	return true;
}

static bool put_number(struct json *j, uint64_t n)
{
	json_number(j, n);
	return true;
}

static bool put_word(struct json *j, const char *word)
{
	json_word(j, word);
	return true;
}

static bool put_src_port(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.conn->port[CLIENT]);
}

static bool put_dest_port(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.conn->port[SERVER]);
}

static bool put_proto(struct json *j, const struct json_view *v)
{
	(void)v;
	return put_word(j, "TCP");
}

static bool put_community_id(struct json *j, const struct json_view *v)
{
	char text[IDENTITY_COMMUNITY];

	identity_community(j->digest, v->report->record.conn, text);
	return put_word(j, text);
}

/* Two sessions of one tuple have one Community ID, but two session ids. */
static bool put_session_id(struct json *j, const struct json_view *v)
{
	char text[IDENTITY_SESSION];

	identity_session(j->digest, v->report->record.conn, text);
	return put_word(j, text);
}

static bool put_input(struct json *j, const struct json_view *v)
{
	json_string(j, bytes_str(v->report->input));
	return true;
}

static bool put_vlan(struct json *j, const struct json_view *v)
{
	const struct conn *conn = v->report->record.conn;

	if (conn->vlans == 0)
		return false;
	outbuf_char(j->b, '[');
	for (unsigned i = 0; i < conn->vlans; i++) {
		json_comma(j);
		json_number(j, conn->vlan[i]);
	}
	outbuf_char(j->b, ']');
	return true;
}

static bool put_start(struct json *j, const struct json_view *v)
{
	json_time(j, v->report->record.conn->start);
	return true;
}

/* Equals the "timestamp" of the line, a member that all events have. */
static bool put_end(struct json *j, const struct json_view *v)
{
	json_time(j, v->report->record.end);
	return true;
}

static bool put_duration(struct json *j, const struct json_view *v)
{
	outbuf_seconds(j->b, v->report->record.end - v->report->record.conn->start);
	return true;
}

static bool put_verdict(struct json *j, const struct json_view *v)
{
	return put_word(j, verdict_row(v->report->record.judgement.verdict)->id);
}

static const char *alert_kind_name(unsigned bit)
{
	return alert_kind_row(bit)->id;
}

/* Lists are written even if they are empty, so that a reader can loop over them without a test. */
static bool put_also(struct json *j, const struct json_view *v)
{
	json_bits(j, v->report->also, alert_kind_name);
	return true;
}

static bool put_severity(struct json *j, const struct json_view *v)
{
	return put_word(j, severity_name(v->report->severity));
}

static bool put_stage(struct json *j, const struct json_view *v)
{
	return put_word(j, stage_name(v->report->record.ending->stage));
}

static bool put_closer(struct json *j, const struct json_view *v)
{
	return put_word(j, closer_name(v->report->record.ending->closer));
}

static bool put_how(struct json *j, const struct json_view *v)
{
	return put_word(j, how_name(v->report->record.ending->how));
}

static bool put_farewell(struct json *j, const struct json_view *v)
{
	return put_word(j, farewell_name(v->report->record.ending->farewell));
}

static bool put_seen(struct json *j, const struct json_view *v)
{
	return put_word(j, seen_name(v->report->record.ending->seen));
}

static bool put_reason(struct json *j, const struct json_view *v)
{
	char text[512] = "";

	verdict_reason(v->report->record.ending, &v->report->record.judgement, text, sizeof(text));
	json_string(j, bytes_str(text));
	return text[0] != '\0';
}

static bool put_inferred(struct json *j, const struct json_view *v)
{
	outbuf_str(j->b, verdict_inferred(v->report->record.judgement.verdict) ? "true" : "false");
	return true;
}

/* The verdict `unknown` has no confidence. */
static bool put_confidence(struct json *j, const struct json_view *v)
{
	const struct record *r = &v->report->record;

	return put_word(j, confidence_name(verdict_confidence(r->judgement.verdict, r->ending))) &&
	       r->judgement.verdict != VERDICT_UNKNOWN;
}

/* Sessions of the server that ended in the same second, this one included. */
static bool put_together(struct json *j, const struct json_view *v)
{
	return v->report->record.together > 1 && put_number(j, v->report->record.together);
}

static bool put_grouped(struct json *j, const struct json_view *v)
{
	outbuf_str(j->b, "true");
	return v->report->grouped;
}

/* Rate-limited alerts, which a later sum reports. */
static bool put_limited(struct json *j, const struct json_view *v)
{
	if (v->report->limited == 0)
		return false;
	json_bits(j, v->report->limited, alert_kind_name);
	return true;
}

static bool put_role(struct json *j, const struct json_view *v)
{
	return v->report->role != ROLE_NONE && put_word(j, role_name(v->report->role));
}

static bool put_cause_id(struct json *j, const struct json_view *v)
{
	const struct cause *c = report_cause(v->report);

	return c != NULL && put_word(j, cause_row(c->id)->id);
}

static bool put_cause_confidence(struct json *j, const struct json_view *v)
{
	const struct cause *c = report_cause(v->report);

	return c != NULL && put_word(j, confidence_name(c->confidence));
}

static bool put_cause_evidence(struct json *j, const struct json_view *v)
{
	const struct cause *c = report_cause(v->report);

	if (c == NULL)
		return false;
	outbuf_char(j->b, '[');
	for (unsigned i = 0; i < c->evidences; i++) {
		json_comma(j);
		json_string(j, bytes_str(c->evidence[i]));
	}
	outbuf_char(j->b, ']');
	return true;
}

static bool put_banner(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->report->record.session->strings, STRING_BANNER);
}

static bool put_helo(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->report->record.session->strings, STRING_HELO);
}

/* Most servers have nine or ten extensions, and neighbouring sessions often have the same ones:
 * then the text of the session before is copied. */
static bool put_extensions(struct json *j, const struct json_view *v)
{
	uint32_t mask = v->report->record.session->extensions;
	size_t from = j->b->n, n = j->extensions_n;

	if (n > 0 && mask == j->extensions) {
		outbuf_bytes(j->b, j->extensions_text, n);
		return true;
	}
	json_bits(j, mask, smtp_extension_name);
	n = j->b->n - from;
	j->extensions_n = 0;
	if (!j->b->failed && n <= sizeof(j->extensions_text)) {
		memcpy(j->extensions_text, j->b->p + from, n);
		j->extensions_n = n;
		j->extensions = mask;
	}
	return true;
}

static bool put_size_limit(struct json *j, const struct json_view *v)
{
	return v->report->record.session->size_limit > 0 &&
	       put_number(j, v->report->record.session->size_limit);
}

static bool put_starttls(struct json *j, const struct json_view *v)
{
	return put_word(j, starttls_name(v->report->record.session->starttls));
}

/* The mechanism alone: the credentials behind it are never kept. */
static bool put_auth(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->report->record.session->strings, STRING_AUTH);
}

static bool put_commands(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.session->commands);
}

static bool put_replies(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.session->replies);
}

static bool put_last_command(struct json *j, const struct json_view *v)
{
	enum smtp_verb verb = v->report->record.session->last_command;

	return put_word(j, smtp_verb_name(verb)) && verb != SMTP_CONNECT;
}

static bool put_last_code(struct json *j, const struct json_view *v)
{
	return json_put_code(j, v->report->record.session->last_code);
}

static bool put_last_enhanced(struct json *j, const struct json_view *v)
{
	return json_put_enhanced(j, v->report->record.session->last_enhanced);
}

static bool put_last_text(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->report->record.session->strings, STRING_REPLY);
}

/* The reply of the farewell, if it is not the last reply. */
static bool put_farewell_code(struct json *j, const struct json_view *v)
{
	const struct session_info *s = v->report->record.session;

	return s->farewell_apart && json_put_code(j, s->farewell_code);
}

static bool put_farewell_enhanced(struct json *j, const struct json_view *v)
{
	const struct session_info *s = v->report->record.session;

	return s->farewell_apart && json_put_enhanced(j, s->farewell_enhanced);
}

static bool put_farewell_text(struct json *j, const struct json_view *v)
{
	const struct session_info *s = v->report->record.session;

	return s->farewell_apart && json_put_tagged(j, &s->strings, STRING_FAREWELL);
}

static bool put_uncoded(struct json *j, const struct json_view *v)
{
	const struct session_info *s = v->report->record.session;

	return s->uncoded && json_put_tagged(j, &s->strings, STRING_UNCODED);
}

/* How long the client waited in each step. */
static bool put_latency_connect(struct json *j, const struct json_view *v)
{
	outbuf_seconds(j->b, v->report->record.conn->rtt);
	return v->report->record.conn->rtt > 0;
}

/* If the SYN was not captured, conn->start is not the start of the connection. */
static bool put_latency_banner(struct json *j, const struct json_view *v)
{
	const struct conn *conn = v->report->record.conn;

	return json_put_wait(j, conn->start, v->report->record.session->ts_banner) &&
	       conn->flow[CLIENT].syn;
}

static bool put_latency_hello(struct json *j, const struct json_view *v)
{
	const struct session_info *info = v->report->record.session;

	return json_put_wait(j, info->ts_hello, info->ts_hello_reply);
}

static bool put_latency_end(struct json *j, const struct json_view *v)
{
	int64_t waited = acceptance_slowest(&v->report->record).waited;

	outbuf_seconds(j->b, waited);
	return waited > 0;
}

/* The client as a PROXY header names it. src_ip is then the address of the proxy. */
static bool put_proxied_ip(struct json *j, const struct json_view *v)
{
	if (v->report->record.session->proxied_port == 0)
		return false;
	json_addr(j, &v->report->record.session->proxied);
	return true;
}

static bool put_proxied_port(struct json *j, const struct json_view *v)
{
	uint16_t port = v->report->record.session->proxied_port;

	return port != 0 && put_number(j, port);
}

static bool put_refusals(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.session->refusals);
}

static bool put_flaws(struct json *j, const struct json_view *v)
{
	json_bits(j, v->report->record.session->flaws, flaw_name);
	return true;
}

static bool put_transactions(struct json *j, const struct json_view *v)
{
	struct json_view one = *v;

	outbuf_char(j->b, '[');
	for (one.transaction = v->report->record.session->first; one.transaction != NULL;
	     one.transaction = one.transaction->next) {
		json_comma(j);
		outbuf_char(j->b, '{');
		json_members(j, json_transaction_rows, &one);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
	return true;
}

/* A reader who counts messages needs the number of those that were not kept. */
static bool put_transactions_omitted(struct json *j, const struct json_view *v)
{
	uint32_t omitted = v->report->record.session->transactions_omitted;

	return omitted > 0 && put_number(j, omitted);
}

const struct json_row json_session_rows[] = {
	JSON_ROW(JSON_ROOT, "src_ip", put_src_ip),
	JSON_ROW(JSON_ROOT, "src_port", put_src_port),
	JSON_ROW(JSON_ROOT, "dest_ip", put_dest_ip),
	JSON_ROW(JSON_ROOT, "dest_port", put_dest_port),
	JSON_ROW(JSON_ROOT, "proto", put_proto),
	JSON_ROW(JSON_ROOT, "community_id", put_community_id),
	JSON_ROW(JSON_ROOT, "session_id", put_session_id),
	JSON_ROW(JSON_ROOT, "input", put_input),
	JSON_ROW(JSON_ROOT, "vlan", put_vlan),
	JSON_ROW(JSON_ROOT, "role", put_role),
	JSON_ROW(JSON_ROOT, "start", put_start),
	JSON_ROW(JSON_ROOT, "end", put_end),
	JSON_ROW(JSON_ROOT, "duration", put_duration),
	JSON_ROW(JSON_ENDING, "verdict", put_verdict),
	JSON_ROW(JSON_ENDING, "also", put_also),
	JSON_ROW(JSON_ENDING, "severity", put_severity),
	JSON_ROW(JSON_ENDING, "stage", put_stage),
	JSON_ROW(JSON_ENDING, "closer", put_closer),
	JSON_ROW(JSON_ENDING, "how", put_how),
	JSON_ROW(JSON_ENDING, "farewell", put_farewell),
	JSON_ROW(JSON_ENDING, "seen", put_seen),
	JSON_ROW(JSON_ENDING, "reason", put_reason),
	JSON_ROW(JSON_ENDING, "inferred", put_inferred),
	JSON_ROW(JSON_ENDING, "confidence", put_confidence),
	JSON_ROW(JSON_ROOT, "together", put_together),
	JSON_ROW(JSON_ROOT, "grouped", put_grouped),
	JSON_ROW(JSON_ROOT, "folded", put_limited),
	JSON_ROW(JSON_CAUSE, "id", put_cause_id),
	JSON_ROW(JSON_CAUSE, "confidence", put_cause_confidence),
	JSON_ROW(JSON_CAUSE, "evidence", put_cause_evidence),
	JSON_ROW(JSON_PROXIED, "ip", put_proxied_ip),
	JSON_ROW(JSON_PROXIED, "port", put_proxied_port),
	JSON_ROW(JSON_SMTP, "banner", put_banner),
	JSON_ROW(JSON_SMTP, "helo", put_helo),
	JSON_ROW(JSON_SMTP, "extensions", put_extensions),
	JSON_ROW(JSON_SMTP, "size_limit", put_size_limit),
	JSON_ROW(JSON_SMTP, "starttls", put_starttls),
	JSON_ROW(JSON_SMTP, "auth", put_auth),
	JSON_ROW(JSON_SMTP, "commands", put_commands),
	JSON_ROW(JSON_SMTP, "replies", put_replies),
	JSON_ROW(JSON_SMTP, "refusals", put_refusals),
	JSON_ROW(JSON_SMTP, "last_command", put_last_command),
	JSON_ROW(JSON_LAST_REPLY, "code", put_last_code),
	JSON_ROW(JSON_LAST_REPLY, "enhanced", put_last_enhanced),
	JSON_ROW(JSON_LAST_REPLY, "text", put_last_text),
	JSON_ROW(JSON_FAREWELL, "code", put_farewell_code),
	JSON_ROW(JSON_FAREWELL, "enhanced", put_farewell_enhanced),
	JSON_ROW(JSON_FAREWELL, "text", put_farewell_text),
	JSON_ROW(JSON_SMTP, "uncoded", put_uncoded),
	JSON_ROW(JSON_LATENCY, "connect", put_latency_connect),
	JSON_ROW(JSON_LATENCY, "banner", put_latency_banner),
	JSON_ROW(JSON_LATENCY, "hello", put_latency_hello),
	JSON_ROW(JSON_LATENCY, "end", put_latency_end),
	JSON_ROW(JSON_SMTP, "flaws", put_flaws),
	JSON_ROW(JSON_ROOT, "transactions", put_transactions),
	JSON_ROW(JSON_ROOT, "transactions_omitted", put_transactions_omitted),
	{0},
};
