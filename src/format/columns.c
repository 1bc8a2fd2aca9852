/* columns.c - the field table of csv, zeek and ecs, and the values that alert_fields does not have.
 */
#include "format/columns.h"

#include "core/tls/suite.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/frame.h"
#include "text/escape.h"

static const struct record *record(const struct alert_view *v)
{
	return &v->report->record;
}

/* word: NULL or empty if not known. */
static bool put_word(struct outbuf *b, const char *word)
{
	outbuf_str(b, word != NULL ? word : "");
	return word != NULL && word[0] != '\0';
}

static bool put_count(struct outbuf *b, uint64_t n)
{
	outbuf_number(b, n);
	return true;
}

static bool put_dataset(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "smtpwatch.session");
}

static bool put_module(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "smtpwatch");
}

static bool put_ecs_version(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "8.11.0");
}

static bool put_kind(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, report_alerts(v->report) != 0 ? "alert" : "event");
}

static bool put_category(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "email\nnetwork");
}

static bool put_type(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "connection\nend");
}

static bool put_protocol(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "smtp");
}

static bool put_transport(struct outbuf *b, const struct alert_view *v)
{
	(void)v;
	return put_word(b, "tcp");
}

static bool put_family(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, ip_addr_is_v4(&record(v)->conn->addr[SERVER]) ? "ipv4" : "ipv6");
}

static bool put_epoch(struct outbuf *b, const struct alert_view *v)
{
	outbuf_seconds(b, record(v)->conn->start);
	return true;
}

static bool put_address(struct outbuf *b, const struct alert_view *v, enum side side)
{
	char text[IP_ADDR_TEXT];

	return put_word(b, ip_addr_text(&record(v)->conn->addr[side], text));
}

static bool put_client_ip(struct outbuf *b, const struct alert_view *v)
{
	return put_address(b, v, CLIENT);
}

static bool put_server_ip(struct outbuf *b, const struct alert_view *v)
{
	return put_address(b, v, SERVER);
}

static bool put_client_port(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->conn->port[CLIENT]);
}

static bool put_server_port(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->conn->port[SERVER]);
}

static bool put_duration(struct outbuf *b, const struct alert_view *v)
{
	outbuf_seconds(b, record(v)->end - record(v)->conn->start);
	return record(v)->end >= record(v)->conn->start;
}

/* ECS has durations in nanoseconds. */
static bool put_duration_ns(struct outbuf *b, const struct alert_view *v)
{
	int64_t ns = record(v)->end - record(v)->conn->start;

	return ns >= 0 && put_count(b, (uint64_t)ns);
}

static bool put_alert(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, report_alerts(v->report) != 0 ? "true" : "false");
}

static bool put_also(struct outbuf *b, const struct alert_view *v)
{
	const char *between = "";

	for (uint64_t left = v->report->also; left != 0; left &= left - 1) {
		outbuf_format(b, "%s%s", between,
			      alert_kind_row((unsigned)__builtin_ctzll(left))->id);
		between = "\n";
	}
	return v->report->also != 0;
}

static bool put_severity_number(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, report_severity(v->report, v->kind));
}

static bool put_closer(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, closer_name(record(v)->ending->closer));
}

static bool put_how(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, how_name(record(v)->ending->how));
}

static bool put_farewell(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, farewell_name(record(v)->ending->farewell));
}

static bool put_seen(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, seen_name(record(v)->ending->seen));
}

static bool put_reason(struct outbuf *b, const struct alert_view *v)
{
	char text[512] = "";

	verdict_reason(record(v)->ending, &record(v)->judgement, text, sizeof(text));
	return put_word(b, text);
}

static bool put_confidence(struct outbuf *b, const struct alert_view *v)
{
	const struct cause *c = report_cause(v->report);

	return c != NULL && put_word(b, confidence_name(c->confidence));
}

static bool put_evidence(struct outbuf *b, const struct alert_view *v)
{
	const struct cause *c = report_cause(v->report);

	for (unsigned i = 0; c != NULL && i < c->evidences; i++) {
		outbuf_str(b, i > 0 ? "\n" : "");
		escape_text(b, bytes_str(c->evidence[i]));
	}
	return c != NULL && c->evidences > 0;
}

static bool put_accepted(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->session->fates[FATE_ACCEPTED]);
}

