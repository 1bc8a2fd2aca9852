/* reply_words.h - the table of words that mail servers use in their replies. */
#ifndef SMTPWATCH_CORE_DIALOGUE_REPLY_WORDS_H
#define SMTPWATCH_CORE_DIALOGUE_REPLY_WORDS_H

#include "smtpwatch/bytes.h"

/* The lengths of the shortest and the longest word of the table, in bytes. */
enum { REPLY_WORD_MIN = 4, REPLY_WORD_MAX = 15 };

/* Whether the table has this word, in any case. */
bool reply_word_is(struct bytes word);

/* For tests: returns the word at index i in alphabetical order, or NULL behind the last. */
const char *reply_word_at(size_t i);

#endif
