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

static void assert_note(struct note note, enum note_tag tag, uint16_t value, const char *text)
{
	assert_int_equal(note.tag, tag);
	assert_int_equal(note.value, value);
	assert_non_null(note.text.p);
	assert_true(bytes_equal(note.text, bytes_str(text)));
}

static void notes_are_found(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct notes n = {0};
	uint16_t pos = 0;
	struct note note;
	assert_null(notes_find(&n, NOTE_BANNER).text.p);
	assert_false(notes_next(&n, &pos, &note));
	notes_set(&n, pool, NOTE_BANNER, 220, bytes_str("mx.example.net"));
	notes_set(&n, pool, NOTE_HELO, 0, bytes_str("out"));
	notes_set(&n, pool, NOTE_REPLY, 250, bytes_of(NULL, 0));
	assert_note(notes_find(&n, NOTE_BANNER), NOTE_BANNER, 220, "mx.example.net");
	assert_note(notes_find(&n, NOTE_HELO), NOTE_HELO, 0, "out");
	assert_note(notes_find(&n, NOTE_REPLY), NOTE_REPLY, 250, "");
	assert_null(notes_find(&n, NOTE_FROM).text.p);
	assert_null(notes_find(&n, NOTE_VOID).text.p);
	assert_true(notes_next(&n, &pos, &note));
	assert_note(note, NOTE_BANNER, 220, "mx.example.net");
	assert_true(notes_next(&n, &pos, &note));
	assert_note(note, NOTE_HELO, 0, "out");
	assert_true(notes_next(&n, &pos, &note));
	assert_note(note, NOTE_REPLY, 250, "");
	assert_false(notes_next(&n, &pos, &note));
	assert_false(n.full);
	assert_true(pool_used(pool) <= 80);
	notes_free(&n, pool);
	assert_int_equal(pool_used(pool), 0);
	assert_int_equal(n.used, 0);
	pool_free(pool);
}

static void setting_replaces(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct notes n = {0};
	static const char *const texts[] = {"first",
					    "a longer one",
					    "x",
					    "",
					    "one that is a good deal longer than all the others",
					    "y"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		notes_set(&n, pool, NOTE_REPLY, (uint16_t)(250 + i), bytes_str(texts[i]));
		if (i == 1)
			notes_set(&n, pool, NOTE_HELO, 1, bytes_str("helo"));
		assert_note(notes_find(&n, NOTE_REPLY), NOTE_REPLY, (uint16_t)(250 + i), texts[i]);
		struct note note;
		unsigned count = 0;
		for (uint16_t pos = 0; notes_next(&n, &pos, &note); count++)
			assert_int_not_equal(note.tag, NOTE_VOID);
		assert_int_equal(count, i >= 1 ? 2 : 1);
	}
	assert_note(notes_find(&n, NOTE_HELO), NOTE_HELO, 1, "helo");
	notes_free(&n, pool);
	pool_free(pool);
}

static void a_long_text_is_cut(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct notes n = {0};
	char text[NOTE_REPLY_MAX + 100];
	memset(text, 't', sizeof text);
	notes_add(&n, pool, NOTE_FROM, 0, bytes_of(text, sizeof text));
	notes_set(&n, pool, NOTE_REPLY, 0, bytes_of(text, NOTE_REPLY_MAX - 1));
	notes_set(&n, pool, NOTE_REPLY, 0, bytes_of(text, sizeof text));
	assert_int_equal(notes_find(&n, NOTE_FROM).text.n, NOTE_TEXT_MAX);
	assert_int_equal(notes_find(&n, NOTE_REPLY).text.n, NOTE_REPLY_MAX);
	assert_false(n.full);
	notes_free(&n, pool);
	pool_free(pool);
}

/* Recipients fill the block: the later ones are left out, the values of the others can be changed,
 * and what is set afterwards still has room. */
