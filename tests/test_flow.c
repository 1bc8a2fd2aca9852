/* test_flow.c - the keyed hash is symmetric, and the table is held against a plain list through growth and removals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/flow.h"

#include <stdlib.h>
#include <string.h>

static struct packet tuple(unsigned a, unsigned b, bool v4)
{
	struct packet p = {.src_port = (uint16_t)(1024 + a % 60000), .dst_port = 25};
	memset(p.src.b + 10, 0xff, 2);
	memset(p.dst.b + 10, 0xff, 2);
	memcpy(p.src.b + 12, &a, 4);
	memcpy(p.dst.b + 12, &b, 4);
	if (!v4)
		p.src.b[0] = p.dst.b[0] = 0x20;
	return p;
}

static void both_directions_hash_alike(void **state)
{
	(void)state;
	const uint64_t seed[2] = {1, 2}, other[2] = {1, 3};
	unsigned same = 0;
	for (unsigned i = 0; i < 1000; i++) {
		struct packet p = tuple(i * 77, i * 31 + 5, i % 2), back = p;
		back.src = p.dst;
		back.dst = p.src;
		back.src_port = p.dst_port;
		back.dst_port = p.src_port;
		assert_int_equal(flow_hash(seed, &p), flow_hash(seed, &back));
		same += flow_hash(seed, &p) == flow_hash(other, &p);
	}
	assert_true(same < 3);
}

static bool table_has(const struct flow_table *t, uint32_t hash, uint32_t value)
{
	uint32_t at = hash, found;
	while ((found = flow_find(t, hash, &at)) != FLOW_NONE)
		if (found == value)
			return true;
	return false;
}

static void table_agrees_with_a_list(void **state)
{
	(void)state;
	enum { N = 5000 };
	static uint32_t hash[N];
	static bool in[N];
	struct pool *pool = pool_new((size_t)16 << 20);
	struct flow_table t;
	assert_true(flow_table_init(&t, pool));
	srand(7);
	for (unsigned i = 0; i < N; i++)
		hash[i] = (uint32_t)rand() % 4096; /* many share a hash, and a home slot */
	for (unsigned round = 0; round < 40000; round++) {
		unsigned i = (unsigned)rand() % N;
		if (in[i])
			flow_remove(&t, hash[i], i);
		else
			assert_true(flow_add(&t, hash[i], i));
		in[i] = !in[i];
		if (round % 97 == 0)
			for (unsigned k = 0; k < N; k += 13)
				assert_int_equal(table_has(&t, hash[k], k), in[k]);
	}
	flow_table_free(&t);
	assert_int_equal(pool_used(pool), 0);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_hash_alike),
		cmocka_unit_test(table_agrees_with_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
