/* ring.h - a queue of messages from one thread to another, without locks. */
#ifndef SMTPWATCH_APP_RING_H
#define SMTPWATCH_APP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread writes, one thread reads. No function waits. */
struct ring;

/* size: bytes, a power of two, at least 64. Returns NULL if memory or descriptors are exhausted.
 * ring_free frees the ring. */
struct ring *ring_new(size_t size);
void ring_free(struct ring *r);

/*
 * Writer: returns room for a message of n bytes, aligned to 16, or NULL if the ring is too full. A
 * message larger than half of the ring never fits. kind: for the reader, any number but UINT32_MAX.
 * spare: bytes that must stay free behind the message, for more important ones. Fill in the
 * message, then call ring_commit: the reader sees the message from then on. Call ring_commit once
 * for each successful ring_reserve.
 */
void *ring_reserve(struct ring *r, uint32_t kind, size_t n, size_t spare);
void ring_commit(struct ring *r);

/* Writer: makes ring_descriptor readable. Call after several messages rather than after each,
 * because this is a system call. */
void ring_wake(struct ring *r);

/* Reader: returns the oldest message and sets *kind, or returns NULL if there is none. Borrowed
 * until ring_release. Call ring_release before the next ring_peek. */
const void *ring_peek(struct ring *r, uint32_t *kind);
void ring_release(struct ring *r);

/* Reader: ring_descriptor returns a descriptor for poll(2), readable after ring_wake. ring_clear
 * makes the descriptor unreadable again. Call ring_clear before ring_peek, so that no wake is lost.
 */
int ring_descriptor(const struct ring *r);
void ring_clear(struct ring *r);

#endif
