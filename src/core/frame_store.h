/* frame_store.h - copies of the frames of each connection from its SYN on, in bounded memory: what
 * the packets of an alert are taken from. */
#ifndef SMTPWATCH_CORE_FRAME_STORE_H
#define SMTPWATCH_CORE_FRAME_STORE_H

#include "smtpwatch/stream.h"

/*
 * Of one connection the beginning is kept, and of the rest the latest; the bytes count a little for
 * each frame too. Of a frame that is longer than FRAME_STORE_FRAME the beginning is kept, as if the
 * snaplen had cut it. Fragments of IP are not kept.
 */
enum {
	FRAME_STORE_BEGIN = 64 << 10,
	FRAME_STORE_CONN = 256 << 10,
	FRAME_STORE_FRAME = 80 << 10,
	FRAME_STORE_MIN = 1 << 20
};

struct frame_store;

struct frame_store_config {
	size_t memory; /* bytes at most, and at least FRAME_STORE_MIN; where it is full, half-open
			  connections go first, then the longest idle */
	const struct port_set *ports; /* borrowed; NULL: every port */
	uint64_t seed[2];             /* secret key of the table */
};

/* Does no I/O and has no clock, like the rest of the core. NULL where there is no memory. */
struct frame_store *frame_store_new(const struct frame_store_config *config);
void frame_store_free(struct frame_store *k);

/* To be given the frames before the monitor is, which may tell of the sessions that they end. */
void frame_store_frames(struct frame_store *k, const struct frame *frames, size_t n);

/* What is kept of a connection that is over: valid until the next call with frames. NULL: its SYN
 * was not seen, or it had to go. */
struct stored_conn;
struct stored_conn *frame_store_find(struct frame_store *k, const struct conn *conn);

/* Its frames as one block, of at most FRAME_STORE_CONN bytes, and how many between the beginning
 * and the latest are not among them. */
size_t frame_store_size(const struct frame_store *k, const struct stored_conn *conn);
void frame_store_copy(const struct frame_store *k, const struct stored_conn *conn, void *to);
uint32_t frame_store_omitted(const struct stored_conn *conn);

/* It is needed no more. */
void frame_store_remove(struct frame_store *k, struct stored_conn *conn);

/* Takes the next frame off a block that frame_store_copy wrote; its bytes are borrowed from the
 * block. False: there is none. */
bool frame_store_next(struct bytes *block, struct frame *out);

struct frame_store_stats {
	uint64_t conns;   /* now */
	uint64_t bytes;   /* taken for their frames now */
	uint64_t evicted; /* connections that had to go */
};

struct frame_store_stats frame_store_stats(const struct frame_store *k);

#endif
