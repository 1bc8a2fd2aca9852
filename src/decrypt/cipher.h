/* cipher.h - the keys that follow from a secret, and one record opened with them. Everything that
 * is computed is OpenSSL's. */
#ifndef SMTPWATCH_DECRYPT_CIPHER_H
#define SMTPWATCH_DECRYPT_CIPHER_H

#include "decrypt/handshake.h"
#include "decrypt/keylog.h"

#include <openssl/types.h>

/* Fetched once, before anything is confined; serves any number of threads. NULL: OpenSSL has not
 * all of it. */
struct cipher_kit;
struct cipher_kit *cipher_kit_new(void);
void cipher_kit_free(struct cipher_kit *kit);

enum { CIPHER_IV = 12, CIPHER_MAC = 48 };

/* One direction. Zero-filled: no keys. */
struct cipher {
	const struct tls_suite *suite;
	EVP_CIPHER_CTX *ctx; /* NULL: no keys */
	EVP_MAC_CTX *mac;
	uint64_t number; /* of the next record */
	bool tls13, encrypt_then_mac;
	uint8_t iv[CIPHER_IV], mac_n;
	uint8_t mac_key[CIPHER_MAC];
	struct keylog_secret secret; /* TLS 1.3: for the next key */
};

/* TLS 1.2: both directions, by enum side, from the master secret and the hellos. False: OpenSSL
 * refused. */
bool cipher_keys_12(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *master, const struct handshake *h,
		    struct cipher out[2]);

/* TLS 1.3: one direction from its traffic secret; and the next one, after a key update. */
bool cipher_keys_13(const struct cipher_kit *kit, const struct tls_suite *suite,
		    const struct keylog_secret *secret, struct cipher *out);
bool cipher_update_13(const struct cipher_kit *kit, struct cipher *c);

/*
 * Opens a record in place: head of 5 bytes, body of n. *plain is what was in it, *type its type (of
 * TLS 1.3 the inner one). False: it was not sealed with this key, or was changed; the number stays.
 */
bool cipher_open(struct cipher *c, const uint8_t head[5], uint8_t *body, size_t n,
		 struct bytes *plain, uint8_t *type);

/* Wipes. */
void cipher_reset(struct cipher *c);

#endif
