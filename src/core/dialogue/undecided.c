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

/* Of a message only its last lines matter, in which its end may be: as many as are held, from the
 * beginning of a line. */
void dialogue_lost_add(struct dialogue *d, struct bytes in)
{
	uint32_t n = d->undecided ? d->undecided->n : 0;
	if (n + in.n > GROUP_MAX)
		dialogue_lost_skip(d);
	if (in.n > GROUP_MAX) {
		struct bytes last = bytes_from(in, in.n - GROUP_MAX);
		const uint8_t *lf = memchr(last.p, '\n', last.n);
		size_t passed = lf ? (size_t)(lf - in.p) + 1 : in.n;
		pass_over(d, bytes_first(in, passed));
		in = bytes_from(in, passed);
	}
	if (!dialogue_undecided_add(d, in))
		pass_over(d, in);
}
