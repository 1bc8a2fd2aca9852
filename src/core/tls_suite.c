/* tls_suite.c - the table of cipher suites that mail servers use, and what their records' lengths tell. */
#include "core/tls_suite.h"

#include <stddef.h>

#define SUITE_13(id, name, tag, hash)                                                                                              \
	{                                                                                                                          \
		id, name, TLS_SEAL_13, tag, hash, 0                                                                                \
	}
#define SUITE_AEAD(id, name, tag)                                                                                                  \
	{                                                                                                                          \
		id, name, TLS_SEAL_NONCE, tag, 0, 0                                                                                \
	}
#define SUITE_TAG(id, name, tag)                                                                                                   \
	{                                                                                                                          \
		id, name, TLS_SEAL_TAG, tag, 0, 0                                                                                  \
	}
#define SUITE_CBC(id, name, mac)                                                                                                   \
	{                                                                                                                          \
		id, name, TLS_SEAL_CBC, mac, 0, 16                                                                                 \
	}

static const struct tls_suite suites[] = {
	SUITE_13(0x1301, "TLS_AES_128_GCM_SHA256", 16, 32),
	SUITE_13(0x1302, "TLS_AES_256_GCM_SHA384", 16, 48),
	SUITE_13(0x1303, "TLS_CHACHA20_POLY1305_SHA256", 16, 32),
	SUITE_13(0x1304, "TLS_AES_128_CCM_SHA256", 16, 32),
	SUITE_13(0x1305, "TLS_AES_128_CCM_8_SHA256", 8, 32),
	SUITE_AEAD(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 16),
	SUITE_AEAD(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 16),
	SUITE_AEAD(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 16),
	SUITE_AEAD(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 16),
	SUITE_AEAD(0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", 16),
	SUITE_AEAD(0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", 16),
	SUITE_AEAD(0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 16),
	SUITE_AEAD(0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", 16),
	SUITE_AEAD(0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", 16),
	SUITE_AEAD(0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", 16),
	SUITE_AEAD(0xc09c, "TLS_RSA_WITH_AES_128_CCM", 16),
	SUITE_AEAD(0xc09d, "TLS_RSA_WITH_AES_256_CCM", 16),
	SUITE_AEAD(0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", 16),
	SUITE_AEAD(0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", 16),
	SUITE_AEAD(0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", 8),
	SUITE_AEAD(0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", 8),
	SUITE_AEAD(0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", 16),
	SUITE_AEAD(0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", 16),
	SUITE_AEAD(0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", 8),
	SUITE_AEAD(0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", 8),
	SUITE_AEAD(0xc050, "TLS_RSA_WITH_ARIA_128_GCM_SHA256", 16),
	SUITE_AEAD(0xc051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384", 16),
	SUITE_AEAD(0xc060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", 16),
	SUITE_AEAD(0xc061, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", 16),
	SUITE_TAG(0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 16),
	SUITE_TAG(0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 16),
	SUITE_TAG(0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 16),
	SUITE_CBC(0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 20),
	SUITE_CBC(0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 20),
	SUITE_CBC(0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 20),
	SUITE_CBC(0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 20),
	SUITE_CBC(0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", 32),
	SUITE_CBC(0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", 48),
	SUITE_CBC(0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", 32),
	SUITE_CBC(0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", 48),
	SUITE_CBC(0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", 20),
	SUITE_CBC(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", 20),
	SUITE_CBC(0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", 20),
	SUITE_CBC(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", 20),
	SUITE_CBC(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", 20),
	SUITE_CBC(0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", 20),
	SUITE_CBC(0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", 32),
	SUITE_CBC(0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", 32),
	SUITE_CBC(0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", 32),
	SUITE_CBC(0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", 32),
	SUITE_CBC(0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", 20),
	SUITE_CBC(0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", 20),
	SUITE_CBC(0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", 32),
	SUITE_CBC(0xc077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384", 48),
	SUITE_TAG(0x0004, "TLS_RSA_WITH_RC4_128_MD5", 16),
	SUITE_TAG(0x0005, "TLS_RSA_WITH_RC4_128_SHA", 20),
	SUITE_TAG(0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", 20),
	SUITE_TAG(0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", 20),
	{0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_SEAL_CBC, 20, 0, 8},
	{0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", TLS_SEAL_CBC, 20, 0, 8},
};

enum { NONCE = 8, INNER_TYPE = 1 };

const struct tls_suite *tls_suite_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

static uint32_t overhead(const struct tls_suite *s)
{
	static const uint8_t more[] = {
		[TLS_SEAL_13] = INNER_TYPE, [TLS_SEAL_NONCE] = NONCE, [TLS_SEAL_TAG] = 0, [TLS_SEAL_CBC] = 1};
	return s->tag + more[s->seal] + s->block;
}

uint32_t tls_suite_inside(const struct tls_suite *s, uint32_t length)
{
	uint32_t over = overhead(s);
	return length > over ? length - over : 0;
}

bool tls_suite_may_hold(const struct tls_suite *s, bool encrypt_then_mac, uint32_t length, uint32_t n)
{
	uint32_t block = s->block;
	if (s->seal != TLS_SEAL_CBC)
		return length == n + overhead(s);
	uint32_t inside = encrypt_then_mac ? n : n + s->tag;
	uint32_t padded = (inside / block + 1) * block + (encrypt_then_mac ? s->tag : 0);
	return length == padded + block || length == padded; /* TLS 1.0 has no IV in the record */
}

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = {"SSL3", "1.0", "1.1", "1.2", "1.3"};
	return version >= 0x0300 && version <= 0x0304 ? names[version - 0x0300] : NULL;
}
