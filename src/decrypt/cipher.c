/* cipher.c - key schedules and record protection. TLS 1.2 (RFC 5246 5, 6.2.3, 6.3; RFC 5288, 6655,
 * 7366, 7905), and TLS 1.3 (RFC 8446 5.2, 5.3, 7.1 to 7.3). */
#include "decrypt/cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

/* IV_FIXED: bytes of a nonce that are derived from the secret; IV_SENT: bytes that the record
 * contains (RFC 5288 3, RFC 6655 3). AAD: number, type, version and length. */
enum { IV_FIXED = 4, IV_SENT = 8, AAD = 13, BLOCK = 16, KEY_MAX = 32, HEAD = 5 };

static const struct bulk_row {
	const char *name;
	uint8_t key;
	uint8_t fixed; /* bytes of the nonce from the key block */
	uint8_t sent;  /* bytes of the nonce in the record, in TLS 1.2 */
} bulks[TLS_BULKS_DECRYPTED] = {
	[TLS_BULK_AES_128_GCM] = {"AES-128-GCM", 16, IV_FIXED, IV_SENT},
	[TLS_BULK_AES_256_GCM] = {"AES-256-GCM", 32, IV_FIXED, IV_SENT},
	[TLS_BULK_AES_128_CCM] = {"AES-128-CCM", 16, IV_FIXED, IV_SENT},
	[TLS_BULK_AES_256_CCM] = {"AES-256-CCM", 32, IV_FIXED, IV_SENT},
	[TLS_BULK_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", 32, CIPHER_IV, 0},
	[TLS_BULK_AES_128_CBC] = {"AES-128-CBC", 16, 0, BLOCK},
	[TLS_BULK_AES_256_CBC] = {"AES-256-CBC", 32, 0, BLOCK},
};

static const char *const hashes[TLS_HASHES] = {
	[TLS_HASH_SHA1] = "SHA1", [TLS_HASH_SHA256] = "SHA256", [TLS_HASH_SHA384] = "SHA384"};

struct cipher_kit {
	EVP_CIPHER *bulk[TLS_BULKS_DECRYPTED];
	EVP_KDF *prf, *hkdf;
	EVP_MAC *hmac;
	EVP_MD *sha256, *sha384;
};

struct cipher_kit *cipher_kit_new(void)
{
	struct cipher_kit *kit = calloc(1, sizeof *kit);
	if (!kit)
		return NULL;
	kit->prf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	kit->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	kit->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	kit->sha256 = EVP_MD_fetch(NULL, hashes[TLS_HASH_SHA256], NULL);
	kit->sha384 = EVP_MD_fetch(NULL, hashes[TLS_HASH_SHA384], NULL);
	bool fine = kit->prf && kit->hkdf && kit->hmac && kit->sha256 && kit->sha384;
	for (unsigned i = 0; i < TLS_BULKS_DECRYPTED; i++) {
		kit->bulk[i] = EVP_CIPHER_fetch(NULL, bulks[i].name, NULL);
		fine &= kit->bulk[i] != NULL;
	}
	if (fine)
		return kit;
	cipher_kit_free(kit);
	return NULL;
}

void cipher_kit_free(struct cipher_kit *kit)
{
	if (!kit)
		return;
	for (unsigned i = 0; i < TLS_BULKS_DECRYPTED; i++)
		EVP_CIPHER_free(kit->bulk[i]);
	EVP_KDF_free(kit->prf);
	EVP_KDF_free(kit->hkdf);
	EVP_MAC_free(kit->hmac);
	EVP_MD_free(kit->sha256);
	EVP_MD_free(kit->sha384);
	free(kit);
}

bool cipher_hash(const struct cipher_kit *kit, const struct tls_suite *suite,
		 const struct bytes *parts, size_t n, uint8_t out[CIPHER_MAC])
{
	const EVP_MD *md = suite->hash == TLS_HASH_SHA384 ? kit->sha384 : kit->sha256;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool fine = (suite->hash == TLS_HASH_SHA256 || suite->hash == TLS_HASH_SHA384) && ctx &&
		    EVP_DigestInit_ex(ctx, md, NULL) == 1;
	for (size_t i = 0; i < n && fine; i++)
		fine = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	fine = fine && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return fine;
}

void cipher_reset(struct cipher *c)
{
	EVP_CIPHER_CTX_free(c->ctx);
	EVP_MAC_CTX_free(c->mac);
	OPENSSL_cleanse(c, sizeof *c);
}

/* The parameters of OpenSSL have no pointers to const, but OpenSSL does not change what they point
 * to. */
static OSSL_PARAM param_bytes(const char *name, const void *p, size_t n)
{
	union {
		const void *in;
		void *out;
	} u = {.in = p};
	return OSSL_PARAM_construct_octet_string(name, u.out, n);
}

static OSSL_PARAM param_text(const char *name, const char *text)
{
	union {
		const char *in;
		char *out;
	} u = {.in = text};
	return OSSL_PARAM_construct_utf8_string(name, u.out, 0);
}

static bool derive(EVP_KDF *kdf, const OSSL_PARAM params[], uint8_t *out, size_t n)
{
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	bool fine = ctx && EVP_KDF_derive(ctx, out, n, params) > 0;
	EVP_KDF_CTX_free(ctx);
	return fine;
}

/* Derives n bytes of the key block (RFC 5246 6.3). */
static bool key_block(const struct cipher_kit *kit, const char *hash,
		      const struct keylog_secret *master, const struct handshake *h, uint8_t *out,
		      size_t n)
{
	static const char label[] = "key expansion";
	const OSSL_PARAM params[] = {
		param_text(OSSL_KDF_PARAM_DIGEST, hash),
		param_bytes(OSSL_KDF_PARAM_SECRET, master->bytes, master->n),
		param_bytes(OSSL_KDF_PARAM_SEED, label, sizeof label - 1),
		param_bytes(OSSL_KDF_PARAM_SEED, h->random[1], TLS_RANDOM),
		param_bytes(OSSL_KDF_PARAM_SEED, h->random[0], TLS_RANDOM),
		OSSL_PARAM_construct_end(),
	};
	return derive(kit->prf, params, out, n);
}

/* HKDF-Expand-Label with an empty context (RFC 8446 7.1). */
static bool expand_label(const struct cipher_kit *kit, const char *hash,
			 const struct keylog_secret *secret, const char *label, uint8_t *out,
			 size_t n)
{
	static const char prefix[] = "tls13 ";
	enum { PREFIX = sizeof prefix - 1 };
	uint8_t info[2 + 1 + PREFIX + 16 + 1] = {0};
	size_t length = strlen(label);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	info[1] = (uint8_t)n;
	info[2] = (uint8_t)(PREFIX + length);
	memcpy(info + 3, prefix, PREFIX);
	memcpy(info + 3 + PREFIX, label, length);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		param_text(OSSL_KDF_PARAM_DIGEST, hash),
		param_bytes(OSSL_KDF_PARAM_KEY, secret->bytes, secret->n),
		param_bytes(OSSL_KDF_PARAM_INFO, info, 3 + PREFIX + length + 1),
		OSSL_PARAM_construct_end(),
	};
	return derive(kit->hkdf, params, out, n);
}

