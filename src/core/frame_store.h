/* frame_store.h - copies of the frames of each connection from its SYN on, in bounded memory: what
 * the packets of an alert are taken from. */
#ifndef SMTPWATCH_CORE_FRAME_STORE_H
#define SMTPWATCH_CORE_FRAME_STORE_H

#include "smtpwatch/stream.h"

/*
 * Of one connection the beginning is kept, and of the rest the latest; the bytes count a little for
 * each frame too. Of a frame that is longer than KEEP_FRAME the beginning is kept, as if the
 * snaplen had cut it. Fragments of IP are not kept.
 */
enum { KEEP_BEGIN = 64 << 10, KEEP_CONN = 256 << 10, KEEP_FRAME = 80 << 10, KEEP_LEAST = 1 << 20 };

struct keep;

struct keep_config {
	size_t memory; /* bytes at most, and at least KEEP_LEAST; where it is full, half-open
			  connections go first, then the longest idle */
	const struct port_set *ports; /* borrowed; NULL: every port */
	uint64_t seed[2];             /* secret key of the table */
};

/* Does no I/O and has no clock, like the rest of the core. NULL where there is no memory. */
struct keep *keep_new(const struct keep_config *config);
void keep_free(struct keep *k);

/* To be given the frames before the monitor is, which may tell of the sessions that they end. */
void keep_frames(struct keep *k, const struct frame *frames, size_t n);

/* What is kept of a connection that is over: valid until the next call with frames. NULL: its SYN
 * was not seen, or it had to go. */
struct kept;
struct kept *keep_find(struct keep *k, const struct conn *conn);

/* Its frames as one block, of at most KEEP_CONN bytes, and how many between the beginning and the
 * latest are not among them. */
size_t keep_size(const struct keep *k, const struct kept *kept);
void keep_copy(const struct keep *k, const struct kept *kept, void *to);
uint32_t keep_omitted(const struct kept *kept);

/* It is needed no more. */
void keep_drop(struct keep *k, struct kept *kept);

/* Takes the next frame off a block that keep_copy wrote; its bytes are borrowed from the block.
 * False: there is none. */
bool keep_next(struct bytes *block, struct frame *out);

struct keep_stats {
	uint64_t conns;   /* now */
	uint64_t bytes;   /* taken for their frames now */
	uint64_t evicted; /* connections that had to go */
};

struct keep_stats keep_stats(const struct keep *k);

#endif
