/* identity.c - Community ID and session id, both from SHA-1 by OpenSSL; the context is kept, because fetching it costs more than the hash. */
#include "output/identity.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { SHA1_BYTES = 20, TUPLE_MAX = 2 + 16 + 16 + 2 + 4, PROTOCOL_TCP = 6 };

struct identity {
	EVP_MD *sha1;
	EVP_MD_CTX *ctx;
};

struct identity *identity_new(void)
{
	struct identity *id = calloc(1, sizeof(*id));

	if (id == NULL)
		return NULL;
	id->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	id->ctx = EVP_MD_CTX_new();
	if (id->sha1 == NULL || id->ctx == NULL || EVP_DigestInit_ex2(id->ctx, id->sha1, NULL) != 1) {
		identity_free(id);
		return NULL;
	}
	return id;
}

void identity_free(struct identity *id)
{
	if (id == NULL)
		return;
	EVP_MD_CTX_free(id->ctx);
	EVP_MD_free(id->sha1);
	free(id);
}

static void identity_hash(struct identity *id, const uint8_t *p, size_t n, uint8_t digest[SHA1_BYTES])
{
	bool done = EVP_DigestInit_ex2(id->ctx, NULL, NULL) == 1 && EVP_DigestUpdate(id->ctx, p, n) == 1 &&
		    EVP_DigestFinal_ex(id->ctx, digest, NULL) == 1;

	assert(done);
}

static size_t put_addr(uint8_t *at, const struct ip_addr *a)
{
	size_t n = ip_addr_is_v4(a) ? 4 : 16;

	memcpy(at, a->b + 16 - n, n);
	return n;
}

static size_t put_big_endian(uint8_t *at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	return n;
}

/* The specification's order: the lower address first, and with one address on both sides the lower port. */
static enum side lower_side(const struct conn *conn)
{
	int order = memcmp(conn->addr[CLIENT].b, conn->addr[SERVER].b, sizeof(conn->addr[CLIENT].b));

	if (order == 0)
		order = conn->port[CLIENT] <= conn->port[SERVER] ? -1 : 1;
	return order < 0 ? CLIENT : SERVER;
}

/* seed (2 bytes, 0), addresses, protocol, padding, ports */
static size_t tuple_bytes(const struct conn *conn, enum side first, uint8_t out[TUPLE_MAX])
{
	enum side second = side_other(first);
	size_t n = put_big_endian(out, 0, 2);

	n += put_addr(out + n, &conn->addr[first]);
	n += put_addr(out + n, &conn->addr[second]);
	out[n++] = PROTOCOL_TCP;
	out[n++] = 0;
	n += put_big_endian(out + n, conn->port[first], 2);
	return n + put_big_endian(out + n, conn->port[second], 2);
}

void identity_community(struct identity *id, const struct conn *conn, char out[IDENTITY_COMMUNITY])
{
	uint8_t tuple[TUPLE_MAX], digest[SHA1_BYTES];
	int n;

	identity_hash(id, tuple, tuple_bytes(conn, lower_side(conn), tuple), digest);
	memcpy(out, "1:", 2);
	n = EVP_EncodeBlock((unsigned char *)out + 2, digest, SHA1_BYTES);
	assert(n + 2 < IDENTITY_COMMUNITY);
}

void identity_session(struct identity *id, const struct conn *conn, char out[IDENTITY_SESSION])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t from[TUPLE_MAX + 8], digest[SHA1_BYTES];
	size_t n = tuple_bytes(conn, CLIENT, from);

	n += put_big_endian(from + n, (uint64_t)conn->start, 8);
	identity_hash(id, from, n, digest);
	for (size_t i = 0; i < (IDENTITY_SESSION - 1) / 2; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[IDENTITY_SESSION - 1] = '\0';
}
