/* transcript.h - the hash of both hellos, by which smtpwatch-keys names a session of TLS 1.3
 * (RFC 8446 4.4.1). */
#ifndef SMTPWATCH_DECRYPT_TRANSCRIPT_H
#define SMTPWATCH_DECRYPT_TRANSCRIPT_H

#include "core/tls/handshake.h"
#include "decrypt/cipher.h"
#include "decrypt/keylog.h"
#include "smtpwatch/stream.h"

/* The hellos so far, in memory of a pool: two of each side, with a HelloRetryRequest, at most
 * TLS_MESSAGE_KEPT bytes each. Zero-filled before first use; free with transcript_reset. */
struct transcript {
	struct transcript_message {
		uint8_t *bytes; /* with its head of 4 bytes */
		uint32_t n;
	} hello[2][2]; /* by enum side, in their order */
	uint8_t count[2];
	bool lost; /* a message was cut, or memory was exhausted */
	bool known;
	uint8_t hash[KEYLOG_RANDOM];
};

/* Copies a hello. Call for each, in the order of its side. */
void transcript_add(struct transcript *t, struct pool *pool, enum side side,
		    const struct tls_message *m);

/* Call behind the ServerHello. Frees the hellos, and keeps the first KEYLOG_RANDOM bytes of the
 * hash of the suite. */
void transcript_end(struct transcript *t, struct pool *pool, const struct cipher_kit *kit,
		    const struct tls_suite *suite);

/* Returns KEYLOG_RANDOM bytes of the hash, or NULL if it is not known. Borrowed from t. */
const uint8_t *transcript_hash(const struct transcript *t);

void transcript_reset(struct transcript *t, struct pool *pool);

#endif