/* Makes the context of a cipher. CCM needs the lengths before the key. */
static bool context_make(const struct cipher_kit *kit, struct cipher *c, const uint8_t *key)
{
	EVP_CIPHER *bulk = kit->bulk[c->suite->bulk];
	bool ccm = c->suite->bulk == TLS_BULK_AES_128_CCM || c->suite->bulk == TLS_BULK_AES_256_CCM;
	if (!c->ctx && !(c->ctx = EVP_CIPHER_CTX_new()))
		return false;
	bool fine = EVP_DecryptInit_ex2(c->ctx, bulk, NULL, NULL, NULL) > 0;
	if (c->suite->tag > 0)
		fine = fine &&
		       EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_IVLEN, CIPHER_IV, NULL) > 0;
	if (ccm)
		fine = fine &&
		       EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, c->suite->tag, NULL) > 0;
	fine = fine && EVP_DecryptInit_ex2(c->ctx, NULL, key, NULL, NULL) > 0;
	return fine && (c->suite->tag > 0 || EVP_CIPHER_CTX_set_padding(c->ctx, 0) > 0);
}

/* Takes one side's keys from the key block. The order is: both MAC keys, both keys, both nonces;
 * the client's before the server's. */
static bool side_keys(const struct cipher_kit *kit, struct cipher *c, unsigned side,
		      const uint8_t *block)
{
	const struct bulk_row *bulk = &bulks[c->suite->bulk];
	const uint8_t *key = block + 2 * c->mac_n, *iv = key + 2 * bulk->key;
	memcpy(c->mac_key, block + side * c->mac_n, c->mac_n);
	memcpy(c->iv, iv + side * bulk->fixed, bulk->fixed);
	if (c->mac_n > 0 && !(c->mac = EVP_MAC_CTX_new(kit->hmac)))
		return false;
	return context_make(kit, c, key + side * bulk->key);
}

