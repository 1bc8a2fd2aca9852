/* build_trace.c - a growing list of segments. */
#include "lib/build_trace.h"

#include <stdlib.h>

void trace_add(struct trace *w, const struct segment *like, const uint8_t *data, size_t n)
{
	struct segment g = *like;
	if (w->n == w->capacity) {
		w->capacity = w->capacity ? 2 * w->capacity : 64;
		w->segment = realloc(w->segment, w->capacity * sizeof *w->segment);
	}
	g.data = n ? malloc(n) : NULL;
	g.n = (uint32_t)n;
	if (n)
		memcpy(g.data, data, n);
	w->segment[w->n++] = g;
}

void trace_swap(struct trace *w, size_t i, size_t j)
{
	struct segment a = w->segment[i], b = w->segment[j];
	int64_t ts = a.ts;
	a.ts = b.ts;
	b.ts = ts;
	w->segment[i] = b;
	w->segment[j] = a;
}

void trace_free(struct trace *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->segment[i].data);
	free(w->segment);
	*w = (struct trace){0};
}

uint32_t segment_span(const struct segment *g)
{
	return g->n + (g->flags & TCP_SYN ? 1 : 0) + (g->flags & TCP_FIN ? 1 : 0);
}

bool segment_pure_ack(const struct segment *g)
{
	return g->n == 0 && g->flags == TCP_ACK;
}
