/* secret_words.h - words that the client said where a password or a message may stand: no output
 * may have them, though the server repeats them. */
#ifndef SMTPWATCH_CORE_DIALOGUE_SECRET_WORDS_H
#define SMTPWATCH_CORE_DIALOGUE_SECRET_WORDS_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/*
 * A keyed hash of each word, and nothing of the words. A word is a run of SAID_LEAST and more
 * letters, digits and bytes above ASCII, in any case; of a longer one than SAID_HEAD its first so
 * many bytes are a word too, because servers cut what they repeat. What stands between blanks is
 * one as a whole.
 */
struct said;
enum { SAID_LEAST = 4, SAID_HEAD = 8 };

/* So many words of a session are told from others; where it has said more, or the pool had no room
 * (also for the set itself: NULL), each word of a refusal is taken for one of them. */
enum { SAID_MOST = 2048 };

/* The longest text that said_veil makes. */
enum { SAID_TEXT = 2048 };

/* None yet; NULL where the pool is exhausted. */
struct said *said_new(struct pool *pool);
void said_free(struct said *s, struct pool *pool);

/* Remembers the words of a text. login: it is what AUTH was given, in which no word is an ordinary
 * one. *s may be moved. */
void said_take(struct said **s, struct pool *pool, const uint64_t seed[2], struct bytes text,
	       bool login);

/* Up to where in the client's stream the words were remembered of what is not read yet. */
uint64_t said_upto(const struct said *s);
void said_upto_set(struct said *s, uint64_t upto);

/*
 * The text with "********" in the place of all between two blanks where one of these words stands,
 * written to `to`, and cut at its length; or the text itself where there is none. Words that
 * replies are made of (reply_words.h) stay where the client has said them, but not to AUTH
 * ("mailbox full"), unless another word of its is beside them, with none between them that it has
 * not said. refusal: the text is one, or no reply.
 */
struct bytes said_veil(const struct said *s, const uint64_t seed[2], struct bytes text,
		       bool refusal, uint8_t to[SAID_TEXT]);

#endif
