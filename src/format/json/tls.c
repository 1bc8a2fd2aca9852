/* tls.c - the fields of a session's TLS, from its handshake, its records and, with keys, its
 * content. */
#include "core/tls/record.h"
#include "core/tls/suite.h"
#include "format/json/json.h"
#include "smtpwatch/verdict.h"

static const struct session_info *tls_info_of(const struct json_view *v)
{
	return v->report->record.session;
}

static bool put_version(struct json *j, const struct json_view *v)
{
	const char *name = tls_version_name(tls_info_of(v)->tls_version);

	if (name != NULL)
		json_word(j, name);
	return name != NULL;
}

/* A cipher suite without a name in the table is written as its number. */
static bool put_cipher(struct json *j, const struct json_view *v)
{
	uint16_t suite = tls_info_of(v)->tls_suite;
	const struct tls_suite *row = tls_suite_find(suite);

	if (row != NULL)
		json_word(j, row->name);
	else
		outbuf_format(j->b, "\"0x%04x\"", suite);
	return suite != 0;
}

static bool put_sni(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &tls_info_of(v)->strings, STRING_TLS_NAME);
}

static bool put_alpn(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &tls_info_of(v)->strings, STRING_TLS_PROTOCOL);
}

static bool put_decrypted(struct json *j, const struct json_view *v)
{
	outbuf_str(j->b, tls_info_of(v)->tls_decrypted ? "true" : "false");
	return true;
}

static bool put_close_notify(struct json *j, const struct json_view *v)
{
	const bool *notified = tls_info_of(v)->tls_close_notify;

	outbuf_char(j->b, '[');
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (notified[side]) {
			json_comma(j);
			json_word(j, side == CLIENT ? "client" : "server");
		}
	outbuf_char(j->b, ']');
	return notified[CLIENT] || notified[SERVER];
}

static bool put_handshake(struct json *j, const struct json_view *v)
{
	json_word(j, tls_info_of(v)->tls_done ? "finished" : "unfinished");
	return true;
}

/* Names what the client waited for when the server closed the connection. */
static bool put_pending(struct json *j, const struct json_view *v)
{
	static const char *const names[] = {"nothing", "command", "message"};
	const struct record *r = &v->report->record;

	if (r->judgement.verdict != VERDICT_TLS_BROKEN_OFF)
		return false;
	json_word(j, names[r->ending->tls.pending]);
	return true;
}

static bool put_alert_by(struct json *j, const struct json_view *v)
{
	json_word(j, tls_info_of(v)->tls_alert_side == SERVER ? "server" : "client");
	return tls_info_of(v)->tls_alert;
}

static bool put_alert_code(struct json *j, const struct json_view *v)
{
	json_number(j, tls_info_of(v)->tls_alert_description);
	return tls_info_of(v)->tls_alert;
}

static bool put_alert_name(struct json *j, const struct json_view *v)
{
	json_word(j, tls_alert_name(tls_info_of(v)->tls_alert_description));
	return tls_info_of(v)->tls_alert;
}

static bool put_subject(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &tls_info_of(v)->strings, STRING_TLS_SUBJECT);
}

static bool put_issuer(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &tls_info_of(v)->strings, STRING_TLS_ISSUER);
}

static bool put_expires(struct json *j, const struct json_view *v)
{
	return json_put_time(j, tls_info_of(v)->tls_expires);
}

const struct json_row json_tls_rows[] = {
	JSON_ROW(JSON_TLS, "version", put_version),
	JSON_ROW(JSON_TLS, "cipher", put_cipher),
	JSON_ROW(JSON_TLS, "sni", put_sni),
	JSON_ROW(JSON_TLS, "alpn", put_alpn),
	JSON_ROW(JSON_TLS, "decrypted", put_decrypted),
	JSON_ROW(JSON_TLS, "close_notify", put_close_notify),
	JSON_ROW(JSON_TLS, "handshake", put_handshake),
	JSON_ROW(JSON_TLS, "pending", put_pending),
	JSON_ROW(JSON_TLS_ALERT, "by", put_alert_by),
	JSON_ROW(JSON_TLS_ALERT, "code", put_alert_code),
	JSON_ROW(JSON_TLS_ALERT, "name", put_alert_name),
	JSON_ROW(JSON_CERTIFICATE, "subject", put_subject),
	JSON_ROW(JSON_CERTIFICATE, "issuer", put_issuer),
	JSON_ROW(JSON_CERTIFICATE, "not_after", put_expires),
	{0},
};