static void recipients_stay_where_they_are(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct notes n = {0};
	uint16_t where[1000];
	unsigned kept = 0;
	for (unsigned i = 0; i < 1000; i++) {
		char text[40];
		snprintf(text, sizeof text, "recipient-%u@example.org", i);
		where[i] = notes_add(&n, pool, NOTE_RCPT, 0, bytes_str(text));
		kept += where[i] != NOTES_NONE;
		assert_int_equal(n.full, where[i] == NOTES_NONE);
		snprintf(text, sizeof text, "%.*s", (int)(i % 30),
			 "from@ and much that lengthens it more");
		if (i < 40)
			notes_set(&n, pool, NOTE_FROM, 0, bytes_str(text));
	}
	assert_true(kept > 150 && kept < 1000);
	for (unsigned i = 0; i < 1000; i++)
		notes_value(&n, where[i], (uint16_t)(200 + i));
	char text[NOTE_TEXT_MAX];
	memset(text, 'q', sizeof text);
	notes_set(&n, pool, NOTE_MESSAGE_ID, 0, bytes_of(text, 128));
	notes_set(&n, pool, NOTE_QUEUE_ID, 0, bytes_of(text, NOTE_TEXT_MAX));
	notes_set(&n, pool, NOTE_REPLY, 250, bytes_of(text, NOTE_TEXT_MAX));
	assert_int_equal(notes_find(&n, NOTE_MESSAGE_ID).text.n, 128);
	assert_int_equal(notes_find(&n, NOTE_QUEUE_ID).text.n, NOTE_TEXT_MAX);
	assert_int_equal(notes_find(&n, NOTE_REPLY).text.n, NOTE_TEXT_MAX);
	struct note note;
	unsigned i = 0;
	for (uint16_t pos = 0; notes_next(&n, &pos, &note);) {
		if (note.tag != NOTE_RCPT)
			continue;
		snprintf(text, sizeof text, "recipient-%u@example.org", i);
		assert_note(note, NOTE_RCPT, (uint16_t)(200 + i++), text);
	}
	assert_int_equal(i, kept);
	assert_true(n.used <= NOTES_MAX);
	notes_free(&n, pool);
	pool_free(pool);
}

/* However often, and to whatever lengths, the notes of a session are set: nothing is ever left out,
 * and what was set is there. */
static void endless_setting_stays_within_bounds(void **state)
{
	(void)state;
	struct pool *pool = some_pool();
	struct dice dice = dice_new("endless_setting_stays_within_bounds", 1);
	for (unsigned round = 0; round < 200; round++) {
		struct notes n = {0};
		size_t length[NOTE_NOT_SMTP + 1] = {0};
		unsigned values[NOTE_NOT_SMTP + 1] = {0};
		for (unsigned i = 0; i < 500; i++) {
			char text[NOTE_REPLY_MAX];
			unsigned tag = NOTE_BANNER + dice_roll(&dice, NOTE_NOT_SMTP);
			size_t most = tag == NOTE_REPLY || tag == NOTE_FAREWELL ? NOTE_REPLY_MAX
										: NOTE_TEXT_MAX;
			length[tag] =
				dice_roll(&dice, round % 2 ? (unsigned)most + 1 : 2 + i * 2 / 3);
			length[tag] = length[tag] < most ? length[tag] : most;
			values[tag] = i;
			memset(text, (int)tag, sizeof text);
			notes_set(&n, pool, tag, (uint16_t)i, bytes_of(text, length[tag]));
		}
		assert_false(n.full);
		assert_true(pool_used(pool) <= NOTES_MAX);
		for (unsigned tag = NOTE_BANNER; tag <= NOTE_NOT_SMTP; tag++) {
			struct note note = notes_find(&n, tag);
			assert_int_equal(note.text.n, length[tag]);
			assert_int_equal(note.value, values[tag]);
			for (size_t i = 0; i < note.text.n; i++)
				assert_int_equal(note.text.p[i], tag);
		}
		notes_free(&n, pool);
		assert_int_equal(pool_used(pool), 0);
	}
	pool_free(pool);
}

static void without_memory_the_text_is_cut(void **state)
{
	(void)state;
	struct pool *none = pool_new(0), *little = pool_new((size_t)100 << 10);
	struct notes n = {0};
	assert_int_equal(notes_add(&n, none, NOTE_RCPT, 0, bytes_str("a@b")), NOTES_NONE);
	notes_set(&n, none, NOTE_REPLY, 0, bytes_str("a@b"));
	notes_value(&n, NOTES_NONE, 250);
	assert_true(n.full);
	assert_null(notes_find(&n, NOTE_RCPT).text.p);
	notes_free(&n, none);

	n.room = 80;
	notes_set(&n, little, NOTE_REPLY, 250, bytes_str("accepted"));
	notes_set(&n, little, NOTE_HELO, 0, bytes_str("out"));
	notes_set(&n, little, NOTE_BANNER, 0,
		  bytes_str("it fills what is left of the first block: 44"));
	while (pool_get(little, 4096) || pool_get(little, 160) || pool_get(little, 16))
		continue;
	char text[NOTE_TEXT_MAX];
	memset(text, 'x', sizeof text);
	assert_false(n.full);
	notes_set(&n, little, NOTE_REPLY, 221, bytes_of(text, sizeof text));
	notes_set(&n, little, NOTE_HELO, 1, bytes_of(text, sizeof text));
	assert_true(n.full);
	assert_note(notes_find(&n, NOTE_REPLY), NOTE_REPLY, 221, "xxxxxxxx");
	assert_note(notes_find(&n, NOTE_HELO), NOTE_HELO, 1, "xxxx");
	notes_free(&n, little);
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