bool cipher_keys_12(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *master, const struct handshake *h,
		    struct cipher out[2])
{
	const struct bulk_row *bulk = &bulks[suite->bulk];
	uint8_t block[2 * (CIPHER_MAC + KEY_MAX + CIPHER_IV)];
	size_t mac = tls_hash_size(suite->mac);
	bool fine = key_block(kit, hashes[suite->hash], master, h, block,
			      2 * (mac + bulk->key + bulk->fixed));
	for (unsigned side = 0; side < 2 && fine; side++) {
		out[side] =
			(struct cipher){.suite = suite,
					.mac_n = (uint8_t)mac,
					.encrypt_then_mac = h->encrypt_then_mac && suite->tag == 0};
		fine = side_keys(kit, &out[side], side, block);
	}
	OPENSSL_cleanse(block, sizeof block);
	return fine;
}

bool cipher_keys_13(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *secret, struct cipher *out)
{
	uint8_t key[KEY_MAX];
	struct keylog_secret from = *secret;
	cipher_reset(out);
	out->suite = suite;
	out->tls13 = true;
	out->secret = from;
	bool fine =
		expand_label(kit, hashes[suite->hash], &from, "key", key, bulks[suite->bulk].key) &&
		expand_label(kit, hashes[suite->hash], &from, "iv", out->iv, CIPHER_IV) &&
		context_make(kit, out, key);
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(&from, sizeof from);
	if (!fine)
		cipher_reset(out);
	return fine;
}

bool cipher_update_13(const struct cipher_kit *kit, struct cipher *c)
{
	struct keylog_secret next = {.n = c->secret.n};
	bool fine = expand_label(kit, hashes[c->suite->hash], &c->secret, "traffic upd", next.bytes,
				 next.n) &&
		    cipher_keys_13(kit, c->suite, &next, c);
	OPENSSL_cleanse(&next, sizeof next);
	return fine;
}

static void number_put(uint8_t out[8], uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
}

/* Writes what the MAC of TLS 1.2 covers before the text. n: bytes of the text. */
static void aad_put(const struct cipher *c, uint8_t aad[AAD], const uint8_t head[HEAD], size_t n)
{
	number_put(aad, c->number);
	memcpy(aad + 8, head, 3);
	aad[11] = (uint8_t)(n >> 8);
	aad[12] = (uint8_t)n;
}

static void nonce_put(const struct cipher *c, uint8_t nonce[CIPHER_IV], const uint8_t *sent)
{
	uint8_t number[8];
	memcpy(nonce, c->iv, CIPHER_IV);
	if (sent) {
		memcpy(nonce + IV_FIXED, sent, IV_SENT);
		return;
	}
	number_put(number, c->number);
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] ^= number[i];
}

static bool aead_open(struct cipher *c, const uint8_t *nonce, struct bytes aad, uint8_t *text,
		      size_t n)
{
	bool ccm = c->suite->bulk == TLS_BULK_AES_128_CCM || c->suite->bulk == TLS_BULK_AES_256_CCM;
	uint8_t end[BLOCK], *tag = text + n;
	int length;
	bool fine = EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, c->suite->tag, tag) > 0 &&
		    EVP_DecryptInit_ex2(c->ctx, NULL, NULL, nonce, NULL) > 0;
	if (ccm)
		fine = fine && EVP_DecryptUpdate(c->ctx, NULL, &length, NULL, (int)n) > 0;
	fine = fine && EVP_DecryptUpdate(c->ctx, NULL, &length, aad.p, (int)aad.n) > 0 &&
	       EVP_DecryptUpdate(c->ctx, text, &length, text, (int)n) > 0;
	return fine && (ccm || EVP_DecryptFinal_ex(c->ctx, end, &length) > 0);
}

