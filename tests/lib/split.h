/* split.h - an input handed on whole, byte by byte, or cut at random: for whatever promises that
 * cutting changes nothing. */
#ifndef SMTPWATCH_TESTS_SPLIT_H
#define SMTPWATCH_TESTS_SPLIT_H

#include "lib/segments.h"
#include "smtpwatch/bytes.h"

enum split { SPLIT_WHOLE, SPLIT_BYTES, SPLIT_RANDOM, SPLITS };

/*
 * Calls take for each piece of `in`. A piece lies in memory of exactly its size, which is gone
 * after the call: a sanitizer sees who reads beyond it, or keeps it. Dice are for SPLIT_RANDOM.
 */
void split_feed(struct bytes in, enum split how, struct dice *dice,
		void (*take)(void *arg, struct bytes piece), void *arg);

/* Fills p with n bytes of `alphabet` by dice. */
void split_babble(struct dice *dice, const char *alphabet, uint8_t *p, size_t n);

#endif
