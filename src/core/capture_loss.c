/* capture_loss.c - a short list of spans of time. */
#include "core/capture_loss.h"

#include <string.h>

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The oldest two: sessions that were open then are nearly all over, and of the others it becomes
 * less exact, never less. */
static void spans_merge(struct capture_loss *d)
{
	struct loss_span *a = &d->spans[0], *b = &d->spans[1];
	*b = (struct loss_span){earlier(a->from, b->from), later(a->to, b->to), a->n + b->n};
	d->n--;
	memmove(a, b, d->n * sizeof *a);
}

void capture_loss_add(struct capture_loss *d, int64_t from, int64_t to, uint64_t n)
{
	if (n == 0)
		return;
	if (d->n == LOSS_SPANS)
		spans_merge(d);
	d->spans[d->n++] = (struct loss_span){earlier(from, to), later(from, to), n};
}

uint64_t capture_loss_within(const struct capture_loss *d, int64_t from, int64_t to)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < d->n; i++)
		if (d->spans[i].from <= to && d->spans[i].to >= from)
			n += d->spans[i].n;
	return n;
}
