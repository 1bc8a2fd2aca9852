/* reply_words.h - the words that replies of mail servers are made of. */
#ifndef SMTPWATCH_CORE_DIALOGUE_REPLY_WORDS_H
#define SMTPWATCH_CORE_DIALOGUE_REPLY_WORDS_H

#include "smtpwatch/bytes.h"

/* No word of the table is shorter or longer. */
enum { REPLY_WORD_MIN = 4, REPLY_WORD_MAX = 15 };

/* Whether the word is one of them, in any case. */
bool reply_word_is(struct bytes word);

/* The words of the table, for tests: the i-th in the order of the alphabet, NULL behind the last.
 */
const char *reply_word_at(size_t i);

#endif
