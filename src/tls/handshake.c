/* handshake.c - reads the messages of a handshake that are in clear, and those that tell of what comes next. */
#include "tls/handshake.h"

enum { RANDOM = HANDSHAKE_RANDOM };

enum extension { EXT_SERVER_NAME = 0, EXT_ALPN = 16, EXT_ENCRYPT_THEN_MAC = 22, EXT_EARLY_DATA = 42, EXT_SUPPORTED_VERSIONS = 43 };

/* The "random" of a HelloRetryRequest: SHA-256 of its name (RFC 8446 4.1.3). */
static const uint8_t retry_random[RANDOM] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C,
					     0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
					     0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

void handshake_reset(struct handshake_side *h, struct pool *pool)
{
	pool_put(pool, h->body, h->room);
	*h = (struct handshake_side){0};
}

static uint32_t length_of(const struct handshake_side *h)
{
	return (uint32_t)h->head[1] << 16 | (uint32_t)h->head[2] << 8 | h->head[3];
}

static void head_byte(struct handshake_side *h, struct pool *pool, uint8_t byte)
{
	h->head[h->head_n++] = byte;
	if (h->head_n < sizeof h->head)
		return;
	bool read = h->head[0] == HANDSHAKE_CLIENT_HELLO || h->head[0] == HANDSHAKE_SERVER_HELLO ||
		    h->head[0] == HANDSHAKE_ENCRYPTED_EXTENSIONS;
	h->left = length_of(h);
	h->room = !read ? 0 : h->left < HANDSHAKE_KEPT ? h->left : HANDSHAKE_KEPT;
	h->body = h->room > 0 ? pool_get(pool, h->room) : NULL;
	h->room = h->body ? h->room : 0;
}

static void body_take(struct handshake_side *h, struct bytes *in)
{
	struct bytes part = bytes_first(*in, h->left);
	size_t room = h->room - h->n, kept = part.n < room ? part.n : room;
	if (kept > 0)
		memcpy(h->body + h->n, part.p, kept);
	h->n += (uint32_t)kept;
	h->left -= (uint32_t)part.n;
	*in = bytes_from(*in, part.n);
}

bool handshake_next(struct handshake_side *h, struct pool *pool, struct bytes *in, struct handshake_message *out)
{
	if (h->whole)
		handshake_reset(h, pool);
	while (in->n > 0 && !h->whole) {
		if (h->head_n < sizeof h->head) {
			head_byte(h, pool, in->p[0]);
			*in = bytes_from(*in, 1);
		} else {
			body_take(h, in);
		}
		h->whole = h->head_n == sizeof h->head && h->left == 0;
	}
	if (h->whole)
		*out = (struct handshake_message){.type = h->head[0], .length = length_of(h), .body = bytes_of(h->body, h->n)};
	return h->whole;
}

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
	return (struct reader){.in = take(r, number(r, n)), .bad = r->bad};
}

static void name_keep(char name[HANDSHAKE_NAME], uint8_t *n, struct bytes b)
{
	if (b.n == 0 || b.n >= HANDSHAKE_NAME)
		return;
	memcpy(name, b.p, b.n);
	*n = (uint8_t)b.n;
}

/* RFC 6066 3: a list of names, of which only host names (0) exist. */
static void sni_read(struct handshake *h, struct reader ext)
{
	struct reader list = vector(&ext, 2);
	if (number(&list, 1) != 0)
		return;
	name_keep(h->sni, &h->sni_n, vector(&list, 2).in);
}

static void client_extension(struct handshake *h, unsigned type, struct reader ext)
{
	if (type == EXT_SERVER_NAME)
		sni_read(h, ext);
	else if (type == EXT_EARLY_DATA)
		h->early = true;
}

static void server_extension(struct handshake *h, unsigned type, struct reader ext)
{
	if (type == EXT_ENCRYPT_THEN_MAC) {
		h->encrypt_then_mac = true;
	} else if (type == EXT_SUPPORTED_VERSIONS) {
		h->version = (uint16_t)number(&ext, 2);
	} else if (type == EXT_ALPN) {
		struct reader list = vector(&ext, 2);
		name_keep(h->alpn, &h->alpn_n, vector(&list, 1).in);
	} else if (type == EXT_EARLY_DATA) {
		h->early_accepted = true;
	}
}

/* A hello whose end was not kept has lost only extensions: what was read of them stands. */
static void extensions_read(struct handshake *h, struct reader *r, void (*one)(struct handshake *, unsigned, struct reader))
{
	unsigned length = number(r, 2);
	struct reader list = {.in = bytes_first(r->in, length), .bad = r->bad};
	while (!list.bad && list.in.n > 0) {
		unsigned type = number(&list, 2);
		struct reader ext = vector(&list, 2);
		if (!list.bad)
			one(h, type, ext);
	}
}

bool handshake_client_hello(struct handshake *h, struct bytes body)
{
	struct reader r = {.in = body};
	number(&r, 2);
	struct bytes random = take(&r, RANDOM);
	vector(&r, 1);
	vector(&r, 2);
	vector(&r, 1);
	if (r.bad)
		return false;
	memcpy(h->random[0], random.p, RANDOM);
	h->client = true;
	extensions_read(h, &r, client_extension);
	return true;
}

bool handshake_server_hello(struct handshake *h, struct bytes body)
{
	struct reader r = {.in = body};
	unsigned version = number(&r, 2);
	struct bytes random = take(&r, RANDOM);
	vector(&r, 1);
	unsigned suite = number(&r, 2), compression = number(&r, 1);
	if (r.bad)
		return false;
	/* The client's early data is refused with it, and the next hello offers none; what was sent of it is still to come. */
	if (memcmp(random.p, retry_random, RANDOM) == 0)
		return true;
	memcpy(h->random[1], random.p, RANDOM);
	h->version = (uint16_t)version;
	h->suite = (uint16_t)suite;
	h->compression = (uint8_t)compression;
	h->server = true;
	extensions_read(h, &r, server_extension);
	return true;
}

void handshake_encrypted_extensions(struct handshake *h, struct bytes body)
{
	struct reader r = {.in = body};
	extensions_read(h, &r, server_extension);
}
