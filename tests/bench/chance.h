/* chance.h - random numbers for the generator: the same seed gives the same file, on any machine.
 */
#ifndef SMTPWATCH_BENCH_CHANCE_H
#define SMTPWATCH_BENCH_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014): any state will do, so that each session can have its own
 * from its number. */
static inline uint64_t chance_next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint32_t chance_below(struct chance *c, uint32_t n)
{
	return (uint32_t)((chance_next(c) >> 32) * n >> 32);
}

static inline uint32_t chance_between(struct chance *c, uint32_t min, uint32_t max)
{
	return min + chance_below(c, max - min + 1);
}

static inline bool chance_permille(struct chance *c, uint32_t n)
{
	return chance_below(c, 1000) < n;
}

/* Sizes as they occur: small ones often, each doubling as likely as the next. By rejection, so that
 * no libm is needed. */
static inline uint32_t chance_size(struct chance *c, uint32_t min, uint32_t max)
{
	for (;;) {
		uint32_t size = chance_between(c, min, max);
		if (chance_below(c, size) < min)
			return size;
	}
}

#endif
