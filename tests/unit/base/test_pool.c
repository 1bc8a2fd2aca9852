/* test_pool.c - the size classes, the bound, and that blocks never overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/within.h"
#include "smtpwatch/pool.h"

#include <string.h>

static void every_size_has_room(void **state)
{
	(void)state;
	struct pool *p = pool_new((size_t)64 << 20);
	for (size_t size = 1; size <= POOL_MAX; size += size < 3000 ? 1 : 509) {
		assert_true(pool_usable(size) >= size);
		assert_true(size < 64 || pool_usable(size) <= size + size / 4 + 16);
		unsigned char *a = pool_get(p, size), *b = pool_get(p, size);
		assert_non_null(a);
		assert_non_null(b);
		assert_int_equal((uintptr_t)a % 16, 0);
		memset(a, 0x55, pool_usable(size));
		memset(b, 0xaa, pool_usable(size));
		assert_int_equal(a[pool_usable(size) - 1], 0x55);
		assert_int_equal(b[0], 0xaa);
		pool_put(p, a, size);
		pool_put(p, b, size);
	}
	assert_int_equal(pool_used(p), 0);
	assert_true(pool_reserved(p) > 0);
	pool_free(p);
}

static void limit_is_kept_and_blocks_come_back(void **state)
{
	(void)state;
	struct pool *p = pool_new((size_t)1 << 20);
	void *block[20000];
	size_t n = 0;
	while (n < 20000 && (block[n] = pool_get(p, 100)))
		n++;
	assert_within(n, 5000, 9362);
	assert_true(pool_reserved(p) <= (size_t)1 << 20);
	assert_null(pool_get(p, 100));
	pool_put(p, block[--n], 100);
	assert_ptr_equal(pool_get(p, 97), block[n]);
	pool_put(p, NULL, 100);
	pool_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_room),
		cmocka_unit_test(limit_is_kept_and_blocks_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
