/* suite.h - the cipher suites that can be opened, and what each is made of. */
#ifndef SMTPWATCH_TLS_SUITE_H
#define SMTPWATCH_TLS_SUITE_H

#include <stddef.h>
#include <stdint.h>

/* How the records are sealed. */
enum bulk {
	BULK_AES_128_GCM,
	BULK_AES_256_GCM,
	BULK_AES_128_CCM,
	BULK_AES_256_CCM,
	BULK_CHACHA20_POLY1305,
	BULK_AES_128_CBC,
	BULK_AES_256_CBC,
	BULKS
};

struct suite {
	uint16_t id; /* RFC 8446 B.4 and IANA's list */
	uint8_t bulk;
	uint8_t tag;      /* bytes, of an AEAD; 0: CBC with a MAC */
	const char *hash; /* of the key schedule */
	const char *mac;  /* of CBC */
	const char *name; /* OpenSSL's, which mail servers write into their logs */
};

/* NULL: not one that is known here. */
const struct suite *suite_find(uint16_t id);

#endif
