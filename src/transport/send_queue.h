/* send_queue.h - whole records that wait for a target, in order and within a bound. */
#ifndef SMTPWATCH_TRANSPORT_SEND_QUEUE_H
#define SMTPWATCH_TRANSPORT_SEND_QUEUE_H

#include "smtpwatch/bytes.h"

/* So many bytes wait for one target at most, a longer record in no case. HEAD: what the queue needs
 * of it for each record. */
enum { OUTQUEUE_BOUND = 4 << 20, OUTQUEUE_HEAD = sizeof(uint32_t) };

/* Zero-filled before first use. */
struct outqueue {
	uint8_t *p;
	size_t begin, end,
		room; /* what waits lies between begin and end, each record behind its length */
};

/* Takes a copy. False: there is no room. */
bool outqueue_put(struct outqueue *q, struct bytes record);

/* The one that came first, or .p NULL; valid until the queue is changed. */
struct bytes outqueue_first(const struct outqueue *q);

/* Forgets it. */
void outqueue_drop(struct outqueue *q);

/* How many bytes wait. */
static inline size_t outqueue_used(const struct outqueue *q)
{
	return q->end - q->begin;
}

void outqueue_free(struct outqueue *q);

#endif
