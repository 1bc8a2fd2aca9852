/* suite.h - the table of cipher suites: number, name, algorithms, and the bytes that encryption
 * adds to a record. */
#ifndef SMTPWATCH_CORE_TLS_SUITE_H
#define SMTPWATCH_CORE_TLS_SUITE_H

#include <stdbool.h>
#include <stdint.h>

/* The bulk cipher of the records. The decryptor (src/decrypt) can decrypt those before
 * TLS_BULKS_DECRYPTED. */
enum tls_bulk {
	TLS_BULK_AES_128_GCM,
	TLS_BULK_AES_256_GCM,
	TLS_BULK_AES_128_CCM,
	TLS_BULK_AES_256_CCM,
	TLS_BULK_CHACHA20_POLY1305,
	TLS_BULK_AES_128_CBC,
	TLS_BULK_AES_256_CBC,
	TLS_BULKS_DECRYPTED,
	TLS_BULK_ARIA_GCM = TLS_BULKS_DECRYPTED,
	TLS_BULK_CAMELLIA_CBC,
	TLS_BULK_3DES_CBC,
	TLS_BULK_RC4,
	TLS_BULKS
};

enum tls_hash {
	TLS_HASH_NONE,
	TLS_HASH_MD5,
	TLS_HASH_SHA1,
	TLS_HASH_SHA256,
	TLS_HASH_SHA384,
	TLS_HASHES
};

struct tls_suite {
	uint16_t id;      /* RFC 8446 B.4 and IANA's list */
	uint8_t bulk;     /* enum tls_bulk */
	uint8_t tag;      /* length of an AEAD's tag, in bytes; 0: the suite uses a MAC */
	uint8_t hash;     /* enum tls_hash of the key schedule, and of Finished in TLS 1.3 */
	uint8_t mac;      /* enum tls_hash of the MAC: CBC and RC4 only */
	const char *name; /* OpenSSL's name, which mail servers write into their logs */
};

/* Returns the suite of this number, or NULL if the table has none. The row is static. */
const struct tls_suite *tls_suite_find(uint16_t id);

/* Whether the suite belongs to TLS 1.3. Its records carry their type inside, so that alerts look
 * like data (RFC 8446 5.2). */
bool tls_suite_13(const struct tls_suite *s);

/* Whether records are padded to whole blocks: then their lengths do not tell the plaintext's
 * length (RFC 5246 6.2.3.2). */
bool tls_suite_padded(const struct tls_suite *s);

/* Returns the length of a hash, in bytes; 0 for TLS_HASH_NONE. */
uint8_t tls_hash_size(enum tls_hash hash);

/* Returns the plaintext bytes in an encrypted record with a body of length bytes. For CBC the most
 * that fit. */
uint32_t tls_suite_inside(const struct tls_suite *s, uint32_t length);

/* Whether an encrypted record of length bytes may hold exactly n bytes of plaintext. With CBC
 * several n have the same length. encrypt_then_mac: RFC 7366 was negotiated. */
bool tls_suite_may_hold(const struct tls_suite *s, bool encrypt_then_mac, uint32_t length,
			uint32_t n);

/* Returns the name of a version, such as "1.3" or "SSL3"; NULL if unknown. */
const char *tls_version_name(uint16_t version);

#endif
