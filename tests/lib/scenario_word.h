/* scenario_word.h - the words of a scenario's line. Each reader moves *p behind what it took;
 * false: it was not that, and *p stands where it stood. */
#ifndef SMTPWATCH_TESTS_SCENARIO_WORD_H
#define SMTPWATCH_TESTS_SCENARIO_WORD_H

#include "smtpwatch/stream.h"

/* Passes over blanks; the first byte of what follows, 0 at the end. */
const char *word_peek(char **p);

/* The next word, ended by a NUL that is written into the line; NULL if there is none. */
char *word_next(char **p);

bool word_is(char **p, const char *word);

/* Which word of a list that ends with NULL. */
bool word_choice(char **p, const char *const *words, int64_t *which);

/* Decimal, with or without a sign. */
bool word_number(char **p, int64_t *number);

/* "301s", "40ms", "5m": nanoseconds. */
bool word_time(char **p, int64_t *ns);

/* "C", "S", or with a plus sign: goes on in the segment before. */
bool word_side(char **p, enum side *side, bool *joined);

/* "..." with \r \n \t \\ \" and \x16; the bytes belong to the caller. */
bool word_quoted(char **p, uint8_t **data, size_t *n);

/* "192.0.2.1" or "192.0.2.1:40000"; without a port, *port stays. */
bool word_endpoint(char **p, uint8_t addr[4], uint16_t *port);

#endif
