/* test_strings.c - kept texts: where they are, that they stay there, and that nothing outgrows the
 * bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/segments.h"
#include "smtpwatch/strings.h"

static struct pool *some_pool(void)
{
	return pool_new((size_t)16 << 20); /* each size class takes a slab */
}

static void assert_string(struct string string, enum string_tag tag, uint16_t value,
			  const char *text)
{
	assert_int_equal(string.tag, tag);
	assert_int_equal(string.value, value);
	assert_non_null(string.text.p);
	assert_true(bytes_equal(string.text, bytes_str(text)));
}

static void notes_are_found(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct strings n = {0};
	uint16_t pos = 0;
	struct string string;
	assert_null(strings_find(&n, STRING_BANNER).text.p);
	assert_false(strings_next(&n, &pos, &string));
	strings_set(&n, pool, STRING_BANNER, 220, bytes_str("mx.example.net"));
	strings_set(&n, pool, STRING_HELO, 0, bytes_str("out"));
	strings_set(&n, pool, STRING_REPLY, 250, bytes_of(NULL, 0));
	assert_string(strings_find(&n, STRING_BANNER), STRING_BANNER, 220, "mx.example.net");
	assert_string(strings_find(&n, STRING_HELO), STRING_HELO, 0, "out");
	assert_string(strings_find(&n, STRING_REPLY), STRING_REPLY, 250, "");
	assert_null(strings_find(&n, STRING_FROM).text.p);
	assert_null(strings_find(&n, STRING_VOID).text.p);
	assert_true(strings_next(&n, &pos, &string));
	assert_string(string, STRING_BANNER, 220, "mx.example.net");
	assert_true(strings_next(&n, &pos, &string));
	assert_string(string, STRING_HELO, 0, "out");
	assert_true(strings_next(&n, &pos, &string));
	assert_string(string, STRING_REPLY, 250, "");
	assert_false(strings_next(&n, &pos, &string));
	assert_false(n.full);
	assert_true(pool_used(pool) <= 80);
	strings_free(&n, pool);
	assert_int_equal(pool_used(pool), 0);
	assert_int_equal(n.used, 0);
	pool_free(pool);
}

static void setting_replaces(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct strings n = {0};
	static const char *const texts[] = {"first",
					    "a longer one",
					    "x",
					    "",
					    "one that is a good deal longer than all the others",
					    "y"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		strings_set(&n, pool, STRING_REPLY, (uint16_t)(250 + i), bytes_str(texts[i]));
		if (i == 1)
			strings_set(&n, pool, STRING_HELO, 1, bytes_str("helo"));
		assert_string(strings_find(&n, STRING_REPLY), STRING_REPLY, (uint16_t)(250 + i),
			      texts[i]);
		struct string string;
		unsigned count = 0;
		for (uint16_t pos = 0; strings_next(&n, &pos, &string); count++)
			assert_int_not_equal(string.tag, STRING_VOID);
		assert_int_equal(count, i >= 1 ? 2 : 1);
	}
	assert_string(strings_find(&n, STRING_HELO), STRING_HELO, 1, "helo");
	strings_free(&n, pool);
	pool_free(pool);
}

static void a_long_text_is_cut(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct strings n = {0};
	char text[STRING_REPLY_MAX + 100];
	memset(text, 't', sizeof text);
	strings_add(&n, pool, STRING_FROM, 0, bytes_of(text, sizeof text));
	strings_set(&n, pool, STRING_REPLY, 0, bytes_of(text, STRING_REPLY_MAX - 1));
	strings_set(&n, pool, STRING_REPLY, 0, bytes_of(text, sizeof text));
	assert_int_equal(strings_find(&n, STRING_FROM).text.n, STRING_TEXT_MAX);
	assert_int_equal(strings_find(&n, STRING_REPLY).text.n, STRING_REPLY_MAX);
	assert_false(n.full);
	strings_free(&n, pool);
	pool_free(pool);
}

/* Recipients fill the block: the later ones are left out, the values of the others can be changed,
 * and what is set afterwards still has room. */
