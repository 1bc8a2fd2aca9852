/* suite.c - the table of cipher suites that mail servers use, and what their records' lengths
 * tell. To add one of a known kind: a row. */
#include "core/tls/suite.h"

#include <stddef.h>

/* The key schedule of TLS 1.2 hashes with SHA-256 where no suite says otherwise (RFC 5246 5), and
 * those that do have the same for their MAC. */
#define AEAD(id, bulk, tag, hash, name)                                                            \
	{                                                                                          \
		id, TLS_BULK_##bulk, tag, TLS_HASH_##hash, TLS_HASH_NONE, name                     \
	}
#define WITH_MAC(id, bulk, mac, name)                                                              \
	{                                                                                          \
		id, TLS_BULK_##bulk, 0,                                                            \
			TLS_HASH_##mac == TLS_HASH_SHA384 ? TLS_HASH_SHA384 : TLS_HASH_SHA256,     \
			TLS_HASH_##mac, name                                                       \
	}

static const struct tls_suite suites[] = {
	AEAD(0x1301, AES_128_GCM, 16, SHA256, "TLS_AES_128_GCM_SHA256"),
	AEAD(0x1302, AES_256_GCM, 16, SHA384, "TLS_AES_256_GCM_SHA384"),
	AEAD(0x1303, CHACHA20_POLY1305, 16, SHA256, "TLS_CHACHA20_POLY1305_SHA256"),
	AEAD(0x1304, AES_128_CCM, 16, SHA256, "TLS_AES_128_CCM_SHA256"),
	AEAD(0x1305, AES_128_CCM, 8, SHA256, "TLS_AES_128_CCM_8_SHA256"),
	AEAD(0x009c, AES_128_GCM, 16, SHA256, "AES128-GCM-SHA256"),
	AEAD(0x009d, AES_256_GCM, 16, SHA384, "AES256-GCM-SHA384"),
	AEAD(0x009e, AES_128_GCM, 16, SHA256, "DHE-RSA-AES128-GCM-SHA256"),
	AEAD(0x009f, AES_256_GCM, 16, SHA384, "DHE-RSA-AES256-GCM-SHA384"),
	AEAD(0x00a6, AES_128_GCM, 16, SHA256, "ADH-AES128-GCM-SHA256"),
	AEAD(0x00a7, AES_256_GCM, 16, SHA384, "ADH-AES256-GCM-SHA384"),
	AEAD(0xc02b, AES_128_GCM, 16, SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
	AEAD(0xc02c, AES_256_GCM, 16, SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"),
	AEAD(0xc02f, AES_128_GCM, 16, SHA256, "ECDHE-RSA-AES128-GCM-SHA256"),
	AEAD(0xc030, AES_256_GCM, 16, SHA384, "ECDHE-RSA-AES256-GCM-SHA384"),
	AEAD(0xc09c, AES_128_CCM, 16, SHA256, "AES128-CCM"),
	AEAD(0xc09d, AES_256_CCM, 16, SHA256, "AES256-CCM"),
	AEAD(0xc09e, AES_128_CCM, 16, SHA256, "DHE-RSA-AES128-CCM"),
	AEAD(0xc09f, AES_256_CCM, 16, SHA256, "DHE-RSA-AES256-CCM"),
	AEAD(0xc0a0, AES_128_CCM, 8, SHA256, "AES128-CCM8"),
	AEAD(0xc0a1, AES_256_CCM, 8, SHA256, "AES256-CCM8"),
	AEAD(0xc0a2, AES_128_CCM, 8, SHA256, "DHE-RSA-AES128-CCM8"),
	AEAD(0xc0a3, AES_256_CCM, 8, SHA256, "DHE-RSA-AES256-CCM8"),
	AEAD(0xc0ac, AES_128_CCM, 16, SHA256, "ECDHE-ECDSA-AES128-CCM"),
	AEAD(0xc0ad, AES_256_CCM, 16, SHA256, "ECDHE-ECDSA-AES256-CCM"),
	AEAD(0xc0ae, AES_128_CCM, 8, SHA256, "ECDHE-ECDSA-AES128-CCM8"),
	AEAD(0xc0af, AES_256_CCM, 8, SHA256, "ECDHE-ECDSA-AES256-CCM8"),
	AEAD(0xcca8, CHACHA20_POLY1305, 16, SHA256, "ECDHE-RSA-CHACHA20-POLY1305"),
	AEAD(0xcca9, CHACHA20_POLY1305, 16, SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"),
	AEAD(0xccaa, CHACHA20_POLY1305, 16, SHA256, "DHE-RSA-CHACHA20-POLY1305"),
	WITH_MAC(0x002f, AES_128_CBC, SHA1, "AES128-SHA"),
	WITH_MAC(0x0033, AES_128_CBC, SHA1, "DHE-RSA-AES128-SHA"),
	WITH_MAC(0x0034, AES_128_CBC, SHA1, "ADH-AES128-SHA"),
	WITH_MAC(0x0035, AES_256_CBC, SHA1, "AES256-SHA"),
	WITH_MAC(0x0039, AES_256_CBC, SHA1, "DHE-RSA-AES256-SHA"),
	WITH_MAC(0x003a, AES_256_CBC, SHA1, "ADH-AES256-SHA"),
	WITH_MAC(0x003c, AES_128_CBC, SHA256, "AES128-SHA256"),
	WITH_MAC(0x003d, AES_256_CBC, SHA256, "AES256-SHA256"),
	WITH_MAC(0x0067, AES_128_CBC, SHA256, "DHE-RSA-AES128-SHA256"),
	WITH_MAC(0x006b, AES_256_CBC, SHA256, "DHE-RSA-AES256-SHA256"),
	WITH_MAC(0x006c, AES_128_CBC, SHA256, "ADH-AES128-SHA256"),
	WITH_MAC(0x006d, AES_256_CBC, SHA256, "ADH-AES256-SHA256"),
	WITH_MAC(0xc009, AES_128_CBC, SHA1, "ECDHE-ECDSA-AES128-SHA"),
	WITH_MAC(0xc00a, AES_256_CBC, SHA1, "ECDHE-ECDSA-AES256-SHA"),
	WITH_MAC(0xc013, AES_128_CBC, SHA1, "ECDHE-RSA-AES128-SHA"),
	WITH_MAC(0xc014, AES_256_CBC, SHA1, "ECDHE-RSA-AES256-SHA"),
	WITH_MAC(0xc018, AES_128_CBC, SHA1, "AECDH-AES128-SHA"),
	WITH_MAC(0xc019, AES_256_CBC, SHA1, "AECDH-AES256-SHA"),
	WITH_MAC(0xc023, AES_128_CBC, SHA256, "ECDHE-ECDSA-AES128-SHA256"),
	WITH_MAC(0xc024, AES_256_CBC, SHA384, "ECDHE-ECDSA-AES256-SHA384"),
	WITH_MAC(0xc027, AES_128_CBC, SHA256, "ECDHE-RSA-AES128-SHA256"),
	WITH_MAC(0xc028, AES_256_CBC, SHA384, "ECDHE-RSA-AES256-SHA384"),
	AEAD(0xc050, ARIA_GCM, 16, SHA256, "ARIA128-GCM-SHA256"),
	AEAD(0xc051, ARIA_GCM, 16, SHA384, "ARIA256-GCM-SHA384"),
	AEAD(0xc060, ARIA_GCM, 16, SHA256, "ECDHE-ARIA128-GCM-SHA256"),
	AEAD(0xc061, ARIA_GCM, 16, SHA384, "ECDHE-ARIA256-GCM-SHA384"),
	WITH_MAC(0x0041, CAMELLIA_CBC, SHA1, "CAMELLIA128-SHA"),
	WITH_MAC(0x0084, CAMELLIA_CBC, SHA1, "CAMELLIA256-SHA"),
	WITH_MAC(0xc076, CAMELLIA_CBC, SHA256, "ECDHE-RSA-CAMELLIA128-SHA256"),
	WITH_MAC(0xc077, CAMELLIA_CBC, SHA384, "ECDHE-RSA-CAMELLIA256-SHA384"),
	WITH_MAC(0x000a, 3DES_CBC, SHA1, "DES-CBC3-SHA"),
	WITH_MAC(0xc012, 3DES_CBC, SHA1, "ECDHE-RSA-DES-CBC3-SHA"),
	WITH_MAC(0x0004, RC4, MD5, "RC4-MD5"),
	WITH_MAC(0x0005, RC4, SHA1, "RC4-SHA"),
	WITH_MAC(0xc007, RC4, SHA1, "ECDHE-ECDSA-RC4-SHA"),
	WITH_MAC(0xc011, RC4, SHA1, "ECDHE-RSA-RC4-SHA"),
};

/* What stands in a record beside the text and its tag or MAC, in TLS 1.2: a nonce (RFC 5288 3, RFC
 * 6655 3), or an IV as long as a block (RFC 5246 6.2.3.2). */
static const struct {
	uint8_t sent, block;
} bulks[TLS_BULKS] = {
	[TLS_BULK_AES_128_GCM] = {8, 0},   [TLS_BULK_AES_256_GCM] = {8, 0},
	[TLS_BULK_AES_128_CCM] = {8, 0},   [TLS_BULK_AES_256_CCM] = {8, 0},
	[TLS_BULK_AES_128_CBC] = {16, 16}, [TLS_BULK_AES_256_CBC] = {16, 16},
	[TLS_BULK_ARIA_GCM] = {8, 0},      [TLS_BULK_CAMELLIA_CBC] = {16, 16},
	[TLS_BULK_3DES_CBC] = {8, 8},
};

enum { INNER_TYPE = 1, PADDING_MIN = 1 };

const struct tls_suite *tls_suite_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

bool tls_suite_13(const struct tls_suite *s)
{
	return s->id >> 8 == 0x13;
}

bool tls_suite_padded(const struct tls_suite *s)
{
	return bulks[s->bulk].block > 0;
}

uint8_t tls_hash_size(enum tls_hash hash)
{
	static const uint8_t sizes[TLS_HASHES] = {[TLS_HASH_MD5] = 16,
						  [TLS_HASH_SHA1] = 20,
						  [TLS_HASH_SHA256] = 32,
						  [TLS_HASH_SHA384] = 48};
	return sizes[hash];
}

static uint32_t overhead(const struct tls_suite *s)
{
	if (tls_suite_13(s))
		return s->tag + INNER_TYPE;
	return s->tag + tls_hash_size(s->mac) + bulks[s->bulk].sent +
	       (tls_suite_padded(s) ? PADDING_MIN : 0);
}

uint32_t tls_suite_inside(const struct tls_suite *s, uint32_t length)
{
	uint32_t over = overhead(s);
	return length > over ? length - over : 0;
}

bool tls_suite_may_hold(const struct tls_suite *s, bool encrypt_then_mac, uint32_t length,
			uint32_t n)
{
	uint32_t block = bulks[s->bulk].block, mac = tls_hash_size(s->mac);
	if (block == 0)
		return length == n + overhead(s);
	uint32_t inside = encrypt_then_mac ? n : n + mac;
	uint32_t padded = (inside / block + 1) * block + (encrypt_then_mac ? mac : 0);
	return length == padded + block || length == padded; /* TLS 1.0 has no IV in the record */
}

const char *tls_version_name(uint16_t version)
{
	static const char *const names[] = {"SSL3", "1.0", "1.1", "1.2", "1.3"};
	return version >= 0x0300 && version <= 0x0304 ? names[version - 0x0300] : NULL;
}
