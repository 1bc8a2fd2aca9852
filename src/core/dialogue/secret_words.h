/* secret_words.h - the words that the client sent where a password or a message may stand. No
 * output may show such a word, even if the server repeats it. */
#ifndef SMTPWATCH_CORE_DIALOGUE_SECRET_WORDS_H
#define SMTPWATCH_CORE_DIALOGUE_SECRET_WORDS_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/*
 * A set of keyed hashes, one for each word; the words themselves are not kept.
 * A word is a run of at least SECRET_WORD_MIN letters, digits and bytes above ASCII, in any case.
 * If a word is longer than SECRET_WORD_HEAD, its first SECRET_WORD_HEAD bytes are a word too,
 * because servers cut what they repeat. The whole text between two blanks is a word too.
 */
struct secret_words;
enum { SECRET_WORD_MIN = 4, SECRET_WORD_HEAD = 8 };

/* The most words that a set holds. If the client sends more, or the pool has no room, each word of
 * a refusal counts as secret. The set itself is NULL if the pool had no room for it. */
enum { SECRET_WORDS_MAX = 2048 };

/* The longest text that secret_words_mask writes, in bytes. */
enum { MASKED_TEXT_MAX = 2048 };

/* Returns an empty set, or NULL if the pool is exhausted. secret_words_free returns it to the pool.
 */
struct secret_words *secret_words_new(struct pool *pool);
void secret_words_free(struct secret_words *s, struct pool *pool);

/* Adds the words of a text. login: the text was sent to AUTH, so that no word of it counts as
 * ordinary. *s may be moved. */
void secret_words_add(struct secret_words **s, struct pool *pool, const uint64_t seed[2],
		      struct bytes text, bool login);

/* Adds the words of a message's text, which goes on with the next call: however the text is cut,
 * its words are the same. A word is added when its line has ended; of a line the first
 * LINE_MAX_KEPT bytes count. *s may be moved. */
void secret_words_add_content(struct secret_words **s, struct pool *pool, const uint64_t seed[2],
			      struct bytes text);

/* The line of the text that has not ended yet. Borrowed until secret_words_add_content. */
struct bytes secret_words_unended(const struct secret_words *s);

/* The text ends here: what has not ended is forgotten. s may be NULL. */
void secret_words_content_end(struct secret_words *s, struct pool *pool);

/* The offset in the client's stream up to which the words of unread bytes have been added. */
uint64_t secret_words_upto(const struct secret_words *s);
void secret_words_upto_set(struct secret_words *s, uint64_t upto);

/*
 * Replaces by "********" all text between two blanks where a secret word stands. Returns text
 * itself if there is none; otherwise the result in `to`, cut at MASKED_TEXT_MAX. Borrowed from text
 * or `to`. A word of reply_words.h that the client has sent, though not to AUTH, is ordinary and
 * stays
 * ("mailbox full"). An exception: another secret word stands beside it, with no word between them
 * that the client has not sent. refusal: the text is a refusal, or no reply.
 */
struct bytes secret_words_mask(const struct secret_words *s, const uint64_t seed[2],
			       struct bytes text, bool refusal, uint8_t to[MASKED_TEXT_MAX]);

#endif
