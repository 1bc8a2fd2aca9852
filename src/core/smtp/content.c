/* content.c - the search for the lone dot: a table of states, and vectors to pass over the bulk. */
#include "core/smtp/content.h"

#include "base/simd.h"

/* LF: the line end before was a bare LF, so that an end can only be a soft one. Zero is how content
 * begins. */
enum state {
	STATE_LINE,
	STATE_LF_LINE,
	STATE_DOT,
	STATE_LF_DOT,
	STATE_DOT_CR,
	STATE_LF_DOT_CR,
	STATE_TEXT,
	STATE_TEXT_CR,
	STATES,
	SOFT_END = 0x40, /* added to a state: an end was just passed */
	STATE_END = 0x80
};

enum byte { BYTE_OTHER, BYTE_DOT, BYTE_CR, BYTE_LF, BYTES };

/* What follows on each state. A CR that no LF follows is text: "\r.\r" ends nothing. */
static const uint8_t steps[STATES][BYTES] = {
	/* clang-format off */
	/*                    other       dot           CR               LF */
	[STATE_LINE] =      { STATE_TEXT, STATE_DOT,    STATE_TEXT_CR,   STATE_LF_LINE },
	[STATE_LF_LINE] =   { STATE_TEXT, STATE_LF_DOT, STATE_TEXT_CR,   STATE_LF_LINE },
	[STATE_DOT] =       { STATE_TEXT, STATE_TEXT,   STATE_DOT_CR,    STATE_LF_LINE | SOFT_END },
	[STATE_LF_DOT] =    { STATE_TEXT, STATE_TEXT,   STATE_LF_DOT_CR, STATE_LF_LINE | SOFT_END },
	[STATE_DOT_CR] =    { STATE_TEXT, STATE_TEXT,   STATE_TEXT_CR,   STATE_LINE | STATE_END },
	[STATE_LF_DOT_CR] = { STATE_TEXT, STATE_TEXT,   STATE_TEXT_CR,   STATE_LINE | SOFT_END },
	[STATE_TEXT] =      { STATE_TEXT, STATE_TEXT,   STATE_TEXT_CR,   STATE_LF_LINE },
	[STATE_TEXT_CR] =   { STATE_TEXT, STATE_TEXT,   STATE_TEXT_CR,   STATE_LINE },
	/* clang-format on */
};

static enum byte byte_of(uint8_t c)
{
	return c == '.' ? BYTE_DOT : c == '\r' ? BYTE_CR : c == '\n' ? BYTE_LF : BYTE_OTHER;
}

enum { BLOCK = 4 * SIMD_BYTES };

static simd compare(const uint8_t *p)
{
	return (simd)((simd_load(p) == '\n') & (simd_load(p + 1) == '.'));
}

/* A dot, which bodies in base64 have nowhere, stands among the BLOCK bytes at p: to ask that first
 * costs half. */
static inline bool block_dot(const uint8_t *p)
{
	return simd_any((simd)((simd_load(p) == '.') | (simd_load(p + SIMD_BYTES) == '.') |
			       (simd_load(p + 2 * SIMD_BYTES) == '.') |
			       (simd_load(p + 3 * SIMD_BYTES) == '.')));
}

/* "\n." begins somewhere in the BLOCK bytes at p; reads BLOCK + 1 of them. */
static inline bool block_hit(const uint8_t *p)
{
	if (!block_dot(p + 1))
		return false;
	return simd_any(compare(p) | compare(p + SIMD_BYTES) | compare(p + 2 * SIMD_BYTES) |
			compare(p + 3 * SIMD_BYTES));
}

/* How many bytes at p, of n, have no "\n." that begins among them: a multiple of BLOCK, and so many
 * that at least one byte is left. */
static inline size_t pass_blocks(const uint8_t *p, size_t n)
{
	size_t i = 0;
	while (i + BLOCK < n && !block_hit(p + i))
		i += BLOCK;
	return i;
}

#if defined __x86_64__ && defined __GNUC__
/* As pass_blocks, of blocks twice as long: vectors of AVX2 are, and need half the instructions for
 * as many bytes. */
static __attribute__((target("avx2"))) size_t pass_wide(const uint8_t *p, size_t n)
{
	typedef uint8_t wide __attribute__((vector_size(32), aligned(1), may_alias));
	typedef long long quarters __attribute__((vector_size(32)));
	enum { WIDE = sizeof(wide), WIDE_BLOCK = 4 * WIDE };
	size_t i = 0;
	for (; i + WIDE_BLOCK < n; i += WIDE_BLOCK) {
		const wide *v = (const void *)(p + i + 1);
		quarters dots =
			(quarters)((v[0] == '.') | (v[1] == '.') | (v[2] == '.') | (v[3] == '.'));
		if (!__builtin_ia32_ptestz256(dots, dots) &&
		    (block_hit(p + i) || block_hit(p + i + BLOCK)))
			break;
	}
	return i;
}

static inline size_t pass(const uint8_t *p, size_t n)
{
	return n > 2 * BLOCK && __builtin_cpu_supports("avx2") ? pass_wide(p, n) : 0;
}
#else
static inline size_t pass(const uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
	return 0;
}
#endif

/*
 * Where the first "\n." begins; the last byte if there is none (n is at least 1). Vectors, because
 * memmem takes 15 times as long for two bytes, memchr for LF twice as long, and memchr for the dot,
 * as quick on base64, can be held up by a sender of dots. The last block overlaps the one before,
 * so that no tail is left to go through byte by byte.
 */
static size_t find_lf_dot(const uint8_t *p, size_t n)
{
	size_t i = pass(p, n);
	i += pass_blocks(p + i, n - i);
	if (i + BLOCK >= n && n > BLOCK) {
		i = n - BLOCK - 1;
		if (!block_hit(p + i))
			return n - 1;
	}
	while (i + 1 < n && !(p[i] == '\n' && p[i + 1] == '.'))
		i++;
	return i;
}

/*
 * Inside a line only "\n." matters, and of what lies before it only whether the last byte was a CR:
 * after an LF, TEXT does as well as LINE, because no dot comes next.
 */
static size_t skip_text(struct content *c, struct bytes in)
{
	size_t n = find_lf_dot(in.p, in.n);
	if (n > 0)
		c->state = in.p[n - 1] == '\r' ? STATE_TEXT_CR : STATE_TEXT;
	return n;
}

enum content_end content_scan(struct content *c, struct bytes in, size_t *used)
{
	size_t i = 0;
	while (i < in.n) {
		if (c->state >= STATE_TEXT)
			i += skip_text(c, bytes_from(in, i));
		uint8_t step = steps[c->state][byte_of(in.p[i++])];
		c->state = step & (uint8_t) ~(SOFT_END | STATE_END);
		if (step != c->state) {
			*used = i;
			return step & STATE_END ? CONTENT_END : CONTENT_SOFT_END;
		}
	}
	*used = i;
	return CONTENT_MORE;
}

void content_gap(struct content *c)
{
	c->state = STATE_TEXT;
}
