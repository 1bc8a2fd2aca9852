/* json_fields.c - the facts of a session: a function and a row for each. The table at the end is the record's shape. */
#include "output/json.h"

static bool put_addr(struct json *j, const struct ip_addr *a)
{
	char text[IP_ADDR_TEXT];

	json_word(j, ip_addr_text(a, text));
	return true;
}

static bool put_src_ip(struct json *j, const struct json_view *v)
{
	return put_addr(j, &v->report->record.conn->addr[CLIENT]);
}

static bool put_dest_ip(struct json *j, const struct json_view *v)
{
	return put_addr(j, &v->report->record.conn->addr[SERVER]);
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

	identity_community(j->identity, v->report->record.conn, text);
	return put_word(j, text);
}

/* Unlike the Community ID it tells two sessions of one tuple apart. */
static bool put_session_id(struct json *j, const struct json_view *v)
{
	char text[IDENTITY_SESSION];

	identity_session(j->identity, v->report->record.conn, text);
	return put_word(j, text);
}

static bool put_input(struct json *j, const struct json_view *v)
{
	json_string(j, bytes_str(v->report->input));
	return true;
}

/* Written before it is known to be wanted: what a put function leaves behind is taken back if it returns false. */
static bool put_vlan(struct json *j, const struct json_view *v)
{
	const struct conn *conn = v->report->record.conn;

	outbuf_char(j->b, '[');
	for (unsigned i = 0; i < conn->vlans; i++) {
		json_comma(j);
		json_number(j, conn->vlan[i]);
	}
	outbuf_char(j->b, ']');
	return conn->vlans > 0;
}

static bool put_start(struct json *j, const struct json_view *v)
{
	json_time(j, v->report->record.conn->start);
	return true;
}

/* The same as the timestamp of the line, which other events have as well. */
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

static const char *verdict_bit_name(unsigned bit)
{
	return verdict_row((enum verdict)bit)->id;
}

/* Lists are written even if they are empty, so that a reader can loop over them without asking first. */
static bool put_also(struct json *j, const struct json_view *v)
{
	json_bits(j, v->report->record.judgement.also, verdict_bit_name);
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

/* Nothing is inferred as long as nothing hidden is judged; what was read is certain, and `unknown` claims nothing. */
static bool put_inferred(struct json *j, const struct json_view *v)
{
	(void)v;
	outbuf_str(j->b, "false");
	return true;
}

static bool put_confidence(struct json *j, const struct json_view *v)
{
	return put_word(j, "certain") && v->report->record.judgement.verdict != VERDICT_UNKNOWN;
}

static bool put_banner(struct json *j, const struct json_view *v)
{
	return json_put_note(j, &v->report->record.session->notes, NOTE_BANNER);
}

static bool put_helo(struct json *j, const struct json_view *v)
{
	return json_put_note(j, &v->report->record.session->notes, NOTE_HELO);
}

static bool put_extensions(struct json *j, const struct json_view *v)
{
	json_bits(j, v->report->record.session->extensions, smtp_extension_name);
	return true;
}

static bool put_size_limit(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.session->size_limit) && v->report->record.session->size_limit > 0;
}

static bool put_starttls(struct json *j, const struct json_view *v)
{
	return put_word(j, starttls_name(v->report->record.session->starttls));
}

/* The mechanism; what followed it was never kept. */
static bool put_auth(struct json *j, const struct json_view *v)
{
	return json_put_note(j, &v->report->record.session->notes, NOTE_AUTH);
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
	return json_put_note(j, &v->report->record.session->notes, NOTE_REPLY);
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
	for (one.transaction = v->report->record.session->first; one.transaction != NULL; one.transaction = one.transaction->next) {
		json_comma(j);
		outbuf_char(j->b, '{');
		json_members(j, json_transaction_rows, &one);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
	return true;
}

/* Without this a reader who counts messages would be wrong and not know it. */
static bool put_transactions_omitted(struct json *j, const struct json_view *v)
{
	uint32_t omitted = v->report->record.session->transactions_omitted;

	return put_number(j, omitted) && omitted > 0;
}

/* Of the streams, without what is missing from the capture. */
static bool put_client_bytes(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.conn->side[CLIENT].bytes);
}

static bool put_server_bytes(struct json *j, const struct json_view *v)
{
	return put_number(j, v->report->record.conn->side[SERVER].bytes);
}

/* A list of two: client, server. */
static bool put_pair(struct json *j, uint64_t client, uint64_t server)
{
	outbuf_char(j->b, '[');
	json_number(j, client);
	outbuf_char(j->b, ',');
	json_number(j, server);
	outbuf_char(j->b, ']');
	return true;
}

static bool put_gap_bytes(struct json *j, const struct json_view *v)
{
	const struct conn_side *side = v->report->record.conn->side;

	return put_pair(j, side[CLIENT].gap, side[SERVER].gap);
}

static bool put_retransmits(struct json *j, const struct json_view *v)
{
	const struct conn_side *side = v->report->record.conn->side;

	return put_pair(j, side[CLIENT].retransmits, side[SERVER].retransmits);
}

static bool put_rtt(struct json *j, const struct json_view *v)
{
	outbuf_seconds(j->b, v->report->record.conn->rtt);
	return v->report->record.conn->rtt > 0;
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
	JSON_ROW(JSON_SMTP, "banner", put_banner),
	JSON_ROW(JSON_SMTP, "helo", put_helo),
	JSON_ROW(JSON_SMTP, "extensions", put_extensions),
	JSON_ROW(JSON_SMTP, "size_limit", put_size_limit),
	JSON_ROW(JSON_SMTP, "starttls", put_starttls),
	JSON_ROW(JSON_SMTP, "auth", put_auth),
	JSON_ROW(JSON_SMTP, "commands", put_commands),
	JSON_ROW(JSON_SMTP, "replies", put_replies),
	JSON_ROW(JSON_SMTP, "last_command", put_last_command),
	JSON_ROW(JSON_LAST_REPLY, "code", put_last_code),
	JSON_ROW(JSON_LAST_REPLY, "enhanced", put_last_enhanced),
	JSON_ROW(JSON_LAST_REPLY, "text", put_last_text),
	JSON_ROW(JSON_SMTP, "flaws", put_flaws),
	JSON_ROW(JSON_ROOT, "transactions", put_transactions),
	JSON_ROW(JSON_ROOT, "transactions_omitted", put_transactions_omitted),
	JSON_ROW(JSON_NET, "client_bytes", put_client_bytes),
	JSON_ROW(JSON_NET, "server_bytes", put_server_bytes),
	JSON_ROW(JSON_NET, "gap_bytes", put_gap_bytes),
	JSON_ROW(JSON_NET, "retransmits", put_retransmits),
	JSON_ROW(JSON_NET, "rtt", put_rtt),
	{0},
};
