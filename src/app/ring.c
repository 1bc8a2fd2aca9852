/* ring.c - a block of memory and two offsets that only grow, `put` of the writer and `taken` of the
 * reader (C11 atomics). */
#include "app/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Stands before each message. KIND_SKIP: the rest of the block, which was too short for the next
 * message; that message is at the beginning of the block. */
struct head {
	uint32_t kind;
	uint32_t n; /* bytes with this head, rounded up */
	uint64_t unused;
};

enum { ALIGN = 16, LINE = 64 };
#define KIND_SKIP UINT32_MAX

static_assert(sizeof(struct head) == ALIGN, "what follows a head is aligned as it is");

/* Each side's offset has a cache line of its own. Beside it the side keeps the value of the other
 * side's offset that it read last. */
struct ring {
	uint8_t *block;
	size_t size;
	int event;
	_Alignas(LINE) _Atomic uint64_t put;
	uint64_t taken_seen, reserved;
	_Alignas(LINE) _Atomic uint64_t taken;
	uint64_t put_seen, peeked;
};

struct ring *ring_new(size_t size)
{
	assert(size >= LINE && (size & (size - 1)) == 0);
	struct ring *r = aligned_alloc(LINE, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct ring){.size = size,
			   .block = aligned_alloc(LINE, size),
			   .event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
	if (r->block && r->event >= 0)
		return r;
	ring_free(r);
	return NULL;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->event >= 0)
		close(r->event);
	free(r->block);
	free(r);
}

static struct head *head_at(const struct ring *r, uint64_t offset)
{
	return (struct head *)(void *)(r->block + (offset & (r->size - 1)));
}

/* Whether n bytes are free from offset `from` on. Reads the other side's offset only if the value
 * read last is not enough. */
static bool has_capacity(struct ring *r, uint64_t from, size_t n)
{
	if (from + n - r->taken_seen > r->size)
		r->taken_seen = atomic_load_explicit(&r->taken, memory_order_acquire);
	return from + n - r->taken_seen <= r->size;
}

void *ring_reserve(struct ring *r, uint32_t kind, size_t n, size_t spare)
{
	uint64_t at = atomic_load_explicit(&r->put, memory_order_relaxed);
	assert(kind != KIND_SKIP);
	/* A message of more than half of the block might not fit even into an empty ring. */
	if (n > r->size / 2 - sizeof(struct head))
		return NULL;
	size_t whole = (n + sizeof(struct head) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	size_t rest = r->size - (at & (r->size - 1)), skip = rest < whole ? rest : 0;
	if (!has_capacity(r, at, skip + whole + spare))
		return NULL;
	if (skip > 0)
		*head_at(r, at) = (struct head){.kind = KIND_SKIP, .n = (uint32_t)skip};
	struct head *h = head_at(r, at + skip);
	*h = (struct head){.kind = kind, .n = (uint32_t)whole};
	r->reserved = at + skip + whole;
	return h + 1;
}

void ring_commit(struct ring *r)
{
	atomic_store_explicit(&r->put, r->reserved, memory_order_release);
}

void ring_wake(struct ring *r)
{
	uint64_t one = 1;
	/* The write fails only after 2^64 - 1 calls without a ring_clear. */
	ssize_t w = write(r->event, &one, sizeof one);
	(void)w;
}

static bool has_more(struct ring *r, uint64_t at)
{
	if (at == r->put_seen)
		r->put_seen = atomic_load_explicit(&r->put, memory_order_acquire);
	return at != r->put_seen;
}

const void *ring_peek(struct ring *r, uint32_t *kind)
{
	uint64_t at = atomic_load_explicit(&r->taken, memory_order_relaxed);
	if (!has_more(r, at))
		return NULL;
	struct head *h = head_at(r, at);
	/* ring_reserve commits a skip together with the message behind it. */
	if (h->kind == KIND_SKIP) {
		at += h->n;
		h = head_at(r, at);
	}
	*kind = h->kind;
	r->peeked = at + h->n;
	return h + 1;
}

void ring_release(struct ring *r)
{
	atomic_store_explicit(&r->taken, r->peeked, memory_order_release);
}

int ring_descriptor(const struct ring *r)
{
	return r->event;
}

void ring_clear(struct ring *r)
{
	uint64_t count;
	ssize_t n = read(r->event, &count, sizeof count);
	(void)n;
}
