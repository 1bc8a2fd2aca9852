/* dialogue_held.c - the client's bytes that wait until it is known what they are. */
#include "core/dialogue_parts.h"

/* Of commands in a group that is not answered yet there is no more; a message is longer. */
enum { HELD = 4096 };

void dialogue_held_free(struct dialogue *d)
{
	pool_put(d->env->pool, d->held, d->held_room);
	d->held = NULL;
	d->held_n = d->held_room = 0;
}

bool dialogue_held_add(struct dialogue *d, struct bytes in)
{
	if (in.n > DIALOGUE_HELD - d->held_n)
		return false;
	uint32_t want = d->held_n + (uint32_t)in.n;
	if (want > d->held_room) {
		uint32_t room = (uint32_t)pool_room(want > 2 * d->held_room ? want : 2 * d->held_room);
		uint8_t *bigger = pool_get(d->env->pool, room);
		if (!bigger)
			return false;
		if (d->held_n > 0)
			memcpy(bigger, d->held, d->held_n);
		pool_put(d->env->pool, d->held, d->held_room);
		d->held = bigger;
		d->held_room = room;
	}
	if (in.n > 0)
		memcpy(d->held + d->held_n, in.p, in.n);
	d->held_n = want;
	return true;
}

void dialogue_held_drop(struct dialogue *d, size_t n)
{
	d->held_n -= (uint32_t)n;
	if (d->held_n == 0)
		dialogue_held_free(d);
	else
		memmove(d->held, d->held + n, d->held_n);
}

void dialogue_held_forget(struct dialogue *d, size_t n)
{
	if (n == 0)
		return;
	d->skip[CLIENT] = d->held[n - 1] != '\n';
	line_reset(&d->line[CLIENT], d->env->pool);
	d->offset[CLIENT] += n;
	dialogue_held_drop(d, n);
}

void dialogue_lost_forget(struct dialogue *d)
{
	dialogue_held_forget(d, d->held_n);
}

void dialogue_lost_hold(struct dialogue *d, struct bytes in)
{
	if (in.n <= HELD - (d->held_n < HELD ? d->held_n : HELD) && dialogue_held_add(d, in))
		return;
	dialogue_lost_forget(d);
	d->skip[CLIENT] = in.p[in.n - 1] != '\n';
	line_reset(&d->line[CLIENT], d->env->pool);
	d->offset[CLIENT] += in.n;
}
