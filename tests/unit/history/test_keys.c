/* test_keys.c - addresses without what servers put around them, and their keyed hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "history/keys.h"

static void inner_is(const char *address, const char *want)
{
	uint8_t room[STRING_TEXT_MAX];
	struct bytes inner = address_inner(bytes_str(address), room);
	assert_int_equal(inner.n, strlen(want));
	assert_memory_equal(inner.p, want, inner.n);
}

static void signatures_of_batv_go(void **state)
{
	(void)state;
	inner_is("Bob@Example.org", "bob@example.org");
	inner_is("prvs=4711ab1234=bob@example.org", "bob@example.org");
	inner_is("prvs=bob/4711ab1234@example.org", "bob@example.org");
	inner_is("btv1==4711ab==bob@example.org", "bob@example.org");
	inner_is("prvs=@example.org", "prvs=@example.org");
	inner_is("prvs==", "prvs==");
	inner_is("prvs=1=@example.org", "prvs=1=@example.org");
	inner_is("btv1==@example.org", "btv1==@example.org");
}

static void rewritten_senders_become_the_first_one(void **state)
{
	(void)state;
	inner_is("SRS0=HHH=TT=example.org=bob@forwarder.example", "bob@example.org");
	inner_is("SRS0+HHH=TT=example.org=bob=x@forwarder.example", "bob=x@example.org");
	inner_is("SRS1=KKK=first.example==HHH=TT=example.org=bob@second.example",
		 "bob@example.org");
	inner_is("SRS0=HHH=TT@forwarder.example", "srs0=hhh=tt@forwarder.example");
	inner_is("SRS0=HHH=TT==@x", "srs0=hhh=tt==@x");
	inner_is("SRS1=A@x", "srs1=a@x");
	inner_is("srs0@example.org", "srs0@example.org");
}

static void no_length_is_too_much(void **state)
{
	char text[2 * STRING_TEXT_MAX];
	uint8_t room[STRING_TEXT_MAX];
	(void)state;
	for (size_t n = 0; n < sizeof text; n += 7)
		for (unsigned form = 0; form < 4; form++) {
			static const char *const begins[] = {
				"prvs=a=", "srs0=a=b=", "srs1=a==b=c=", "btv1==a=="};
			memset(text, '=', sizeof text);
			memset(text + n / 2, 'x', (sizeof text - n) / 2);
			memcpy(text, begins[form], strlen(begins[form]));
			struct bytes inner = address_inner(bytes_of(text, n), room);
			assert_true(inner.n <= STRING_TEXT_MAX);
		}
}

static void keys_are_hashes_with_the_sites_key(void **state)
{
	uint8_t key[DIGEST_KEY], other[DIGEST_KEY] = {1};
	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	struct history_keys *k = history_keys_new(key), *l = history_keys_new(other);
	/* As --redact hash shows it (test_redact.c). */
	assert_true(history_key_address(k, bytes_str("Alice@example.org")) ==
		    UINT64_C(0x03a2cceef95fc1b3));
	assert_true(history_key_address(k, bytes_str("prvs=1=alice@example.org")) ==
		    UINT64_C(0x03a2cceef95fc1b3));
	assert_true(history_key(k, bytes_str("")) == 0);
	assert_true(history_key(k, bytes_str("a")) != history_key(l, bytes_str("a")));
	assert_true(history_keys_id(k) != history_keys_id(l));
	/* Twice the same, from the cache. */
	assert_true(history_key(k, bytes_str("a")) == history_key(k, bytes_str("a")));
	history_keys_free(k);
	history_keys_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_batv_go),
		cmocka_unit_test(rewritten_senders_become_the_first_one),
		cmocka_unit_test(no_length_is_too_much),
		cmocka_unit_test(keys_are_hashes_with_the_sites_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
