/* sealer.h - the other end of decrypt/cipher.h: seals records with secrets that the key log has, so
 * that inputs reach what stands behind the decryption. */
#ifndef SMTPWATCH_TESTS_FUZZ_SEALER_H
#define SMTPWATCH_TESTS_FUZZ_SEALER_H

#include "decrypt/cipher.h"
#include "smtpwatch/stream.h"

/* So much longer a sealed record is than what it holds. */
enum { SEALER_MORE = 5 + 8 + 1 + 16 };

/* Secrets and randoms are the same at all times: bytes of one value each. */
struct sealer {
	const struct cipher_kit *kit;
	const struct tls_suite *suite;
	struct cipher cipher[2]; /* by enum side */
	bool sealed[2], finished[2];
};

/* The whole key log, for any suite. */
struct bytes sealer_keys(void);

/* The random of both hellos. */
enum { SEALER_CLIENT_RANDOM = 'c', SEALER_SERVER_RANDOM = 's' };

void sealer_begin(struct sealer *s, const struct cipher_kit *kit, uint16_t suite);

/* From here on the side seals: in TLS 1.3 with its key for the handshake, and once more with that
 * for data. */
void sealer_next(struct sealer *s, enum side side);

/* Of TLS 1.3: the side's next key. */
void sealer_update(struct sealer *s, enum side side);

/* A whole record of that type into out, which has room for SEALER_MORE more than text; its length.
 * In clear before sealer_next, and where the suite is none that this seals. */
size_t sealer_record(struct sealer *s, enum side side, uint8_t type, struct bytes text,
		     uint8_t *out);

void sealer_end(struct sealer *s);

#endif
