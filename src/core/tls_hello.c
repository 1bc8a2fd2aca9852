/* tls_hello.c - handshake messages in clear, and what hellos say. All lengths are checked against what is at hand. */
#include "core/tls_hello.h"

enum { HEAD = 4, RANDOM = 32 };
enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16, EXT_ENCRYPT_THEN_MAC = 22, EXT_SUPPORTED_VERSIONS = 43 };

static uint32_t number(struct bytes b, size_t n)
{
	uint32_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | b.p[i];
	return v;
}

bool tls_clear_next(struct tls_clear *c, struct pool *pool, struct bytes *in, struct tls_message *out)
{
	if (c->over)
		return false;
	if (!c->block && !(c->block = pool_get(pool, TLS_CLEAR_ROOM))) {
		c->over = true;
		return false;
	}
	/* Byte by byte only up to the length; then as much as belongs to the message. */
	while (in->n > 0) {
		uint32_t want = c->n < HEAD ? HEAD : HEAD + number(bytes_of(c->block + 1, 3), 3);
		uint32_t keep = want < TLS_CLEAR_ROOM ? want : TLS_CLEAR_ROOM;
		struct bytes some = bytes_first(*in, keep - c->n);
		memcpy(c->block + c->n, some.p, some.n);
		c->n = (uint16_t)(c->n + some.n);
		*in = bytes_from(*in, some.n);
		if (c->n < keep || c->n < HEAD)
			return false;
		want = HEAD + number(bytes_of(c->block + 1, 3), 3);
		if (c->n < want && c->n < TLS_CLEAR_ROOM)
			continue;
		*out = (struct tls_message){c->block[0], bytes_of(c->block + HEAD, c->n - HEAD)};
		return true;
	}
	return false;
}

/* What lies behind a message that was cut cannot be found any more. */
void tls_clear_done(struct tls_clear *c)
{
	c->over = c->n == TLS_CLEAR_ROOM;
	c->n = 0;
}

void tls_clear_end(struct tls_clear *c, struct pool *pool)
{
	c->over = true;
	if (c->block)
		pool_put(pool, c->block, TLS_CLEAR_ROOM);
	c->block = NULL;
}

/* Takes a vector off *in, whose length stands before it in n bytes. False: it is not all there. */
static bool vector_take(struct bytes *in, size_t n, struct bytes *out)
{
	if (in->n < n)
		return false;
	uint32_t length = number(*in, n);
	*in = bytes_from(*in, n);
	if (in->n < length)
		return false;
	*out = bytes_first(*in, length);
	*in = bytes_from(*in, length);
	return true;
}

static bool skip(struct bytes *in, size_t n)
{
	if (in->n < n)
		return false;
	*in = bytes_from(*in, n);
	return true;
}

static void extension_read(uint32_t type, struct bytes body, bool client, struct tls_hello *out)
{
	struct bytes list, one;
	if (type == EXT_ENCRYPT_THEN_MAC)
		out->encrypt_then_mac = true;
	else if (type == EXT_SUPPORTED_VERSIONS && !client && body.n == 2)
		out->version = (uint16_t)number(body, 2);
	else if (type == EXT_ALPN && vector_take(&body, 2, &list) && vector_take(&list, 1, &one))
		out->protocol = one;
	else if (type == EXT_SERVER_NAME && client && vector_take(&body, 2, &list) && skip(&list, 1) && vector_take(&list, 2, &one))
		out->server_name = one;
}

static bool extensions_read(struct bytes in, bool client, struct tls_hello *out)
{
	struct bytes all, body;
	if (in.n == 0)
		return true;
	if (!vector_take(&in, 2, &all))
		return false;
	while (all.n >= 2) {
		uint32_t type = number(all, 2);
		all = bytes_from(all, 2);
		if (!vector_take(&all, 2, &body))
			return false;
		extension_read(type, body, client, out);
	}
	return all.n == 0;
}

bool tls_hello_read(const struct tls_message *m, struct tls_hello *out)
{
	struct bytes in = m->body, ignored;
	bool client = m->type == TLS_CLIENT_HELLO;
	*out = (struct tls_hello){0};
	if ((!client && m->type != TLS_SERVER_HELLO) || in.n < 2)
		return false;
	out->version = (uint16_t)number(in, 2);
	if (!skip(&in, 2 + RANDOM) || !vector_take(&in, 1, &ignored))
		return false;
	if (client)
		return vector_take(&in, 2, &ignored) && vector_take(&in, 1, &ignored) && extensions_read(in, client, out);
	if (in.n < 3)
		return false;
	out->suite = (uint16_t)number(in, 2);
	return skip(&in, 3) && extensions_read(in, client, out);
}

struct bytes tls_hello_certificate(const struct tls_message *m)
{
	struct bytes in = m->body;
	if (m->type != TLS_CERTIFICATE || in.n < 6)
		return bytes_of(NULL, 0);
	uint32_t length = number(bytes_from(in, 3), 3);
	return bytes_first(bytes_from(in, 6), length);
}
