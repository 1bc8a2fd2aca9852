/* test_tls_hello.c - hellos and certificates, whole, byte by byte, and cut everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/tls/hello.h"
#include "core/tls/suite.h"
#include "smtpwatch/certificate.h"
#include "smtpwatch/frame.h"

#define RANDOM_32 "0123456789abcdef0123456789abcdef"

/* Version 1.2, no session id, one suite; server_name "mx.a", ALPN "smtp". */
static const char client_hello[] =
	"\x01\x00\x00\x45\x03\x03" RANDOM_32 "\x00\x00\x02\x13\x01\x01\x00"
	"\x00\x1a\x00\x00\x00\x09\x00\x07\x00\x00\x04mx.a\x00\x10\x00\x07\x00\x05\x04smtp\xff\x01";
static const char server_hello[] =
	"\x02\x00\x00\x30\x03\x03" RANDOM_32
	"\x00\xc0\x2f\x00\x00\x0a\x00\x2b\x00\x02\x03\x04\x00\x16\x00\x00";

/* Names of one part each, dates of both forms. */
static const char certificate[] =
	"\x30\x64\x30\x62\xa0\x03\x02\x01\x02\x02\x01\x05\x30\x03\x06\x01\x2a"
	"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x0c\x02"
	"CA"
	"\x30\x20\x17\x0d"
	"250101000000Z"
	"\x18\x0f"
	"20260105120000Z"
	"\x30\x1d\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x0c\x02"
	"Co"
	"\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05"
	"mx.ab";

static bool is(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_str(text));
}

/* The messages of a script of bytes that comes in pieces of n. */
static unsigned take(struct pool *pool, struct bytes in, size_t n, struct tls_hello *last)
{
	struct tls_messages side = {0};
	struct tls_message m;
	unsigned count = 0;
	static uint8_t names[64];
	while (in.n > 0) {
		struct bytes piece = bytes_first(in, n);
		in = bytes_from(in, n);
		while (tls_message_next(&side, pool, &piece, &m)) {
			count++;
			if (tls_hello_read(&m, last) && last->server_name.n > 0) {
				memcpy(names, last->server_name.p, last->server_name.n);
				last->server_name.p = names;
			}
		}
	}
	tls_message_reset(&side, pool);
	return count;
}

static void hellos(void **state)
{
	(void)state;
	struct pool *pool = pool_new(1 << 20);
	struct tls_message m = {TLS_CLIENT_HELLO,
				bytes_of(client_hello + 4, sizeof client_hello - 1 - 4)};
	struct tls_hello h;
	tls_hello_read(&m, &h);
	assert_true(is(h.server_name, "mx.a") && is(h.protocol, "smtp"));
	m = (struct tls_message){TLS_SERVER_HELLO,
				 bytes_of(server_hello + 4, sizeof server_hello - 1 - 4)};
	assert_true(tls_hello_read(&m, &h));
	assert_int_equal(h.version, 0x0304);
	assert_int_equal(h.suite, 0xc02f);
	assert_true(h.encrypt_then_mac);
	for (size_t n = 1; n < sizeof server_hello; n++) {
		struct tls_hello pieces = {0};
		assert_int_equal(
			take(pool, bytes_of(server_hello, sizeof server_hello - 1), n, &pieces), 1);
		assert_int_equal(pieces.suite, 0xc02f);
	}
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
}

/* The hello above with a key share of X25519MLKEM768 (group 0x11ec, 1216 bytes) before the
 * names: 1.5 kB in all, with those of X25519 and the padding. Returns how many bytes. */
static size_t long_hello_write(uint8_t *out)
{
	enum {
		BEFORE = 4 + 2 + 32 + 1 + 4 + 2,
		SHARES = 2 + 4 + 1216 + 4 + 32,
		PADDING = 160,
		NAMES = 24
	};
	const uint16_t extensions = 4 + SHARES + 4 + PADDING + NAMES,
		       body = BEFORE - 4 + 2 + extensions;
	const uint8_t head[] = {1, 0, body >> 8, body & 0xff},
		      length[] = {extensions >> 8, extensions & 0xff};
	const uint8_t padding[] = {0, 21, 0, PADDING};
	const uint8_t shares[] = {
		0,    51,   SHARES >> 8, SHARES & 0xff, (SHARES - 2) >> 8, (SHARES - 2) & 0xff,
		0x11, 0xec, 4,           0xc0};
	uint8_t *p = out;
	memset(out, 0x5a, BEFORE + 2 + extensions);
	memcpy(p, client_hello, BEFORE);
	memcpy(p, head, sizeof head);
	memcpy(p += BEFORE, length, sizeof length);
	memcpy(p += sizeof length, shares, sizeof shares);
	memcpy(p + sizeof shares + 1216, "\x00\x1d\x00\x20", 4);
	memcpy(p += 4 + SHARES, padding, sizeof padding);
	memcpy(p += sizeof padding + PADDING, client_hello + BEFORE + 2, NAMES);
	return (size_t)(p + NAMES - out);
}

