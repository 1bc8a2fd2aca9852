/* open_merge.c - the open sessions that wait longest, of all workers. */
#include "trace/open_merge.h"

#include <stdlib.h>

struct open_merge {
	struct open_sessions *parts[OPEN_PARTS]; /* NULL: none came */
	struct open_line lines[OPEN_SESSIONS];
	size_t n;
	bool stale; /* a part has changed since the lines were made */
};

struct open_merge *open_merge_new(void)
{
	return calloc(1, sizeof(struct open_merge));
}

void open_merge_free(struct open_merge *m)
{
	for (unsigned i = 0; m && i < OPEN_PARTS; i++)
		free(m->parts[i]);
	free(m);
}

void open_merge_take(struct open_merge *m, unsigned part, const struct open_sessions *o)
{
	if (part >= OPEN_PARTS)
		return;
	if (!m->parts[part])
		m->parts[part] = malloc(sizeof *o);
	if (!m->parts[part])
		return;
	memcpy(m->parts[part], o, open_sessions_size(o));
	m->stale = true;
}

static int by_wait(const void *a, const void *b)
{
	const struct open_line *x = a, *y = b;
	int order = open_session_compare(x->session, y->session);
	if (order != 0)
		return order;
	return x->session->first < y->session->first ? -1 : x->session->first > y->session->first;
}

static int64_t since(int64_t now, int64_t then)
{
	return now > then ? now - then : 0;
}

/* A part has as many lines as fit, so two parts are merged at a time. */
static void part_merge(struct open_merge *m, const struct open_sessions *o)
{
	struct open_line both[2 * OPEN_SESSIONS];
	size_t n = m->n;
	memcpy(both, m->lines, n * sizeof *both);
	for (uint32_t i = 0; i < o->n; i++, n++)
		both[n] = (struct open_line){.session = &o->all[i],
					     .age = since(o->now, o->all[i].start),
					     .waits = since(o->now, o->all[i].since)};
	qsort(both, n, sizeof *both, by_wait);
	m->n = n < OPEN_SESSIONS ? n : OPEN_SESSIONS;
	memcpy(m->lines, both, m->n * sizeof *both);
}

const struct open_line *open_merge_lines(struct open_merge *m, size_t *n)
{
	if (m->stale)
		m->n = 0;
	for (unsigned i = 0; m->stale && i < OPEN_PARTS; i++)
		if (m->parts[i])
			part_merge(m, m->parts[i]);
	m->stale = false;
	*n = m->n;
	return m->lines;
}

uint64_t open_merge_open(const struct open_merge *m, bool *told)
{
	uint64_t sum = 0;
	*told = true;
	for (unsigned i = 0; i < OPEN_PARTS; i++) {
		sum += m->parts[i] ? m->parts[i]->open : 0;
		*told &= !m->parts[i] || m->parts[i]->told;
	}
	return sum;
}