static bool aead_12(struct cipher *c, const uint8_t head[HEAD], uint8_t *body, size_t n,
		    struct bytes *plain)
{
	size_t sent = bulks[c->suite->bulk].sent;
	uint8_t aad[AAD], nonce[CIPHER_IV];
	if (n < sent + c->suite->tag)
		return false;
	size_t length = n - sent - c->suite->tag;
	aad_put(c, aad, head, length);
	nonce_put(c, nonce, sent > 0 ? body : NULL);
	*plain = bytes_of(body + sent, length);
	return aead_open(c, nonce, bytes_of(aad, sizeof aad), body + sent, length);
}

static bool mac_fits(struct cipher *c, const uint8_t head[HEAD], struct bytes text,
		     const uint8_t *mac)
{
	const OSSL_PARAM params[] = {param_text(OSSL_MAC_PARAM_DIGEST, hashes[c->suite->mac]),
				     OSSL_PARAM_construct_end()};
	uint8_t aad[AAD], made[EVP_MAX_MD_SIZE];
	size_t n;
	aad_put(c, aad, head, text.n);
	bool fine = EVP_MAC_init(c->mac, c->mac_key, c->mac_n, params) > 0 &&
		    EVP_MAC_update(c->mac, aad, sizeof aad) > 0 &&
		    EVP_MAC_update(c->mac, text.p, text.n) > 0 &&
		    EVP_MAC_final(c->mac, made, &n, sizeof made) > 0;
	return fine && n == c->mac_n && CRYPTO_memcmp(made, mac, n) == 0;
}

/* Decrypts, and removes the padding (RFC 5246 6.2.3.2). Returns false if the padding is wrong. */
static bool cbc_open(struct cipher *c, uint8_t *body, size_t n, struct bytes *plain)
{
	int length;
	if (n < 2 * BLOCK || n % BLOCK != 0)
		return false;
	uint8_t *text = body + BLOCK;
	size_t have = n - BLOCK;
	if (EVP_DecryptInit_ex2(c->ctx, NULL, NULL, body, NULL) <= 0 ||
	    EVP_DecryptUpdate(c->ctx, text, &length, text, (int)have) <= 0 ||
	    (size_t)length != have)
		return false;
	size_t padding = text[have - 1];
	if (padding + 1 > have)
		return false;
	for (size_t i = 0; i < padding; i++)
		if (text[have - 2 - i] != padding)
			return false;
	*plain = bytes_of(text, have - padding - 1);
	return true;
}

static bool cbc_12(struct cipher *c, const uint8_t head[HEAD], uint8_t *body, size_t n,
		   struct bytes *plain)
{
	if (n < c->mac_n)
		return false;
	if (c->encrypt_then_mac) {
		size_t encrypted = n - c->mac_n;
		return mac_fits(c, head, bytes_of(body, encrypted), body + encrypted) &&
		       cbc_open(c, body, encrypted, plain);
	}
	if (!cbc_open(c, body, n, plain) || plain->n < c->mac_n)
		return false;
	plain->n -= c->mac_n;
	return mac_fits(c, head, *plain, plain->p + plain->n);
}

/* The content type follows the text, and padding zeros follow the type (RFC 8446 5.2). */
static bool aead_13(struct cipher *c, const uint8_t head[HEAD], uint8_t *body, size_t n,
		    struct bytes *plain, uint8_t *type)
{
	uint8_t nonce[CIPHER_IV];
	if (n < (size_t)c->suite->tag + 1)
		return false;
	size_t length = n - c->suite->tag;
	nonce_put(c, nonce, NULL);
	if (!aead_open(c, nonce, bytes_of(head, HEAD), body, length))
		return false;
	while (length > 0 && body[length - 1] == 0)
		length--;
	if (length == 0)
		return false;
	*type = body[length - 1];
	*plain = bytes_of(body, length - 1);
	return true;
}

bool cipher_open(struct cipher *c, const uint8_t head[HEAD], uint8_t *body, size_t n,
		 struct bytes *plain, uint8_t *type)
{
	bool fine;
	*type = head[0];
	if (c->tls13)
		fine = aead_13(c, head, body, n, plain, type);
	else if (c->suite->tag > 0)
		fine = aead_12(c, head, body, n, plain);
	else
		fine = cbc_12(c, head, body, n, plain);
	c->number += fine;
	return fine;
}
