/* digest.h - hashes by OpenSSL, for names and identifiers. The only file of src/text that includes
 * OpenSSL. */
#ifndef SMTPWATCH_TEXT_DIGEST_H
#define SMTPWATCH_TEXT_DIGEST_H

#include "smtpwatch/bytes.h"

/* Sizes in bytes. A BASE64 size includes the NUL. KEY: of a keyed hash. */
enum { DIGEST_SHA1 = 20, DIGEST_SHA256 = 32, DIGEST_BASE64_SHA1 = 29, DIGEST_KEY = 32 };

/* SHA-1 ready to begin. It is for identifiers, of one block: at most DIGEST_SHA1_MAX bytes. */
enum { DIGEST_SHA1_MAX = 55 };
struct digest;

/* Returns NULL if memory is exhausted or OpenSSL does not provide SHA-1. digest_free frees the
 * result; NULL is allowed there. */
struct digest *digest_new(void);
void digest_free(struct digest *d);

/* Write the hash of `in` to out. The first digest_sha256 sets OpenSSL up, which costs a third of a
 * start; it returns false if OpenSSL has no memory, or no SHA-256. */
void digest_sha1(const struct digest *d, struct bytes in, uint8_t out[DIGEST_SHA1]);
bool digest_sha256(struct bytes in, uint8_t out[DIGEST_SHA256]);

/* HMAC-SHA-256 (RFC 2104) with one key. */
struct keyed_digest;

/* As digest_new. The key is copied. */
struct keyed_digest *keyed_digest_new(const uint8_t key[DIGEST_KEY]);
void keyed_digest_free(struct keyed_digest *d);
void keyed_digest_hash(struct keyed_digest *d, struct bytes in, uint8_t out[DIGEST_SHA256]);

/* Write a hash in base64 (RFC 4648 4, with padding), and a NUL. */
enum { DIGEST_BASE64_SHA256 = 45 };
void digest_base64_sha256(const uint8_t sha256[DIGEST_SHA256], char out[DIGEST_BASE64_SHA256]);
void digest_base64(const uint8_t sha1[DIGEST_SHA1], char out[DIGEST_BASE64_SHA1]);

/* Writes n bytes as 2 * n lower-case hexadecimal digits, without a NUL. out must not overlap in. */
void digest_hex(const uint8_t *in, size_t n, char *out);

#endif
