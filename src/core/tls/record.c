/* record.c - walks the records of one side of a TLS connection; no key is needed, and none of
 * the contents is kept. */
#include "core/tls/record.h"

enum {
	ALERT = 2, /* an alert in clear, wherever it stands: with a MAC or a tag none is so short */
	ENCRYPTED_ALERT =
		2 + 1 +
		16, /* one of TLS 1.3 (RFC 8446 5.2: alert, type, tag): shorter than any Finished */
	HELLO = 4   /* type and length of a handshake message (RFC 8446 4) */
};

/* Beside the types' bits in `seen`: handshake or mail that only keys can read has passed; and the
 * record under way looks like a hello in clear so far. */
enum { SEEN_ENCRYPTED = 1 << 7, SEEN_HELLO = 1 << 6 };

unsigned tls_record_length(const uint8_t head[TLS_RECORD_HEAD])
{
	return (unsigned)head[3] << 8 | head[4];
}

bool tls_record_sane(const uint8_t head[TLS_RECORD_HEAD])
{
	unsigned length = tls_record_length(head);
	bool type = head[0] >= TLS_CHANGE_CIPHER_SPEC && head[0] <= TLS_APPLICATION;
	return type && head[1] == 3 && length <= TLS_RECORD_MAX &&
	       (length > 0 || head[0] == TLS_APPLICATION);
}

unsigned tls_side_length(const struct tls_side *t)
{
	return tls_record_length(t->header);
}

/*
 * Behind ChangeCipherSpec a handshake record is sealed in TLS 1.2. In TLS 1.3 it is a second hello
 * in clear, behind a HelloRetryRequest (RFC 8446 4.1.4, D.4): told by its first bytes.
 */
static void record_begin(struct tls_side *t)
{
	unsigned type = t->header[0], length = tls_side_length(t);
	t->records++;
	t->left = length;
	t->seen &= (uint8_t)~SEEN_HELLO;
	if (type == TLS_HANDSHAKE && t->encrypted)
		t->seen |= length >= HELLO ? SEEN_HELLO : SEEN_ENCRYPTED;
	else if (type == TLS_APPLICATION && length != ENCRYPTED_ALERT && length > 0)
		t->seen |= SEEN_ENCRYPTED;
	t->seen |= (uint8_t)(1 << (type - TLS_CHANGE_CIPHER_SPEC));
	t->encrypted |= type == TLS_CHANGE_CIPHER_SPEC || type == TLS_APPLICATION;
}

static void alert_byte(struct tls_side *t, unsigned at, uint8_t byte)
{
	if (at == 0)
		t->alert_level = byte;
	else
		t->alert_description = byte;
	t->alert |= at == ALERT - 1;
}

/* A hello fills its record: 1 or 2, and the record's length without these four bytes. */
static void hello_byte(struct tls_side *t, unsigned at, uint8_t byte)
{
	unsigned rest = tls_side_length(t) - HELLO;
	bool fits = at == 0 ? byte == 1 || byte == 2
			    : byte == (uint8_t)(rest >> 8 * (HELLO - 1 - at));
	if (!fits)
		t->seen = (uint8_t)((t->seen & ~SEEN_HELLO) | SEEN_ENCRYPTED);
}

static void body_take(struct tls_side *t, struct bytes *in)
{
	unsigned at = tls_side_length(t) - t->left;
	struct bytes body = bytes_first(*in, t->left);
	bool alert = t->header[0] == TLS_ALERT && tls_side_length(t) == ALERT;
	for (size_t i = 0; i < body.n && at + i < HELLO; i++) {
		if (alert)
			alert_byte(t, at + (unsigned)i, body.p[i]);
		else if (t->seen & SEEN_HELLO)
			hello_byte(t, at + (unsigned)i, body.p[i]);
	}
	t->left -= (uint32_t)body.n;
	*in = bytes_from(*in, body.n);
}

/* The byte after n of a header. It stays until the next header begins. */
static void header_take(struct tls_side *t, struct bytes *in)
{
	t->header[t->n++] = *in->p;
	*in = bytes_from(*in, 1);
	if (t->n < TLS_RECORD_HEAD)
		return;
	t->n = 0;
	if (tls_record_sane(t->header))
		record_begin(t);
	else
		t->broken = true;
}

bool tls_side_next(struct tls_side *t, struct bytes *in, struct bytes *body)
{
	while (in->n > 0 && !t->broken) {
		*body = bytes_of(NULL, 0);
		if (t->left > 0) {
			*body = bytes_first(*in, t->left);
			body_take(t, in);
			return true;
		}
		header_take(t, in);
		if (t->n == 0 && !t->broken && t->left == 0)
			return true;
	}
	return false;
}

void tls_side_push(struct tls_side *t, struct bytes in)
{
	struct bytes body;
	while (tls_side_next(t, &in, &body))
		;
}

void tls_side_gap(struct tls_side *t, uint64_t len)
{
	if (len > t->left || t->n > 0) {
		t->broken = true;
		return;
	}
	/* What was lost of its beginning might have shown a hello: hellos are rare. */
	if ((t->seen & SEEN_HELLO) && tls_side_length(t) - t->left < HELLO)
		t->seen = (uint8_t)((t->seen & ~SEEN_HELLO) | SEEN_ENCRYPTED);
	t->left -= (uint32_t)len;
}

/* The client's Finished is the last of a full handshake in TLS 1.3, the server's in TLS 1.2; of a
 * resumed one it is the other way about. */
bool tls_sides_done(const struct tls_side *client, const struct tls_side *server)
{
	return (client->seen & SEEN_ENCRYPTED) && (server->seen & SEEN_ENCRYPTED);
}

/* RFC 8446 6, RFC 5246 7.2. */
static const struct alert_row {
	uint8_t description;
	const char *name;
} alert_rows[] = {
	{0, "close_notify"},
	{10, "unexpected_message"},
	{20, "bad_record_mac"},
	{22, "record_overflow"},
	{40, "handshake_failure"},
	{42, "bad_certificate"},
	{43, "unsupported_certificate"},
	{44, "certificate_revoked"},
	{45, "certificate_expired"},
	{46, "certificate_unknown"},
	{47, "illegal_parameter"},
	{48, "unknown_ca"},
	{49, "access_denied"},
	{50, "decode_error"},
	{51, "decrypt_error"},
	{70, "protocol_version"},
	{71, "insufficient_security"},
	{80, "internal_error"},
	{86, "inappropriate_fallback"},
	{90, "user_canceled"},
	{109, "missing_extension"},
	{110, "unsupported_extension"},
	{112, "unrecognized_name"},
	{113, "bad_certificate_status_response"},
	{115, "unknown_psk_identity"},
	{116, "certificate_required"},
	{120, "no_application_protocol"},
};

const char *tls_alert_name(uint8_t description)
{
	for (size_t i = 0; i < sizeof alert_rows / sizeof *alert_rows; i++)
		if (alert_rows[i].description == description)
			return alert_rows[i].name;
	return "unknown";
}