/* All recipients that were kept of the alert's message (alert_message_of). */
static bool put_recipients(struct outbuf *b, const struct alert_view *v)
{
	const struct transaction *t = alert_message_of(v);
	struct string string;
	uint16_t pos = 0;
	bool any = false;

	while (t != NULL && strings_next(&t->strings, &pos, &string))
		if (string.tag == STRING_RCPT) {
			outbuf_str(b, any ? "\n" : "");
			escape_text(b, string.text);
			any = true;
		}
	return any;
}

static bool put_size(struct outbuf *b, const struct alert_view *v)
{
	const struct transaction *t = alert_message_of(v);

	return t != NULL && put_count(b, t->bytes);
}

static bool put_starttls(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, starttls_name((enum starttls)record(v)->session->starttls));
}

static bool put_tls_version(struct outbuf *b, const struct alert_view *v)
{
	return put_word(b, tls_version_name(record(v)->session->tls_version));
}

static bool put_tls_cipher(struct outbuf *b, const struct alert_view *v)
{
	const struct tls_suite *row = tls_suite_find(record(v)->session->tls_suite);

	return row != NULL && put_word(b, row->name);
}

static bool put_sni(struct outbuf *b, const struct alert_view *v)
{
	struct bytes text = strings_find(&record(v)->session->strings, STRING_TLS_NAME).text;

	escape_text(b, text);
	return text.p != NULL;
}

static bool put_client_bytes(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->conn->flow[CLIENT].bytes);
}

static bool put_server_bytes(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->conn->flow[SERVER].bytes);
}

static bool put_missed(struct outbuf *b, const struct alert_view *v)
{
	return put_count(b, record(v)->conn->flow[CLIENT].gap + record(v)->conn->flow[SERVER].gap);
}

static bool put_retransmits(struct outbuf *b, const struct alert_view *v)
{
	const struct conn_side *side = record(v)->conn->side;

	return put_count(b, (uint64_t)side[CLIENT].retransmits + side[SERVER].retransmits);
}

