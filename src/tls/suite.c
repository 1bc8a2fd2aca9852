/* suite.c - the table of cipher suites that can be opened. To add one of a known kind: a row. */
#include "tls/suite.h"

#define GCM_128(id, name)                                                                                                          \
	{                                                                                                                          \
		id, BULK_AES_128_GCM, 16, "SHA256", NULL, name                                                                     \
	}
#define GCM_256(id, name)                                                                                                          \
	{                                                                                                                          \
		id, BULK_AES_256_GCM, 16, "SHA384", NULL, name                                                                     \
	}
#define CCM_128(id, name)                                                                                                          \
	{                                                                                                                          \
		id, BULK_AES_128_CCM, 16, "SHA256", NULL, name                                                                     \
	}
#define CCM_256(id, name)                                                                                                          \
	{                                                                                                                          \
		id, BULK_AES_256_CCM, 16, "SHA256", NULL, name                                                                     \
	}
#define CCM8_128(id, name)                                                                                                         \
	{                                                                                                                          \
		id, BULK_AES_128_CCM, 8, "SHA256", NULL, name                                                                      \
	}
#define CCM8_256(id, name)                                                                                                         \
	{                                                                                                                          \
		id, BULK_AES_256_CCM, 8, "SHA256", NULL, name                                                                      \
	}
#define CHACHA(id, name)                                                                                                           \
	{                                                                                                                          \
		id, BULK_CHACHA20_POLY1305, 16, "SHA256", NULL, name                                                               \
	}
#define CBC_128(id, hash, mac, name)                                                                                               \
	{                                                                                                                          \
		id, BULK_AES_128_CBC, 0, hash, mac, name                                                                           \
	}
#define CBC_256(id, hash, mac, name)                                                                                               \
	{                                                                                                                          \
		id, BULK_AES_256_CBC, 0, hash, mac, name                                                                           \
	}

static const struct suite suites[] = {
	GCM_128(0x1301, "TLS_AES_128_GCM_SHA256"),
	GCM_256(0x1302, "TLS_AES_256_GCM_SHA384"),
	CHACHA(0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
	CCM_128(0x1304, "TLS_AES_128_CCM_SHA256"),
	CCM8_128(0x1305, "TLS_AES_128_CCM_8_SHA256"),
	GCM_128(0x009c, "AES128-GCM-SHA256"),
	GCM_256(0x009d, "AES256-GCM-SHA384"),
	GCM_128(0x009e, "DHE-RSA-AES128-GCM-SHA256"),
	GCM_256(0x009f, "DHE-RSA-AES256-GCM-SHA384"),
	GCM_128(0x00a6, "ADH-AES128-GCM-SHA256"),
	GCM_256(0x00a7, "ADH-AES256-GCM-SHA384"),
	GCM_128(0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"),
	GCM_256(0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"),
	GCM_128(0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"),
	GCM_256(0xc030, "ECDHE-RSA-AES256-GCM-SHA384"),
	CCM_128(0xc09c, "AES128-CCM"),
	CCM_256(0xc09d, "AES256-CCM"),
	CCM_128(0xc09e, "DHE-RSA-AES128-CCM"),
	CCM_256(0xc09f, "DHE-RSA-AES256-CCM"),
	CCM8_128(0xc0a0, "AES128-CCM8"),
	CCM8_256(0xc0a1, "AES256-CCM8"),
	CCM8_128(0xc0a2, "DHE-RSA-AES128-CCM8"),
	CCM8_256(0xc0a3, "DHE-RSA-AES256-CCM8"),
	CCM_128(0xc0ac, "ECDHE-ECDSA-AES128-CCM"),
	CCM_256(0xc0ad, "ECDHE-ECDSA-AES256-CCM"),
	CCM8_128(0xc0ae, "ECDHE-ECDSA-AES128-CCM8"),
	CCM8_256(0xc0af, "ECDHE-ECDSA-AES256-CCM8"),
	CHACHA(0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
	CHACHA(0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
	CHACHA(0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
	CBC_128(0x002f, "SHA256", "SHA1", "AES128-SHA"),
	CBC_128(0x0033, "SHA256", "SHA1", "DHE-RSA-AES128-SHA"),
	CBC_128(0x0034, "SHA256", "SHA1", "ADH-AES128-SHA"),
	CBC_256(0x0035, "SHA256", "SHA1", "AES256-SHA"),
	CBC_256(0x0039, "SHA256", "SHA1", "DHE-RSA-AES256-SHA"),
	CBC_256(0x003a, "SHA256", "SHA1", "ADH-AES256-SHA"),
	CBC_128(0x003c, "SHA256", "SHA256", "AES128-SHA256"),
	CBC_256(0x003d, "SHA256", "SHA256", "AES256-SHA256"),
	CBC_128(0x0067, "SHA256", "SHA256", "DHE-RSA-AES128-SHA256"),
	CBC_256(0x006b, "SHA256", "SHA256", "DHE-RSA-AES256-SHA256"),
	CBC_128(0x006c, "SHA256", "SHA256", "ADH-AES128-SHA256"),
	CBC_256(0x006d, "SHA256", "SHA256", "ADH-AES256-SHA256"),
	CBC_128(0xc009, "SHA256", "SHA1", "ECDHE-ECDSA-AES128-SHA"),
	CBC_256(0xc00a, "SHA256", "SHA1", "ECDHE-ECDSA-AES256-SHA"),
	CBC_128(0xc013, "SHA256", "SHA1", "ECDHE-RSA-AES128-SHA"),
	CBC_256(0xc014, "SHA256", "SHA1", "ECDHE-RSA-AES256-SHA"),
	CBC_128(0xc018, "SHA256", "SHA1", "AECDH-AES128-SHA"),
	CBC_256(0xc019, "SHA256", "SHA1", "AECDH-AES256-SHA"),
	CBC_128(0xc023, "SHA256", "SHA256", "ECDHE-ECDSA-AES128-SHA256"),
	CBC_256(0xc024, "SHA384", "SHA384", "ECDHE-ECDSA-AES256-SHA384"),
	CBC_128(0xc027, "SHA256", "SHA256", "ECDHE-RSA-AES128-SHA256"),
	CBC_256(0xc028, "SHA384", "SHA384", "ECDHE-RSA-AES256-SHA384"),
};

const struct suite *suite_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}
