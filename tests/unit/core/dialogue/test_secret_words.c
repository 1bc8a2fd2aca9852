/* test_secret_words.c - words that no output may have: known again in any case and between any
 * marks, cut short, and among many; no other word is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/dialogue/parts.h"
#include "core/dialogue/reply_words.h"
#include "core/dialogue/secret_words.h"
#include "lib/segments.h"

static const uint64_t seed[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static void assert_veiled(const struct secret_words *s, const char *text, bool refusal,
			  const char *expected)
{
	uint8_t to[MASKED_TEXT_MAX];
	struct bytes got = secret_words_mask(s, seed, bytes_str(text), refusal, to);
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.p, expected, got.n);
}

static void words_are_known_again(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)16 << 20);
	struct secret_words *s = secret_words_new(pool);
	secret_words_add(
		&s, pool, seed,
		bytes_str("AHVzZXIAcGFzc3dvcmQ= p@s-w0!d  imap://u@h/Inbox;urlauth=x abc 5.7.8 "
			  "b\xc3\xa4r"),
		false);
	/* as it stands, between marks, in another case, cut, and with something behind it */
	assert_veiled(s, "bad AHVzZXIAcGFzc3dvcmQ= here", true, "bad ******** here");
	assert_veiled(s, "\"ahvzzxiacgfzc3dvcmq=\"", true, "********");
	assert_veiled(s, "x=AHVzZXIAcGFz...", true, "********");
	assert_veiled(s, "p@s-w0!d", true, "********");
	assert_veiled(s, "<p@s-w0!d>,  (imap://other/INBOX)\tend", false,
		      "********  ********\tend");
	assert_veiled(s, "b\xc3\xa4r", true, "********");
	/* what it did not say, what is too short, and enhanced codes */
	assert_veiled(s, "authentication failed abc u@h 5.7.8", true,
		      "authentication failed abc u@h 5.7.8");
	assert_veiled(s, "AHVzZXI", true, "AHVzZXI");
	assert_veiled(s, "", true, "");
	secret_words_free(s, pool);
	pool_free(pool);
}

/* However a message is cut by its segments; what has not ended counts when it is asked for, and
 * not in the next message. */
static void words_of_content_are_whole(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)16 << 20);
	size_t before = pool_used(pool);
	struct secret_words *s = secret_words_new(pool);
	static const char text[] = "dear xenophon,\r\nthe key is zy";
	for (const char *p = text; *p; p++)
		secret_words_add_content(&s, pool, seed, bytes_of(p, 1));
	assert_veiled(s, "no Xenophon; zygote", true, "no ******** zygote");
	struct bytes unended = secret_words_unended(s);
	assert_int_equal(unended.n, strlen("the key is zy"));
	assert_memory_equal(unended.p, "the key is zy", unended.n);
	secret_words_add_content(&s, pool, seed, bytes_str("gote\r\nquark"));
	assert_veiled(s, "zygote quark", true, "******** quark");
	secret_words_content_end(s, pool);
	assert_int_equal(secret_words_unended(s).n, 0);
	secret_words_add_content(&s, pool, seed, bytes_str("xylo\r\nhalf"));
	assert_veiled(s, "quarkxylo xylo", true, "quarkxylo ********");
	secret_words_free(s, pool);
	secret_words_content_end(NULL, pool);
	assert_int_equal(pool_used(pool), before);
	pool_free(pool);
}

static void words_of_replies_stay(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)16 << 20);
	struct secret_words *s = secret_words_new(pool);
	secret_words_add(&s, pool, seed,
			 bytes_str("Too many Errors: mailbox of xyzzy, connection timeout; "
				   "mail.example.net system-timeout"),
			 false);
	assert_veiled(s, "4.7.0 mx Error: too many errors", true,
		      "4.7.0 mx Error: too many errors");
	assert_veiled(s, "mailbox full, user unknown", true, "mailbox full, user unknown");
	assert_veiled(s, "the mail system: connection timeout", true,
		      "the mail system: connection timeout");
	/* beside another word, with short ones between; a word that it did not say parts them */
	assert_veiled(s, "unknown: \"many errors: mailbox of xyzzy\"", true,
		      "unknown: ******** ******** ******** of ********");
	assert_veiled(s, "xyzzy mailbox unknown mailbox", true,
		      "******** ******** unknown mailbox");
	assert_veiled(s, "mailbox unknown mailbox xyzzy", true,
		      "mailbox unknown ******** ********");
	/* more than such a word, and such a word with more */
	assert_veiled(s, "<mail.example.net> is down", true, "******** is down");
	assert_veiled(s, "system-timeout", true, "********");
	assert_veiled(s, "connectivity", true, "********");
	/* what AUTH was given is no ordinary word */
	secret_words_add(&s, pool, seed, bytes_str("Policy timeout"), true);
	assert_veiled(s, "failed: policy or timeout of server", true,
		      "failed: ******** or ******** of server");
	assert_veiled(s, "mailbox full", true, "mailbox full");
	secret_words_free(s, pool);
	pool_free(pool);
}