const struct column columns[] = {
	{{NULL, "ts", NULL}, COLUMN_TIME, put_epoch},
	{{"session_id", "uid", "event.id"}, COLUMN_WORD, NULL},
	{{"end", NULL, "@timestamp"}, COLUMN_WORD, NULL},
	{{"start", NULL, "event.start"}, COLUMN_WORD, NULL},
	{{NULL, NULL, "ecs.version"}, COLUMN_WORD, put_ecs_version},
	{{NULL, NULL, "event.kind"}, COLUMN_WORD, put_kind},
	{{NULL, NULL, "event.module"}, COLUMN_WORD, put_module},
	{{NULL, NULL, "event.dataset"}, COLUMN_WORD, put_dataset},
	{{NULL, NULL, "event.category"}, COLUMN_LIST, put_category},
	{{NULL, NULL, "event.type"}, COLUMN_LIST, put_type},
	{{NULL, NULL, "network.protocol"}, COLUMN_WORD, put_protocol},
	{{NULL, NULL, "network.transport"}, COLUMN_WORD, put_transport},
	{{NULL, NULL, "network.type"}, COLUMN_WORD, put_family},
	{{"client_ip", "id.orig_h", "source.ip"}, COLUMN_ADDR, put_client_ip},
	{{"client_port", "id.orig_p", "source.port"}, COLUMN_PORT, put_client_port},
	{{"server_ip", "id.resp_h", "destination.ip"}, COLUMN_ADDR, put_server_ip},
	{{"server_port", "id.resp_p", "destination.port"}, COLUMN_PORT, put_server_port},
	{{"duration", "duration", NULL}, COLUMN_INTERVAL, put_duration},
	{{NULL, NULL, "event.duration"}, COLUMN_NUMBER, put_duration_ns},
	{{"verdict", "verdict", "rule.name"}, COLUMN_WORD, NULL},
	{{"also", "also", "smtpwatch.also"}, COLUMN_LIST, put_also},
	{{"severity", "severity", "log.level"}, COLUMN_WORD, NULL},
	{{NULL, NULL, "event.severity"}, COLUMN_NUMBER, put_severity_number},
	{{"alert", "alert", NULL}, COLUMN_BOOL, put_alert},
	{{"stage", "stage", "smtpwatch.stage"}, COLUMN_WORD, NULL},
	{{"closer", "closer", "smtpwatch.closer"}, COLUMN_WORD, put_closer},
	{{"how", "how", "smtpwatch.how"}, COLUMN_WORD, put_how},
	{{"farewell", "farewell", "smtpwatch.farewell"}, COLUMN_WORD, put_farewell},
	{{"seen", "seen", "smtpwatch.seen"}, COLUMN_WORD, put_seen},
	{{"reason", "reason", "event.reason"}, COLUMN_WORD, put_reason},
	{{"cause", "cause", "smtpwatch.cause.id"}, COLUMN_WORD, NULL},
	{{"cause_confidence", "cause_confidence", "smtpwatch.cause.confidence"},
	 COLUMN_WORD,
	 put_confidence},
	{{"evidence", "evidence", "smtpwatch.cause.evidence"}, COLUMN_LIST, put_evidence},
	{{"helo", "helo", "smtpwatch.helo"}, COLUMN_WORD, NULL},
	{{"banner", "banner", "smtpwatch.banner"}, COLUMN_WORD, NULL},
	{{"starttls", "starttls", "smtpwatch.starttls"}, COLUMN_WORD, put_starttls},
	{{"tls_version", "tls_version", "tls.version"}, COLUMN_WORD, put_tls_version},
	{{"tls_cipher", "tls_cipher", "tls.cipher"}, COLUMN_WORD, put_tls_cipher},
	{{"tls_sni", "tls_sni", "tls.client.server_name"}, COLUMN_WORD, put_sni},
	{{"code", "last_reply_code", "smtpwatch.reply.code"}, COLUMN_NUMBER, NULL},
	{{"reply", "last_reply", "smtpwatch.reply.text"}, COLUMN_WORD, NULL},
	{{"messages", "messages", "smtpwatch.messages"}, COLUMN_NUMBER, NULL},
	{{"accepted", "accepted", "smtpwatch.accepted"}, COLUMN_NUMBER, put_accepted},
	{{"fate", "fate", "smtpwatch.fate"}, COLUMN_WORD, NULL},
	{{"from", "mailfrom", "email.from.address"}, COLUMN_WORD, NULL},
	{{"to", "rcptto", "email.to.address"}, COLUMN_LIST, put_recipients},
	{{"rcpt_count", "rcpt_count", "smtpwatch.rcpt_count"}, COLUMN_NUMBER, NULL},
	{{"message_id", "msg_id", "email.message_id"}, COLUMN_WORD, NULL},
	{{"queue_id", "queue_id", "smtpwatch.queue_id"}, COLUMN_WORD, NULL},
	{{"bytes", "message_bytes", "smtpwatch.message_bytes"}, COLUMN_NUMBER, put_size},
	{{"client_bytes", "orig_bytes", "source.bytes"}, COLUMN_NUMBER, put_client_bytes},
	{{"server_bytes", "resp_bytes", "destination.bytes"}, COLUMN_NUMBER, put_server_bytes},
	{{"missed_bytes", "missed_bytes", "smtpwatch.missed_bytes"}, COLUMN_NUMBER, put_missed},
	{{"retransmits", "retransmits", "smtpwatch.retransmits"}, COLUMN_NUMBER, put_retransmits},
	{{"community_id", "community_id", "network.community_id"}, COLUMN_WORD, NULL},
	{{"input", "input", "smtpwatch.input"}, COLUMN_WORD, NULL},
	{{"pcap", "pcap", "smtpwatch.pcap"}, COLUMN_WORD, NULL},
	{{NULL, NULL, NULL}, COLUMN_WORD, NULL},
};

const struct column *columns_next(enum column_format f, size_t *at)
{
	while (*at < sizeof(columns) / sizeof(columns[0]) - 1)
		if (columns[(*at)++].name[f] != NULL)
			return &columns[*at - 1];
	return NULL;
}

const char *column_type(enum column_kind kind)
{
	static const char *const types[] = {
		[COLUMN_WORD] = "string",       [COLUMN_NUMBER] = "count",
		[COLUMN_INTERVAL] = "interval", [COLUMN_TIME] = "time",
		[COLUMN_BOOL] = "bool",         [COLUMN_LIST] = "vector[string]",
		[COLUMN_ADDR] = "addr",         [COLUMN_PORT] = "port"};

	return types[kind];
}

bool column_value(const struct column *c, struct outbuf *b, const struct alert_view *v)
{
	if (c->put != NULL)
		return c->put(b, v);
	for (const struct alert_field *row = alert_fields; row->name != NULL; row++)
		if (strcmp(row->name, c->name[COLUMN_CSV]) == 0)
			return row->put(b, v);
	return false;
}
