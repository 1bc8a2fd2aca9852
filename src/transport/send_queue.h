/* send_queue.h - complete records that wait for a target, in order and within a bound. */
#ifndef SMTPWATCH_TRANSPORT_SEND_QUEUE_H
#define SMTPWATCH_TRANSPORT_SEND_QUEUE_H

#include "smtpwatch/bytes.h"

/* BOUND: the most bytes that wait for one target, and so the longest record. HEAD: extra bytes
 * that the queue needs for each record. */
enum { OUTQUEUE_BOUND = 4 << 20, OUTQUEUE_HEAD = sizeof(uint32_t) };

/* Zero-filled before first use. */
struct outqueue {
	uint8_t *p;
	size_t begin, end, capacity; /* the queue lies between begin and end; each record stands
				    behind its length */
};

/* Appends a copy of record. Returns false if there is no room. */
bool outqueue_put(struct outqueue *q, struct bytes record);

/* Returns the oldest record, or p NULL if there is none. Borrowed until the queue changes. */
struct bytes outqueue_first(const struct outqueue *q);

/* Removes the oldest record. Call only if there is one. */
void outqueue_remove(struct outqueue *q);

/* Returns the bytes that wait, with OUTQUEUE_HEAD for each record. */
static inline size_t outqueue_used(const struct outqueue *q)
{
	return q->end - q->begin;
}

void outqueue_free(struct outqueue *q);

#endif