/* Its names lie in the second segment, wherever it is cut. */
static void a_hello_of_two_segments(void **state)
{
	(void)state;
	uint8_t hello[2000];
	size_t n = long_hello_write(hello);
	struct pool *pool = pool_new(1 << 20);
	assert_in_range(n, 1461, sizeof hello);
	for (size_t at = 1; at < n; at++) {
		struct tls_messages side = {0};
		struct tls_message m;
		struct tls_hello h;
		struct bytes first = bytes_of(hello, at), second = bytes_of(hello + at, n - at);
		assert_false(tls_message_next(&side, pool, &first, &m));
		assert_true(tls_message_next(&side, pool, &second, &m));
		assert_true(tls_hello_read(&m, &h));
		assert_true(is(h.server_name, "mx.a") && is(h.protocol, "smtp"));
		assert_true(is(h.random, RANDOM_32));
		tls_message_reset(&side, pool);
	}
	for (size_t piece = 1; piece < n; piece += 7) {
		struct tls_hello h = {0};
		assert_int_equal(take(pool, bytes_of(hello, n), piece, &h), 1);
	}
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
}

/* Each beginning of a message, in memory that ends there, so that a sanitizer sees a step beyond.
 */
static void cut_everywhere(void **state)
{
	(void)state;
	static const struct {
		uint8_t type;
		const char *text;
		size_t n;
	} messages[] = {{TLS_CLIENT_HELLO, client_hello + 4, sizeof client_hello - 5},
			{TLS_SERVER_HELLO, server_hello + 4, sizeof server_hello - 5},
			{TLS_CERTIFICATE, certificate, sizeof certificate - 1}};
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		for (size_t n = 1; n <= messages[i].n; n++) {
			uint8_t *copy = malloc(n);
			assert_non_null(copy);
			memcpy(copy, messages[i].text, n);
			struct tls_message m = {messages[i].type, bytes_of(copy, n)};
			struct tls_hello h;
			struct certificate c;
			bool whole = tls_hello_read(&m, &h);
			assert_false(whole && n < messages[i].n && m.type == TLS_SERVER_HELLO &&
				     n != 38);
			certificate_read(m.body, &c);
			certificate_read(tls_hello_certificate(&m, n % 2 != 0), &c);
			free(copy);
		}
}

static void certificates(void **state)
{
	(void)state;
	struct certificate c;
	assert_true(certificate_read(bytes_of(certificate, sizeof certificate - 1), &c));
	assert_true(is(c.issuer, "CA"));
	assert_true(is(c.subject, "mx.ab"));
	assert_true(c.expires == INT64_C(1767614400) * FRAME_SECOND);
	assert_false(certificate_read(bytes_str("no certificate"), &c));
}

static void suites(void **state)
{
	(void)state;
	const struct tls_suite *gcm = tls_suite_find(0xc02f), *cbc = tls_suite_find(0xc013),
			       *tls13 = tls_suite_find(0x1301);
	assert_true(tls_suite_may_hold(gcm, false, 30, 6) &&
		    tls_suite_may_hold(tls13, false, 23, 6));
	assert_false(tls_suite_may_hold(gcm, false, 31, 6));
	assert_true(tls_suite_may_hold(cbc, false, 48, 6) && tls_suite_may_hold(cbc, true, 52, 6));
	assert_int_equal(tls_suite_inside(tls13, 19), 2);
	assert_null(tls_suite_find(0));
	assert_string_equal(tls_version_name(0x0303), "1.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hellos),         cmocka_unit_test(a_hello_of_two_segments),
		cmocka_unit_test(cut_everywhere), cmocka_unit_test(certificates),
		cmocka_unit_test(suites),
	};
	return cmocka_run_group_tests_name("tls_hello", tests, NULL, NULL);
}
