/* digest.c - SHA-1, SHA-256 and HMAC from OpenSSL. */

/* A session's identifiers are SHA-1 hashes of one block. Behind EVP a hash costs four times as
 * much, because contexts are allocated and freed. This API level still declares the direct calls.
 */
#define OPENSSL_API_COMPAT 0x10100000L

#include "text/digest.h"

#include <assert.h>
#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct digest {
	SHA_CTX sha1; /* as a hash begins */
};

struct digest *digest_new(void)
{
	struct digest *d = calloc(1, sizeof *d);
	if (d && SHA1_Init(&d->sha1) == 1)
		return d;
	free(d);
	return NULL;
}

void digest_free(struct digest *d)
{
	free(d);
}

/* The one block of a short text is put together here (FIPS 180-4 5.1.1). */
void digest_sha1(const struct digest *d, struct bytes in, uint8_t out[DIGEST_SHA1])
{
	uint8_t block[SHA_CBLOCK] = {0};
	SHA_CTX ctx = d->sha1;
	assert(in.n <= DIGEST_SHA1_MAX);
	memcpy(block, in.p, in.n);
	block[in.n] = 0x80;
	block[SHA_CBLOCK - 2] = (uint8_t)(in.n * 8 >> 8);
	block[SHA_CBLOCK - 1] = (uint8_t)(in.n * 8);
	SHA1_Transform(&ctx, block);
	uint32_t words[] = {htobe32(ctx.h0), htobe32(ctx.h1), htobe32(ctx.h2), htobe32(ctx.h3),
			    htobe32(ctx.h4)};
	memcpy(out, words, DIGEST_SHA1);
}

bool digest_sha256(struct bytes in, uint8_t out[DIGEST_SHA256])
{
	return EVP_Digest(in.p, in.n, out, NULL, EVP_sha256(), NULL) == 1;
}

struct keyed_digest {
	EVP_MAC_CTX *ctx; /* with the key */
};

struct keyed_digest *keyed_digest_new(const uint8_t key[DIGEST_KEY])
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_construct_end()};
	struct keyed_digest *d = calloc(1, sizeof *d);
	EVP_MAC *mac = d ? EVP_MAC_fetch(NULL, "HMAC", NULL) : NULL;
	if (mac)
		d->ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (d && d->ctx && EVP_MAC_init(d->ctx, key, DIGEST_KEY, params) == 1)
		return d;
	keyed_digest_free(d);
	return NULL;
}

void keyed_digest_free(struct keyed_digest *d)
{
	if (!d)
		return;
	EVP_MAC_CTX_free(d->ctx);
	free(d);
}

void keyed_digest_hash(struct keyed_digest *d, struct bytes in, uint8_t out[DIGEST_SHA256])
{
	size_t n;
	bool done = EVP_MAC_init(d->ctx, NULL, 0, NULL) == 1 &&
		    EVP_MAC_update(d->ctx, in.p, in.n) == 1 &&
		    EVP_MAC_final(d->ctx, out, &n, DIGEST_SHA256) == 1;
	assert(done);
}

void digest_base64(const uint8_t sha1[DIGEST_SHA1], char out[DIGEST_BASE64_SHA1])
{
	int n = EVP_EncodeBlock((unsigned char *)out, sha1, DIGEST_SHA1);
	assert(n == DIGEST_BASE64_SHA1 - 1);
}

void digest_base64_sha256(const uint8_t sha256[DIGEST_SHA256], char out[DIGEST_BASE64_SHA256])
{
	int n = EVP_EncodeBlock((unsigned char *)out, sha256, DIGEST_SHA256);
	assert(n == DIGEST_BASE64_SHA256 - 1);
}

void digest_hex(const uint8_t *in, size_t n, char *out)
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[in[i] >> 4];
		out[2 * i + 1] = hex[in[i] & 15];
	}
}
