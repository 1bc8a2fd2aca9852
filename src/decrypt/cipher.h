/* cipher.h - derives keys from a secret, and decrypts records. OpenSSL does all cryptography. */
#ifndef SMTPWATCH_DECRYPT_CIPHER_H
#define SMTPWATCH_DECRYPT_CIPHER_H

#include "decrypt/handshake.h"
#include "decrypt/keylog.h"

#include <openssl/types.h>

/* The algorithms, fetched once; any number of threads may use a kit. Call cipher_kit_new before the
 * sandbox starts. Returns NULL if OpenSSL lacks an algorithm or memory is exhausted.
 * cipher_kit_free allows NULL. */
struct cipher_kit;
struct cipher_kit *cipher_kit_new(void);
void cipher_kit_free(struct cipher_kit *kit);

/* Sizes in bytes: of a nonce; the most of a MAC key. */
enum { CIPHER_IV = 12, CIPHER_MAC = 48 };

/* The keys of one direction. Zero-filled: no keys. Free with cipher_reset. */
struct cipher {
	const struct tls_suite *suite;
	EVP_CIPHER_CTX *ctx; /* NULL: no keys */
	EVP_MAC_CTX *mac;
	uint64_t number; /* of the next record, from 0 */
	bool tls13, encrypt_then_mac;
	uint8_t iv[CIPHER_IV], mac_n;
	uint8_t mac_key[CIPHER_MAC];
	struct keylog_secret secret; /* TLS 1.3: from which the next key is derived */
};

/* Derives the keys of TLS 1.2 for both directions, by enum side, from the master secret and the
 * hellos (RFC 5246 6.3). out must not contain keys. Returns false if OpenSSL fails; then reset
 * both. */
bool cipher_keys_12(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *master, const struct handshake *h,
		    struct cipher out[2]);

/* Derive the keys of TLS 1.3 for one direction (RFC 8446 7.2, 7.3). cipher_keys_13 takes a traffic
 * secret; cipher_update_13 makes the next key after a key update. cipher_keys_13 replaces keys that
 * *out contains. Both return false if OpenSSL fails; the cipher is then reset, or unchanged. */
bool cipher_keys_13(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *secret, struct cipher *out);
bool cipher_update_13(const struct cipher_kit *kit, struct cipher *c);

/*
 * Decrypts one record in place. head: its 5 bytes; body: n bytes, overwritten. Sets *plain to the
 * plaintext, borrowed from body, and *type to its content type (in TLS 1.3 the inner one). Returns
 * false if the record was encrypted with another key or is damaged: *plain is then undefined, and
 * c->number unchanged. Call with keys only.
 */
bool cipher_open(struct cipher *c, const uint8_t head[5], uint8_t *body, size_t n,
		 struct bytes *plain, uint8_t *type);

/* Writes the hash of the suite, of all parts together: 32 or 48 bytes. Returns false if OpenSSL
 * fails or the suite has another hash. */
bool cipher_hash(const struct cipher_kit *kit, const struct tls_suite *suite,
		 const struct bytes *parts, size_t n, uint8_t out[CIPHER_MAC]);

/* Frees and wipes the keys. *c is then zero-filled. */
void cipher_reset(struct cipher *c);

#endif
