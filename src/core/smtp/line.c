/* line.c - lines out of a stream; only a line that is cut by its segments is copied. */
#include "core/smtp/line.h"

#include "base/simd.h"

/* In struct line's flaws, beside enum line_flaw. */
enum {
	LINE_HANDED_ON = 0x40, /* partial was the text of the line handed on last */
	LINE_PENDING_CR = 0x80 /* the last byte was a CR: part of the line end if an LF follows,
			       else of the text. Not in partial. */
};

enum { PARTIAL_MIN = 64 };

void line_give_back(struct line *l, struct pool *pool)
{
	pool_put(pool, l->partial, l->capacity);
	*l = (struct line){0};
}

/*
 * Where the first CR, LF or NUL is; in.n: there is none. Lines are short: one search in place,
 * which in nearly all of them meets the line end first, is quicker than a call of memchr for the LF
 * and a look at what lies before it.
 */
static inline bool is_special(uint8_t c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

/* A comparison for all three, which tabs and other controls meet too. */
static inline uint32_t controls_in(const uint8_t *p)
{
	return simd_mask((simd)(simd_load(p) <= '\r'));
}

static inline bool is_control(uint8_t c)
{
	return c <= '\r';
}

static inline size_t special_find(struct bytes in)
{
	size_t i = simd_find(in.p, in.n, controls_in, is_control);
	while (i < in.n && !is_special(in.p[i])) {
		i++;
		i += simd_find(in.p + i, in.n - i, controls_in, is_control);
	}
	return i;
}

/* Doubles, so that a line that comes byte by byte is copied a few times only. */
static bool partial_grow(struct line *l, struct pool *pool, size_t need)
{
	size_t capacity = l->partial ? pool_usable(l->capacity) : 0;
	if (need <= capacity)
		return true;
	if (need < 2 * capacity)
		need = 2 * capacity;
	if (need < PARTIAL_MIN)
		need = PARTIAL_MIN;
	if (need > LINE_MAX_KEPT)
		need = LINE_MAX_KEPT;
	uint8_t *larger = pool_get(pool, need);
	if (!larger)
		return false;
	if (l->n > 0)
		memcpy(larger, l->partial, l->n);
	pool_put(pool, l->partial, l->capacity);
	l->partial = larger;
	l->capacity = (uint16_t)need;
	return true;
}

/* Once a byte had to be left out, none is kept any more: what is handed on has no hole. */
static void partial_append(struct line *l, struct pool *pool, struct bytes b)
{
	if (b.n == 0 || l->lost || (l->flaws & LINE_LONG))
		return;
	struct bytes fits = bytes_first(b, LINE_MAX_KEPT - (size_t)l->n);
	if (fits.n < b.n)
		l->flaws |= LINE_LONG;
	if (fits.n == 0)
		return;
	l->lost = !partial_grow(l, pool, l->n + fits.n);
	if (l->lost)
		return;
	memcpy(l->partial + l->n, fits.p, fits.n);
	l->n = (uint16_t)(l->n + fits.n);
}

/* Keeps the next bytes of the line under way, none of them an LF. */
static void partial_keep(struct line *l, struct pool *pool, struct bytes b)
{
	if (b.n == 0)
		return;
	if (l->flaws & LINE_PENDING_CR)
		partial_append(l, pool, bytes_of("\r", 1));
	l->flaws &= (uint8_t)~LINE_PENDING_CR;
	if (b.p[b.n - 1] == '\r') {
		l->flaws |= LINE_PENDING_CR;
		b.n--;
	}
	partial_append(l, pool, b);
}

/* A line of which text is the whole, its line end taken off. */
static struct line_out line_judge(struct bytes text, unsigned flaws)
{
	if (text.n > LINE_MAX_KEPT)
		flaws |= LINE_LONG;
	text = bytes_first(text, LINE_MAX_KEPT);
	if (text.n > 0 && memchr(text.p, '\r', text.n))
		flaws |= LINE_LONE_CR;
	if (text.n > 0 && memchr(text.p, '\0', text.n))
		flaws |= LINE_NUL;
	return (struct line_out){text, flaws};
}

/* The memory of partial stays until the next call: the text lies in it. */
static struct line_out partial_hand_on(struct line *l, unsigned flaws)
{
	if (l->lost || (l->flaws & LINE_LONG))
		flaws |= LINE_LONG;
	l->flaws = LINE_HANDED_ON;
	return line_judge(bytes_of(l->partial, l->n), flaws);
}

/* A held CR counts, and so does a line of which nothing could be kept. */
static bool partial_waits(const struct line *l)
{
	return l->n > 0 || l->lost || l->flaws != 0;
}

bool line_idle(const struct line *l)
{
	return (l->flaws & LINE_HANDED_ON) || !partial_waits(l);
}

/* Every line but the usual one. */
static bool line_gather(struct line *l, struct pool *pool, struct bytes *in, struct line_out *out)
{
	if (l->flaws & LINE_HANDED_ON)
		line_reset(l, pool);
	if (in->n == 0)
		return false;
	const uint8_t *lf = memchr(in->p, '\n', in->n);
	struct bytes text = bytes_first(*in, lf ? (size_t)(lf - in->p) : in->n);
	*in = bytes_from(*in, text.n + (lf != NULL));
	if (lf && !partial_waits(l)) {
		bool cr = text.n > 0 && text.p[text.n - 1] == '\r';
		*out = line_judge(bytes_first(text, text.n - cr), cr ? 0 : LINE_BARE_LF);
		return true;
	}
	partial_keep(l, pool, text);
	if (lf)
		*out = partial_hand_on(l, l->flaws & LINE_PENDING_CR ? 0 : LINE_BARE_LF);
	return lf != NULL;
}

/* Its first special byte is its CR LF. Inline for line_next's sake. */
static inline bool ordinary_take(struct bytes *in, struct bytes *text)
{
	size_t n = special_find(*in);
	if (n > LINE_MAX_KEPT || in->n - n < 2 || in->p[n] != '\r' || in->p[n + 1] != '\n')
		return false;
	*text = bytes_of(in->p, n);
	*in = bytes_of(in->p + n + 2, in->n - n - 2);
	return true;
}

bool line_ordinary(struct bytes *in, struct bytes *text)
{
	return ordinary_take(in, text);
}

/* The usual line is ordinary, and nothing of it waits: it is handed on where it lies. */
bool line_next(struct line *l, struct pool *pool, struct bytes *in, struct line_out *out)
{
	if (partial_waits(l) || !ordinary_take(in, &out->text))
		return line_gather(l, pool, in, out);
	out->flaws = 0;
	return true;
}

/* A CR at its very end is taken off too: it was half of the line end. */
bool line_rest(struct line *l, struct pool *pool, struct line_out *out)
{
	if (l->flaws & LINE_HANDED_ON)
		line_reset(l, pool);
	if (!partial_waits(l))
		return false;
	*out = partial_hand_on(l, LINE_UNENDED);
	return true;
}
