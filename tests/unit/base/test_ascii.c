/* test_ascii.c - letters in any case: only those of ASCII, and in every locale the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ascii.h"

static void test_letters(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';

		assert_int_equal(ascii_upper((uint8_t)c), lower ? c - 32 : c);
		assert_int_equal(ascii_lower((uint8_t)c), upper ? c + 32 : c);
		for (unsigned d = 0; d < 256; d++)
			assert_int_equal(ascii_same((uint8_t)c, (uint8_t)d),
					 ascii_lower((uint8_t)c) == ascii_lower((uint8_t)d));
	}
}

static bool equal(const char *a, const char *b)
{
	return ascii_equal(bytes_str(a), bytes_str(b));
}

static void test_equal(void **state)
{
	(void)state;
	assert_true(equal("", ""));
	assert_true(equal("Critical-I", "cRITICAL-i"));
	assert_false(equal("critical", "critica"));
	assert_false(equal("critica", "critical"));
	assert_false(equal("[", "{"));
	assert_true(ascii_equal(bytes_of("a\0B", 3), bytes_of("A\0b", 3)));
	assert_false(ascii_equal(bytes_of("a\0B", 3), bytes_of("a\0c", 3)));
}

static bool contains(const char *text, const char *word)
{
	return ascii_contains(bytes_str(text), word);
}

static void test_contains(void **state)
{
	(void)state;
	assert_true(contains("too many critical", "MANY"));
	assert_true(contains("aab", "ab"));
	assert_true(contains("ab", "ab"));
	assert_true(contains("", ""));
	assert_true(contains("a", ""));
	assert_false(contains("", "a"));
	assert_false(contains("ab", "abc"));
	assert_false(contains("a b", "ab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_contains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
