/* hello.c - reads hellos. All lengths are checked against what is at hand. */
#include "core/tls/hello.h"

enum extension {
	EXT_SERVER_NAME = 0,
	EXT_ALPN = 16,
	EXT_ENCRYPT_THEN_MAC = 22,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43
};

/* The "random" of a HelloRetryRequest: SHA-256 of its name (RFC 8446 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11,
						 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
						 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E,
						 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

/* A reader that stays at the end once something was missing. */
struct reader {
	struct bytes in;
	bool bad;
};

static struct bytes take(struct reader *r, size_t n)
{
	if (n > r->in.n || r->bad) {
		r->bad = true;
		return bytes_of(NULL, 0);
	}
	struct bytes part = bytes_first(r->in, n);
	r->in = bytes_from(r->in, n);
	return part;
}

static unsigned number(struct reader *r, size_t n)
{
	struct bytes part = take(r, n);
	unsigned value = 0;
	for (size_t i = 0; i < part.n; i++)
		value = value << 8 | part.p[i];
	return value;
}

/* A vector whose length stands before it in n bytes. */
static struct reader vector(struct reader *r, size_t n)
{
	struct reader v = {.in = take(r, number(r, n))};
	v.bad = r->bad;
	return v;
}

/* RFC 6066 3: a list of names, of which only host names (0) exist. */
static struct bytes server_name(struct reader ext)
{
	struct reader list = vector(&ext, 2);
	return number(&list, 1) == 0 ? vector(&list, 2).in : bytes_of(NULL, 0);
}

static struct bytes first_protocol(struct reader ext)
{
	struct reader list = vector(&ext, 2);
	return vector(&list, 1).in;
}

static void extension_read(unsigned type, struct reader ext, bool client, struct tls_hello *out)
{
	if (type == EXT_ENCRYPT_THEN_MAC)
		out->encrypt_then_mac = true;
	else if (type == EXT_EARLY_DATA)
		out->early_data = true;
	else if (type == EXT_SUPPORTED_VERSIONS && !client && ext.in.n == 2)
		out->version = (uint16_t)number(&ext, 2);
	else if (type == EXT_ALPN)
		out->protocol = first_protocol(ext);
	else if (type == EXT_SERVER_NAME && client)
		out->server_name = server_name(ext);
}

/* A message whose end was not kept has lost only extensions: what was read of them stands. */
static bool extensions_read(struct reader *r, bool client, struct tls_hello *out)
{
	if (!r->bad && r->in.n == 0)
		return true;
	unsigned length = number(r, 2);
	struct reader list = {.in = bytes_first(r->in, length), .bad = r->bad || length > r->in.n};
	bool cut = list.bad;
	list.bad = r->bad;
	while (!list.bad && list.in.n > 0) {
		unsigned type = number(&list, 2);
		struct reader ext = vector(&list, 2);
		if (!list.bad)
			extension_read(type, ext, client, out);
	}
	return !cut && !list.bad;
}

static void random_read(struct reader *r, struct tls_hello *out)
{
	out->version = (uint16_t)number(r, 2);
	out->random = take(r, TLS_RANDOM);
	vector(r, 1); /* the session's id */
}

static bool client_read(struct reader *r, struct tls_hello *out)
{
	random_read(r, out);
	vector(r, 2);
	vector(r, 1);
	return extensions_read(r, true, out);
}

static bool server_read(struct reader *r, struct tls_hello *out)
{
	random_read(r, out);
	out->retry = bytes_equal(out->random, bytes_of(retry_random, sizeof retry_random));
	out->suite = (uint16_t)number(r, 2);
	out->compression = (uint8_t)number(r, 1);
	return extensions_read(r, false, out);
}

bool tls_hello_read(const struct tls_message *m, struct tls_hello *out)
{
	struct reader r = {.in = m->body};
	*out = (struct tls_hello){0};
	switch (m->type) {
	case TLS_CLIENT_HELLO:
		return client_read(&r, out);
	case TLS_SERVER_HELLO:
		return server_read(&r, out);
	case TLS_ENCRYPTED_EXTENSIONS:
		return extensions_read(&r, false, out);
	default:
		return false;
	}
}

/* Of TLS 1.3 a context stands before the list (RFC 8446 4.4.2). */
struct bytes tls_hello_certificate(const struct tls_message *m, bool tls13)
{
	struct reader r = {.in = m->body};
	if (m->type != TLS_CERTIFICATE)
		return bytes_of(NULL, 0);
	if (tls13)
		vector(&r, 1);
	number(&r, 3);
	unsigned length = number(&r, 3);
	return r.bad ? bytes_of(NULL, 0) : bytes_first(r.in, length);
}
