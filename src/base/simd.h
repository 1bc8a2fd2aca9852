/* simd.h - vectors of sixteen bytes, by the compiler's vector extension, for searches in lines and
 * contents. */
#ifndef SMTPWATCH_BASE_SIMD_H
#define SMTPWATCH_BASE_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t simd __attribute__((vector_size(16)));
typedef uint64_t simd_halves __attribute__((vector_size(16)));

enum { SIMD_BYTES = sizeof(simd) };

/* Loads SIMD_BYTES bytes from p, which need not be aligned. */
static inline simd simd_load(const uint8_t *p)
{
	simd v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* Returns the result v of a comparison as a bit mask; the lowest bit is the first byte. Each byte
 * keeps its own bit, and a product adds the bits up. */
static inline uint32_t simd_mask_plain(simd v)
{
	static const simd bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	simd_halves h = (simd_halves)(v & bit);
	return (uint32_t)(h[0] * UINT64_C(0x0101010101010101) >> 56 |
			  (h[1] * UINT64_C(0x0101010101010101) >> 56) << 8);
}

/* As simd_mask_plain, with the processor's own instruction if there is one. */
static inline uint32_t simd_mask(simd v)
{
#ifdef __SSE2__
	typedef char signs __attribute__((vector_size(16)));
	return (uint32_t)__builtin_ia32_pmovmskb128((signs)v);
#else
	return simd_mask_plain(v);
#endif
}

/* Finds a byte of a text of n bytes by the mask that `hits` makes of SIMD_BYTES bytes, and by `is`
 * for what is shorter. Returns n if there is none. The last block overlaps the one before. Inline:
 * both functions are known where it is called. */
static inline __attribute__((always_inline)) size_t
simd_find(const uint8_t *p, size_t n, uint32_t (*hits)(const uint8_t *p), bool (*is)(uint8_t c))
{
	size_t i = 0;
	for (; i + SIMD_BYTES <= n; i += SIMD_BYTES) {
		uint32_t mask = hits(p + i);
		if (mask)
			return i + (unsigned)__builtin_ctz(mask);
	}
	if (n >= SIMD_BYTES) {
		uint32_t mask = hits(p + n - SIMD_BYTES) >> (i + SIMD_BYTES - n);
		return mask ? i + (unsigned)__builtin_ctz(mask) : n;
	}
	while (i < n && !is(p[i]))
		i++;
	return i;
}

/* Returns true if the comparison held for at least one byte. */
static inline bool simd_any(simd v)
{
#ifdef __SSE2__
	return simd_mask(v) != 0;
#else
	simd_halves h = (simd_halves)v;
	return (h[0] | h[1]) != 0;
#endif
}

#endif
