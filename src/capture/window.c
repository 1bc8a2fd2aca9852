/* window.c - fills a window from an input, and words how the input ended. */
#include "capture/window.h"

#include <inttypes.h>
#include <string.h>

void window_init(struct window *w, struct input *in)
{
	memset(w, 0, offsetof(struct window, block));
	w->in = in;
}

ssize_t window_fill(struct window *w)
{
	size_t left = window_left(w);
	memmove(w->block, w->block + w->head, left);
	w->offset += w->head;
	w->head = 0;
	w->tail = left;
	ssize_t r = input_read(w->in, w->block + left, sizeof w->block - left);
	if (r > 0)
		w->tail += (size_t)r;
	return r;
}

int window_end(const struct window *w, ssize_t r, struct error *reason)
{
	if (r < 0)
		error_set(reason, "%.200s, ", input_trouble(w->in));
	else if ((window_left(w) == 0 && !w->inside) || input_stopped(w->in))
		return 0;
	else
		error_set(reason, "ends in the middle of a record ");
	window_after(w, reason);
	return -1;
}

void window_place(const struct window *w, uint64_t at, struct error *reason)
{
	error_append(reason, "byte %" PRIu64 "%s", at,
		     input_compression(w->in) ? " of its decompressed data" : "");
}

void window_after(const struct window *w, struct error *reason)
{
	error_append(reason, "after %" PRIu64 " packet%s", w->packets, w->packets == 1 ? "" : "s");
}
