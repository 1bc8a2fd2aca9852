/* ring.h - messages from one thread to another, without a lock and without a wait: what a worker
 * has judged, on its way to the outputs. */
#ifndef SMTPWATCH_APP_RING_H
#define SMTPWATCH_APP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread puts, one thread takes. */
struct ring;

/* size: bytes, a power of two. NULL where there is no memory or no descriptor. */
struct ring *ring_new(size_t size);
void ring_free(struct ring *r);

/*
 * Putting: room for a message of n bytes, aligned to 16, or NULL where the ring has none: the
 * message is then lost, which the caller counts. What was filled in can be seen by the other side
 * after ring_commit, of which one is due for each ring_reserve that gave room. kind is the
 * caller's. spare: so many bytes must be left free behind it, for messages that matter more.
 */
void *ring_reserve(struct ring *r, uint32_t kind, size_t n, size_t spare);
void ring_commit(struct ring *r);

/* Wakes the other side. After some messages, rather than after each: it is a system call. */
void ring_wake(struct ring *r);

/* Taking: the oldest message, or NULL. It stays where it is until ring_release, which is due before
 * the next ring_peek. */
const void *ring_peek(struct ring *r, uint32_t *kind);
void ring_release(struct ring *r);

/* Readable after ring_wake, for poll(2); ring_awake makes it unreadable again: call it before the
 * messages are taken. */
int ring_descriptor(const struct ring *r);
void ring_awake(struct ring *r);

#endif
