/* keyed_hash.h - a hash of a few bytes for tables whose keys strangers choose. */
#ifndef SMTPWATCH_BASE_KEYED_HASH_H
#define SMTPWATCH_BASE_KEYED_HASH_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The longest text that is hashed, in words of 4 bytes. */
enum { KEYED_HASH_WORDS = 8 };

/* Filled with random bytes before the first use. */
struct keyed_hash {
	uint64_t key[KEYED_HASH_WORDS + 1];
};

/*
 * Returns the hash of n bytes, at most 4 * KEYED_HASH_WORDS; texts of one table are equally long.
 * Multiply-shift of vectors (Dietzfelbinger, 1996), strongly universal: who does not know the key
 * finds two texts with the same value with a chance of 2^-32, and with the same first b bits with
 * 2^-b, whatever he chooses. The first bits are the best: keyed_hash_place takes these.
 */
static inline uint32_t keyed_hash(const struct keyed_hash *h, const void *text, size_t n)
{
	uint64_t sum = h->key[KEYED_HASH_WORDS];
	uint32_t word[KEYED_HASH_WORDS] = {0};
	assert(n <= sizeof word);
	memcpy(word, text, n);
	for (size_t i = 0; i < KEYED_HASH_WORDS; i++)
		sum += h->key[i] * word[i];
	return (uint32_t)(sum >> 32);
}

/* Returns the place of a hash among so many places. */
static inline uint32_t keyed_hash_place(uint32_t hash, uint32_t places)
{
	return (uint32_t)((uint64_t)hash * places >> 32);
}

#endif
