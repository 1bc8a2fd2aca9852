/* suite.h - cipher suites by their number: the name, what each is made of, and what it adds to
 * the bytes that it hides. */
#ifndef SMTPWATCH_CORE_TLS_SUITE_H
#define SMTPWATCH_CORE_TLS_SUITE_H

#include <stdbool.h>
#include <stdint.h>

/* What seals the records. Those before TLS_BULKS_OPENED can be opened with a key (tls/). */
enum tls_bulk {
	TLS_BULK_AES_128_GCM,
	TLS_BULK_AES_256_GCM,
	TLS_BULK_AES_128_CCM,
	TLS_BULK_AES_256_CCM,
	TLS_BULK_CHACHA20_POLY1305,
	TLS_BULK_AES_128_CBC,
	TLS_BULK_AES_256_CBC,
	TLS_BULKS_OPENED,
	TLS_BULK_ARIA_GCM = TLS_BULKS_OPENED,
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
	uint8_t tag;      /* bytes, of an AEAD; 0: a MAC */
	uint8_t hash;     /* enum tls_hash: of the key schedule, and of Finished in TLS 1.3 */
	uint8_t mac;      /* enum tls_hash: of CBC and RC4 */
	const char *name; /* OpenSSL's, which mail servers write into their logs */
};

/* NULL: not in the table. */
const struct tls_suite *tls_suite_find(uint16_t id);

/* One of TLS 1.3's own: the type of a record is inside, so that alerts look like data (RFC
 * 8446 5.2). */
bool tls_suite_13(const struct tls_suite *s);

/* Padded to whole blocks: lengths do not tell how much is inside (RFC 5246 6.2.3.2). */
bool tls_suite_padded(const struct tls_suite *s);

/* Bytes of a hash. */
uint8_t tls_hash_size(enum tls_hash hash);

/* The bytes inside a sealed record of so many. Of CBC the most that there can be. */
uint32_t tls_suite_inside(const struct tls_suite *s, uint32_t length);

/* May a record of this length hold just n bytes? Of CBC several n have the same length.
 * encrypt_then_mac: RFC 7366 was agreed on. */
bool tls_suite_may_hold(const struct tls_suite *s, bool encrypt_then_mac, uint32_t length,
			uint32_t n);

/* "1.3"; NULL: none that is known. */
const char *tls_version_name(uint16_t version);

#endif