static void the_table_is_in_order(void **state)
{
	(void)state;
	size_t n = 0;
	for (const char *word; (word = reply_word_at(n)) != NULL; n++) {
		assert_true(n == 0 || strcmp(reply_word_at(n - 1), word) < 0);
		assert_in_range(strlen(word), REPLY_WORD_MIN, REPLY_WORD_MAX);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), strlen(word));
		assert_true(reply_word_is(bytes_str(word)));
	}
	assert_true(n > 200);
	assert_true(reply_word_is(bytes_str("MailBox")));
	static const char *const others[] = {"",     "mai",      "mailboxe", "mailboxess", "aaaa",
					     "zzzz", "password", "mailbox1", "xyzzy"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(reply_word_is(bytes_str(others[i])));
}

/* The n-th word. */
static struct bytes word_of(char text[16], unsigned n)
{
	return bytes_of(text, (size_t)snprintf(text, 16, "w%05u", n));
}

static void many_words_are_kept(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)16 << 20);
	struct secret_words *s = secret_words_new(pool);
	char text[16];
	for (unsigned i = 0; i < SECRET_WORDS_MAX; i++)
		secret_words_add(&s, pool, seed, word_of(text, i), false);
	for (unsigned i = 0; i < 4 * SECRET_WORDS_MAX; i++) {
		word_of(text, i);
		assert_veiled(s, text, true, i < SECRET_WORDS_MAX ? "********" : text);
	}
	/* One too many: of a refusal no word is told, of another reply those are that are
	 * remembered. */
	secret_words_add(&s, pool, seed, word_of(text, SECRET_WORDS_MAX), false);
	assert_veiled(s, "5.5.1 what is unknown", true, "5.5.1 ******** is ********");
	assert_veiled(s, "queued as w00001", false, "queued as ********");
	assert_veiled(s, "queued as 4Xyz12", false, "queued as 4Xyz12");
	/* The same where there was no room for a set. */
	assert_veiled(NULL, "5.5.1 what is unknown", true, "5.5.1 ******** is ********");
	assert_veiled(NULL, "queued as w00001", false, "queued as w00001");
	secret_words_free(s, pool);
	pool_free(pool);
}

/* A session whose pool has nothing left: what cannot be remembered is not told either. */
static void without_memory_no_word_is_told(void **state)
{
	(void)state;
	struct pool *none = pool_new(0);
	const struct dialogue_env env = {.pool = none, .seed = {seed[0], seed[1]}};
	const struct smtp_reply refusal = {.code = 535, .text = bytes_str("bad c2VjcmV0 here")};
	struct dialogue d = {0};
	uint8_t to[MASKED_TEXT_MAX];
	dialogue_init(&d, &env, false, true);
	assert_true(dialogue_no_secrets(&d));
	dialogue_secret_text(&d, bytes_str("c2VjcmV0"));
	assert_false(dialogue_no_secrets(&d));
	assert_true(
		bytes_equal(dialogue_mask(&d, &refusal, to), bytes_str("bad ******** ********")));
	dialogue_free(&d);
	pool_free(none);
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	struct pool *pool = pool_new((size_t)16 << 20);
	struct secret_words *s = secret_words_new(pool);
	char text[2 * MASKED_TEXT_MAX];
	uint8_t to[MASKED_TEXT_MAX];
	secret_words_add(&s, pool, seed, bytes_str("word"), false);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "word "[i % 5];
	struct bytes got = secret_words_mask(s, seed, bytes_of(text, sizeof text), true, to);
	assert_int_equal(got.n, MASKED_TEXT_MAX);
	assert_null(memmem(got.p, got.n, "word", 4));
	secret_words_free(s, pool);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_known_again),
		cmocka_unit_test(words_of_content_are_whole),
		cmocka_unit_test(words_of_replies_stay),
		cmocka_unit_test(the_table_is_in_order),
		cmocka_unit_test(many_words_are_kept),
		cmocka_unit_test(without_memory_no_word_is_told),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
