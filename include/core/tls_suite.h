/* tls_suite.h - cipher suites by their number: the name, and what each adds to the bytes that it hides. */
#ifndef SMTPWATCH_CORE_TLS_SUITE_H
#define SMTPWATCH_CORE_TLS_SUITE_H

#include <stdbool.h>
#include <stdint.h>

enum tls_seal {
	TLS_SEAL_13,    /* TLS 1.3: the inner type and a tag; alerts look like data (RFC 8446 5.2) */
	TLS_SEAL_NONCE, /* TLS 1.2, GCM and CCM: 8 bytes of nonce and a tag (RFC 5288 3, RFC 6655 3) */
	TLS_SEAL_TAG,   /* a tag or MAC alone: TLS 1.2 with ChaCha20-Poly1305 (RFC 7905 2), RC4 */
	TLS_SEAL_CBC    /* an IV, a MAC, and padding: lengths are told in steps of a block (RFC 5246 6.2.3.2) */
};

struct tls_suite {
	uint16_t id;
	const char *name; /* IANA's */
	uint8_t seal;     /* enum tls_seal */
	uint8_t tag;      /* bytes of the tag, or of the MAC */
	uint8_t hash;     /* bytes of TLS 1.3's Finished */
	uint8_t block;    /* CBC: bytes of a block; else 0 */
};

/* NULL: not in the table. */
const struct tls_suite *tls_suite_find(uint16_t id);

/* The bytes inside a sealed record of so many. Of CBC the most that there can be. */
uint32_t tls_suite_inside(const struct tls_suite *s, uint32_t length);

/* May a record of this length hold just n bytes? Of CBC several n have the same length. encrypt_then_mac: RFC 7366 was agreed on. */
bool tls_suite_may_hold(const struct tls_suite *s, bool encrypt_then_mac, uint32_t length, uint32_t n);

/* "1.3"; NULL: none that is known. */
const char *tls_version_name(uint16_t version);

#endif
