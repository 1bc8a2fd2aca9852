/* json_tls.c - what is known of a session's TLS: a function and a row for each fact. */
#include "output/json.h"

static const struct session_facts *facts(const struct json_view *v)
{
	return v->report->record.session;
}

/* As people write it: 0x0304 is 1.3 (RFC 8446 4.2.1). */
static bool put_version(struct json *j, const struct json_view *v)
{
	unsigned version = facts(v)->tls_version;

	if (version <= 0x0300 || version > 0x0304)
		return false;
	outbuf_format(j->b, "\"1.%u\"", (version & 0xff) - 1);
	return true;
}

/* OpenSSL's name of it; of one that is not in the table, its number. */
static bool put_cipher(struct json *j, const struct json_view *v)
{
	if (facts(v)->tls_version == 0)
		return false;
	if (facts(v)->tls_suite_name != NULL)
		json_word(j, facts(v)->tls_suite_name);
	else
		outbuf_format(j->b, "\"0x%04x\"", facts(v)->tls_suite);
	return true;
}

static bool put_sni(struct json *j, const struct json_view *v)
{
	return json_put_note(j, &facts(v)->notes, NOTE_TLS_SNI);
}

static bool put_alpn(struct json *j, const struct json_view *v)
{
	return json_put_note(j, &facts(v)->notes, NOTE_TLS_ALPN);
}

static bool put_decrypted(struct json *j, const struct json_view *v)
{
	outbuf_str(j->b, facts(v)->tls_opened ? "true" : "false");
	return facts(v)->tls_version != 0;
}

static bool put_close_notify(struct json *j, const struct json_view *v)
{
	const bool *said = facts(v)->tls_close_notify;

	outbuf_char(j->b, '[');
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (said[side]) {
			json_comma(j);
			json_word(j, side == CLIENT ? "client" : "server");
		}
	outbuf_char(j->b, ']');
	return said[CLIENT] || said[SERVER];
}

const struct json_row json_tls_rows[] = {
	JSON_ROW(JSON_TLS, "version", put_version),
	JSON_ROW(JSON_TLS, "cipher", put_cipher),
	JSON_ROW(JSON_TLS, "sni", put_sni),
	JSON_ROW(JSON_TLS, "alpn", put_alpn),
	JSON_ROW(JSON_TLS, "decrypted", put_decrypted),
	JSON_ROW(JSON_TLS, "close_notify", put_close_notify),
	{0},
};
