/* test_simd.c - what a comparison of sixteen bytes gives, as a number: by the processor's
 * instruction and without it. */
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static simd hits_at(uint32_t bits)
{
	uint8_t bytes[SIMD_BYTES];
	for (unsigned i = 0; i < SIMD_BYTES; i++)
		bytes[i] = bits >> i & 1 ? '\n' : 'x';
	return (simd)(simd_load(bytes) == '\n');
}

static void every_set_of_hits_is_told(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits <= 0xffff; bits++) {
		simd v = hits_at(bits);
		assert_int_equal(simd_mask(v), bits);
		assert_int_equal(simd_mask_plain(v), bits);
		assert_int_equal(simd_any(v), bits != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_set_of_hits_is_told)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