static void recipients_stay_where_they_are(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct strings n = {0};
	uint16_t where[1000];
	unsigned kept = 0;
	for (unsigned i = 0; i < 1000; i++) {
		char text[40];
		snprintf(text, sizeof text, "recipient-%u@example.org", i);
		where[i] = strings_add(&n, pool, STRING_RCPT, 0, bytes_str(text));
		kept += where[i] != STRINGS_NONE;
		assert_int_equal(n.full, where[i] == STRINGS_NONE);
		snprintf(text, sizeof text, "%.*s", (int)(i % 30),
			 "from@ and much that lengthens it more");
		if (i < 40)
			strings_set(&n, pool, STRING_FROM, 0, bytes_str(text));
	}
	assert_true(kept > 150 && kept < 1000);
	for (unsigned i = 0; i < 1000; i++)
		strings_value(&n, where[i], (uint16_t)(200 + i));
	char text[STRING_TEXT_MAX];
	memset(text, 'q', sizeof text);
	strings_set(&n, pool, STRING_MESSAGE_ID, 0, bytes_of(text, 128));
	strings_set(&n, pool, STRING_QUEUE_ID, 0, bytes_of(text, STRING_TEXT_MAX));
	strings_set(&n, pool, STRING_REPLY, 250, bytes_of(text, STRING_TEXT_MAX));
	assert_int_equal(strings_find(&n, STRING_MESSAGE_ID).text.n, 128);
	assert_int_equal(strings_find(&n, STRING_QUEUE_ID).text.n, STRING_TEXT_MAX);
	assert_int_equal(strings_find(&n, STRING_REPLY).text.n, STRING_TEXT_MAX);
	struct string string;
	unsigned i = 0;
	for (uint16_t pos = 0; strings_next(&n, &pos, &string);) {
		if (string.tag != STRING_RCPT)
			continue;
		snprintf(text, sizeof text, "recipient-%u@example.org", i);
		assert_string(string, STRING_RCPT, (uint16_t)(200 + i++), text);
	}
	assert_int_equal(i, kept);
	assert_true(n.used <= STRINGS_MAX);
	strings_free(&n, pool);
	pool_free(pool);
}

/* However often, and to whatever lengths, the strings of a session are set: nothing is ever left
 * out, and what was set is there. */
static void endless_setting_stays_within_bounds(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct dice dice = dice_new("endless_setting_stays_within_bounds", 1);
	for (unsigned round = 0; round < 200; round++) {
		struct strings n = {0};
		size_t length[STRING_NOT_SMTP + 1] = {0};
		unsigned values[STRING_NOT_SMTP + 1] = {0};
		for (unsigned i = 0; i < 500; i++) {
			char text[STRING_REPLY_MAX];
			unsigned tag = STRING_BANNER + dice_roll(&dice, STRING_NOT_SMTP);
			size_t most = tag == STRING_REPLY || tag == STRING_FAREWELL
					      ? STRING_REPLY_MAX
					      : STRING_TEXT_MAX;
			length[tag] =
				dice_roll(&dice, round % 2 ? (unsigned)most + 1 : 2 + i * 2 / 3);
			length[tag] = length[tag] < most ? length[tag] : most;
			values[tag] = i;
			memset(text, (int)tag, sizeof text);
			strings_set(&n, pool, tag, (uint16_t)i, bytes_of(text, length[tag]));
		}
		assert_false(n.full);
		assert_true(pool_used(pool) <= STRINGS_MAX);
		for (unsigned tag = STRING_BANNER; tag <= STRING_NOT_SMTP; tag++) {
			struct string string = strings_find(&n, tag);
			assert_int_equal(string.text.n, length[tag]);
			assert_int_equal(string.value, values[tag]);
			for (size_t i = 0; i < string.text.n; i++)
				assert_int_equal(string.text.p[i], tag);
		}
		strings_free(&n, pool);
		assert_int_equal(pool_used(pool), 0);
	}
	pool_free(pool);
}

static void without_memory_the_text_is_cut(void **state)
{
	(void)state;
	struct pool *none = pool_new(0), *little = pool_new((size_t)100 << 10);
	struct strings n = {0};
	assert_int_equal(strings_add(&n, none, STRING_RCPT, 0, bytes_str("a@b")), STRINGS_NONE);
	strings_set(&n, none, STRING_REPLY, 0, bytes_str("a@b"));
	strings_value(&n, STRINGS_NONE, 250);
	assert_true(n.full);
	assert_null(strings_find(&n, STRING_RCPT).text.p);
	strings_free(&n, none);

	n.capacity = 80;
	strings_set(&n, little, STRING_REPLY, 250, bytes_str("accepted"));
	strings_set(&n, little, STRING_HELO, 0, bytes_str("out"));
	strings_set(&n, little, STRING_BANNER, 0,
		    bytes_str("it fills what is left of the first block: 44"));
	while (pool_get(little, 4096) || pool_get(little, 160) || pool_get(little, 16))
		continue;
	char text[STRING_TEXT_MAX];
	memset(text, 'x', sizeof text);
	assert_false(n.full);
	strings_set(&n, little, STRING_REPLY, 221, bytes_of(text, sizeof text));
	strings_set(&n, little, STRING_HELO, 1, bytes_of(text, sizeof text));
	assert_true(n.full);
	assert_string(strings_find(&n, STRING_REPLY), STRING_REPLY, 221, "xxxxxxxx");
	assert_string(strings_find(&n, STRING_HELO), STRING_HELO, 1, "xxxx");
	strings_free(&n, little);
	pool_free(none);
	pool_free(little);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_found),
		cmocka_unit_test(setting_replaces),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(recipients_stay_where_they_are),
		cmocka_unit_test(endless_setting_stays_within_bounds),
		cmocka_unit_test(without_memory_the_text_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
