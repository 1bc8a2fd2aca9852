/* send_queue.c - one block of memory, which grows to its bound; what is left is moved to its
 * beginning where room is needed. */
#include "transport/send_queue.h"

#include <assert.h>
#include <stdlib.h>

enum { OUTQUEUE_FIRST = 16384 };

static bool outqueue_grow(struct outqueue *q, size_t need)
{
	size_t capacity = q->capacity > 0 ? q->capacity : OUTQUEUE_FIRST;
	uint8_t *p;
	while (capacity < need)
		capacity *= 2;
	p = realloc(q->p, capacity);
	if (!p)
		return false;
	q->p = p;
	q->capacity = capacity;
	return true;
}

bool outqueue_put(struct outqueue *q, struct bytes record)
{
	uint32_t n = (uint32_t)record.n;
	size_t used = outqueue_used(q), need;
	if (record.n > OUTQUEUE_BOUND || used + OUTQUEUE_HEAD + record.n > OUTQUEUE_BOUND)
		return false;
	need = used + OUTQUEUE_HEAD + record.n;
	if (q->capacity - q->end < need - used && q->begin > 0) {
		memmove(q->p, q->p + q->begin, used);
		q->begin = 0;
		q->end = used;
	}
	if (q->capacity < need && !outqueue_grow(q, need))
		return false;
	memcpy(q->p + q->end, &n, sizeof n);
	if (n > 0)
		memcpy(q->p + q->end + OUTQUEUE_HEAD, record.p, n);
	q->end += OUTQUEUE_HEAD + n;
	return true;
}

struct bytes outqueue_first(const struct outqueue *q)
{
	uint32_t n;
	if (q->begin == q->end)
		return bytes_of(NULL, 0);
	memcpy(&n, q->p + q->begin, sizeof n);
	return bytes_of(q->p + q->begin + OUTQUEUE_HEAD, n);
}

void outqueue_remove(struct outqueue *q)
{
	assert(q->begin < q->end);
	q->begin += OUTQUEUE_HEAD + outqueue_first(q).n;
	if (q->begin == q->end)
		q->begin = q->end = 0;
}

void outqueue_free(struct outqueue *q)
{
	free(q->p);
	*q = (struct outqueue){0};
}
