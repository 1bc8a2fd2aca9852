/* undecided.c - the client's bytes that wait until it is known what they are. */
#include "core/dialogue/parts.h"

/* A group of commands is hardly longer than this; what is longer is taken for a message. */
enum { HELD = 4096 };

void dialogue_held_block_free(struct held *h, struct pool *pool)
{
	if (h)
		pool_put(pool, h, sizeof *h + h->room);
}

void dialogue_held_free(struct dialogue *d)
{
	dialogue_held_block_free(d->held, d->env->pool);
	d->held = NULL;
}

/* A block with room for so many bytes in place of the one there is; false: there is no memory. */
static bool held_grow(struct dialogue *d, uint32_t want)
{
	uint32_t twice = d->held ? 2 * d->held->room : 0;
	twice = twice < DIALOGUE_HELD ? twice : DIALOGUE_HELD;
	size_t size = pool_room(sizeof *d->held + (want > twice ? want : twice));
	struct held *bigger = pool_get(d->env->pool, size);
	if (!bigger)
		return false;
	bigger->n = d->held ? d->held->n : 0;
	bigger->room = (uint32_t)(size - sizeof *bigger);
	if (d->held)
		memcpy(bigger->bytes, d->held->bytes, d->held->n);
	dialogue_held_block_free(d->held, d->env->pool);
	d->held = bigger;
	return true;
}

bool dialogue_held_add(struct dialogue *d, struct bytes in)
{
	uint32_t n = d->held ? d->held->n : 0;
	if (in.n > DIALOGUE_HELD - n)
		return false;
	if (in.n == 0)
		return true;
	uint32_t want = n + (uint32_t)in.n;
	if ((!d->held || want > d->held->room) && !held_grow(d, want))
		return false;
	memcpy(d->held->bytes + n, in.p, in.n);
	d->held->n = want;
	return true;
}

void dialogue_held_drop(struct dialogue *d, size_t n)
{
	struct held *h = d->held;
	h->n -= (uint32_t)n;
	if (h->n > 0)
		memmove(h->bytes, h->bytes + n, h->n);
	else
		dialogue_held_free(d);
}

void dialogue_held_forget(struct dialogue *d, size_t n)
{
	if (n == 0)
		return;
	d->skip[CLIENT] = d->held->bytes[n - 1] != '\n';
	line_reset(&d->line[CLIENT], d->env->pool);
	d->offset[CLIENT] += n;
	dialogue_held_drop(d, n);
}

void dialogue_lost_forget(struct dialogue *d)
{
	dialogue_held_forget(d, d->held ? d->held->n : 0);
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
void dialogue_lost_hold(struct dialogue *d, struct bytes in)
{
	uint32_t n = d->held ? d->held->n : 0;
	if (n + in.n > HELD)
		dialogue_lost_forget(d);
	if (in.n > HELD) {
		struct bytes last = bytes_from(in, in.n - HELD);
		const uint8_t *lf = memchr(last.p, '\n', last.n);
		size_t passed = lf ? (size_t)(lf - in.p) + 1 : in.n;
		pass_over(d, bytes_first(in, passed));
		in = bytes_from(in, passed);
	}
	if (!dialogue_held_add(d, in))
		pass_over(d, in);
}
