/* undecided.c - the client's bytes that wait until it is known what they are. */
#include "core/dialogue/parts.h"

/* A group of commands is hardly longer than this; what is longer is taken for a message. */
enum { GROUP_MAX = 4096 };

void dialogue_undecided_block_free(struct undecided *h, struct pool *pool)
{
	if (h)
		pool_put(pool, h, sizeof *h + h->capacity);
}

void dialogue_undecided_free(struct dialogue *d)
{
	dialogue_undecided_block_free(d->undecided, d->env->pool);
	d->undecided = NULL;
}

/* A block with room for so many bytes in place of the one there is; false: there is no memory. */
static bool undecided_grow(struct dialogue *d, uint32_t want)
{
	uint32_t twice = d->undecided ? 2 * d->undecided->capacity : 0;
	twice = twice < DIALOGUE_UNDECIDED_MAX ? twice : DIALOGUE_UNDECIDED_MAX;
	size_t size = pool_usable(sizeof *d->undecided + (want > twice ? want : twice));
	struct undecided *bigger = pool_get(d->env->pool, size);
	if (!bigger)
		return false;
	bigger->n = d->undecided ? d->undecided->n : 0;
	bigger->capacity = (uint32_t)(size - sizeof *bigger);
	if (d->undecided)
		memcpy(bigger->bytes, d->undecided->bytes, d->undecided->n);
	dialogue_undecided_block_free(d->undecided, d->env->pool);
	d->undecided = bigger;
	return true;
}

bool dialogue_undecided_add(struct dialogue *d, struct bytes in)
{
	uint32_t n = d->undecided ? d->undecided->n : 0;
	if (in.n > DIALOGUE_UNDECIDED_MAX - n)
		return false;
	if (in.n == 0)
		return true;
	uint32_t want = n + (uint32_t)in.n;
	if ((!d->undecided || want > d->undecided->capacity) && !undecided_grow(d, want))
		return false;
	memcpy(d->undecided->bytes + n, in.p, in.n);
	d->undecided->n = want;
	return true;
}

void dialogue_undecided_drop(struct dialogue *d, size_t n)
{
	struct undecided *h = d->undecided;
	h->n -= (uint32_t)n;
	if (h->n > 0)
		memmove(h->bytes, h->bytes + n, h->n);
	else
		dialogue_undecided_free(d);
}

void dialogue_undecided_skip(struct dialogue *d, size_t n)
{
	if (n == 0)
		return;
	d->skip[CLIENT] = d->undecided->bytes[n - 1] != '\n';
	line_reset(&d->line[CLIENT], d->env->pool);
	d->offset[CLIENT] += n;
	dialogue_undecided_drop(d, n);
}

void dialogue_lost_skip(struct dialogue *d)
{
	dialogue_undecided_skip(d, d->undecided ? d->undecided->n : 0);
}

/* Bytes that are not held mean nothing either. */
static void pass_over(struct dialogue *d, struct bytes in)
{
	if (in.n == 0)
		return;
	d->skip[CLIENT] = in.p[in.n - 1] != '\n';
	line_reset(&d->line[CLIENT], d->env->pool);
	d->offset[CLIENT] += in.n;
}

/* Where the next line begins in what is held and what comes, if that is at most `upto`; else
 * `upto`.
 */
static size_t line_begin_next(struct bytes held, struct bytes in, size_t from, size_t upto)
{
	const struct bytes part[2] = {held, in};
	for (size_t i = 0, begin = 0; i < 2 && begin < upto; begin += part[i++].n) {
		if (from >= begin + part[i].n)
			continue;
		struct bytes text = bytes_from(bytes_first(part[i], upto - begin),
					       from > begin ? from - begin : 0);
		const uint8_t *lf = memchr(text.p, '\n', text.n);
		if (lf)
			return begin + (size_t)(lf - part[i].p) + 1;
	}
	return upto;
}

/* Of a message only its last lines matter, in which its end may be: as many as are held, from the
 * beginning of a line. As if the bytes came one by one: what is held does not depend on cuts. */
void dialogue_lost_add(struct dialogue *d, struct bytes in)
{
	struct bytes held = dialogue_undecided(d);
	size_t passed = 0;
	while (held.n + in.n - passed > GROUP_MAX)
		passed = line_begin_next(held, in, passed, passed + GROUP_MAX + 1);
	dialogue_undecided_skip(d, passed < held.n ? passed : held.n);
	if (passed > held.n) {
		pass_over(d, bytes_first(in, passed - held.n));
		in = bytes_from(in, passed - held.n);
	}
	if (dialogue_undecided_add(d, in))
		return;
	dialogue_lost_skip(d);
	pass_over(d, in);
}
