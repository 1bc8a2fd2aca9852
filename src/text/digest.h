/* digest.h - hashes for names, by OpenSSL: the one place of this layer that knows it. */
#ifndef SMTPWATCH_TEXT_DIGEST_H
#define SMTPWATCH_TEXT_DIGEST_H

#include "smtpwatch/bytes.h"

enum { DIGEST_SHA1 = 20, DIGEST_SHA256 = 32, DIGEST_BASE64_SHA1 = 29 };

/* The algorithms and a context, kept from hash to hash: fetching them costs more than a hash. */
struct digest;

/* NULL where the library refuses one of them or has no memory. */
struct digest *digest_new(void);
void digest_free(struct digest *d);

void digest_sha1(struct digest *d, struct bytes in, uint8_t out[DIGEST_SHA1]);
void digest_sha256(struct digest *d, struct bytes in, uint8_t out[DIGEST_SHA256]);

/* A SHA-256 in base64, with its NUL; a SHA-1. */
enum { DIGEST_BASE64_SHA256 = 45 };
void digest_base64_sha256(const uint8_t sha256[DIGEST_SHA256], char out[DIGEST_BASE64_SHA256]);
void digest_base64(const uint8_t sha1[DIGEST_SHA1], char out[DIGEST_BASE64_SHA1]);

/* n bytes as lower-case hex, 2 n characters without a NUL. */
void digest_hex(const uint8_t *in, size_t n, char *out);

#endif
