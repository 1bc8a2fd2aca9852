/* test_ip_addr.c - the text of addresses, by table and against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "lib/wire.h"
#include "smtpwatch/ip_addr.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void test_addr_text(void **state)
{
	(void)state;
	static const char *const rows[] = {"::",
					   "::1",
					   "1::",
					   "2001:db8::1",
					   "2001:db8:0:1:1:1:1:1",
					   "1:0:0:2::3",
					   "1::2:0:0:3:4",
					   "::fffe:0:1",
					   "fe80::abcd:ef01:2345:6789",
					   "1:2:3:4:5:6:7:8",
					   "1:2:3:4:5:6::",
					   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
					   "64:ff9b::c000:201",
					   "10:200:3000::",
					   "1:2:3:4:5:6:7:0",
					   "0:2:3:4:5:6:7:8"};
	char text[IP_ADDR_TEXT];
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip_addr a;
		assert_int_equal(inet_pton(AF_INET6, rows[i], a.b), 1);
		assert_string_equal(ip_addr_text(&a, text), rows[i]);
		assert_int_equal(ip_addr_is_v4(&a), 0);
	}
	static const char *const rows4[] = {"0.0.0.0", "255.255.255.255", "192.0.2.1",
					    "10.100.9.99", "1.20.109.200"};
	for (size_t i = 0; i < COUNT(rows4); i++) {
		struct ip_addr a = wire_src4;
		assert_int_equal(inet_pton(AF_INET, rows4[i], a.b + 12), 1);
		assert_string_equal(ip_addr_text(&a, text), rows4[i]);
		assert_int_equal(ip_addr_is_v4(&a), 1);
	}
	assert_false(ip_addr_equal(&wire_src4, &wire_dst4));
}

/* The C library's text agrees but where it shows an embedded IPv4 address. */
static void test_addr_text_noise(void **state)
{
	(void)state;
	uint32_t seed = 7;
	for (unsigned i = 0; i < 20000; i++) {
		struct ip_addr a;
		for (unsigned j = 0; j < 16; j += 2) {
			uint32_t r = noise(&seed), mask = noise(&seed) & 3;
			a.b[j] = mask & 1 ? 0 : (uint8_t)r;
			a.b[j + 1] = mask ? 0 : (uint8_t)(r >> 8);
		}
		char text[IP_ADDR_TEXT], theirs[INET6_ADDRSTRLEN];
		inet_ntop(AF_INET6, a.b, theirs, sizeof theirs);
		if (!strchr(theirs, '.'))
			assert_string_equal(ip_addr_text(&a, text), theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr_text),
		cmocka_unit_test(test_addr_text_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
