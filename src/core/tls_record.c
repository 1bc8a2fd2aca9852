/* tls_record.c - walks the records of one side of a TLS connection; no key is needed, and none of the contents is kept. */
#include "core/tls_record.h"

enum {
	HEADER = 5,
	RECORD_MAX = (1 << 14) + 2048, /* RFC 5246 6.2.3; TLS 1.3 allows less */
	ALERT = 2,                     /* an alert in clear, wherever it stands: with a MAC or a tag none is so short */
	SEALED_ALERT = 2 + 1 + 16,     /* one of TLS 1.3 (RFC 8446 5.2: alert, type, tag): shorter than any Finished */
	HELLO = 4                      /* type and length of a handshake message (RFC 8446 4) */
};

/* Beside the types' bits in `seen`: handshake or mail that only keys can read has passed; and the record under way looks like a hello in clear so far. */
enum { SEEN_SEALED = 1 << 7, SEEN_HELLO = 1 << 6 };

static unsigned record_length(const struct tls_side *t)
{
	return (unsigned)t->header[3] << 8 | t->header[4];
}

static bool header_sane(const struct tls_side *t)
{
	unsigned length = record_length(t);
	bool type = t->header[0] >= TLS_CHANGE_CIPHER_SPEC && t->header[0] <= TLS_APPLICATION;
	return type && t->header[1] == 3 && length <= RECORD_MAX && (length > 0 || t->header[0] == TLS_APPLICATION);
}

/*
 * Behind ChangeCipherSpec a handshake record is sealed in TLS 1.2. In TLS 1.3 it is a second hello in clear, behind a HelloRetryRequest (RFC 8446 4.1.4, D.4): told by its first bytes.
 */
static void record_begin(struct tls_side *t)
{
	unsigned type = t->header[0], length = record_length(t);
	t->records++;
	t->left = length;
	t->seen &= (uint8_t)~SEEN_HELLO;
	if (type == TLS_HANDSHAKE && t->encrypted)
		t->seen |= length >= HELLO ? SEEN_HELLO : SEEN_SEALED;
	else if (type == TLS_APPLICATION && length != SEALED_ALERT && length > 0)
		t->seen |= SEEN_SEALED;
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
	unsigned rest = record_length(t) - HELLO;
	bool fits = at == 0 ? byte == 1 || byte == 2 : byte == (uint8_t)(rest >> 8 * (HELLO - 1 - at));
	if (!fits)
		t->seen = (uint8_t)((t->seen & ~SEEN_HELLO) | SEEN_SEALED);
}

static void body_take(struct tls_side *t, struct bytes *in)
{
	unsigned at = record_length(t) - t->left;
	struct bytes body = bytes_first(*in, t->left);
	bool alert = t->header[0] == TLS_ALERT && record_length(t) == ALERT;
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
	if (t->n < HEADER)
		return;
	t->n = 0;
	if (header_sane(t))
		record_begin(t);
	else
		t->broken = true;
}

void tls_side_push(struct tls_side *t, struct bytes in)
{
	while (in.n > 0 && !t->broken) {
		if (t->left > 0)
			body_take(t, &in);
		else
			header_take(t, &in);
	}
}

void tls_side_gap(struct tls_side *t, uint64_t len)
{
	if (len > t->left || t->n > 0) {
		t->broken = true;
		return;
	}
	/* What was lost of its beginning might have shown a hello: hellos are rare. */
	if ((t->seen & SEEN_HELLO) && record_length(t) - t->left < HELLO)
		t->seen = (uint8_t)((t->seen & ~SEEN_HELLO) | SEEN_SEALED);
	t->left -= (uint32_t)len;
}

/* The client's Finished is the last of a full handshake in TLS 1.3, the server's in TLS 1.2; of a resumed one it is the other way about. */
bool tls_sides_done(const struct tls_side *client, const struct tls_side *server)
{
	return (client->seen & SEEN_SEALED) && (server->seen & SEEN_SEALED);
}
