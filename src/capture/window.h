/* window.h - a large block of a file, in which a reader finds records. Frames point into it. */
#ifndef SMTPWATCH_CAPTURE_WINDOW_H
#define SMTPWATCH_CAPTURE_WINDOW_H

#include "capture/input.h"

/* A window must hold the longest record. libpcap has the same bound for a frame. A longer one is
 * taken for damage. */
enum { WINDOW_SIZE = 320 << 10, WINDOW_FRAME_MAX = 256 << 10 };

struct window {
	struct input *in;
	size_t head, tail; /* range of block that is not yet handed out */
	uint64_t packets;  /* records read so far */
	uint64_t offset;   /* of block[0] in the decompressed file */
	bool inside;       /* the record before head goes on */
	uint8_t block[WINDOW_SIZE];
};

/* Begins with an empty window. in is borrowed. */
void window_init(struct window *w, struct input *in);

/* Moves the incomplete record to the front of the block, and reads behind it. The frames that point
 * into the block become invalid. Returns the result of input_read. */
ssize_t window_fill(struct window *w);

/* Returns the number of bytes at block + head. */
static inline size_t window_left(const struct window *w)
{
	return w->tail - w->head;
}

/* Tells how the file ended. r: what window_fill returned, 0 or less. Returns 0 after a whole record
 * and after input_stop, else -1 with the predicate of a sentence in reason. */
int window_end(const struct window *w, ssize_t r, struct error *reason);

/* Returns the offset of the next record in the decompressed file. */
static inline uint64_t window_at(const struct window *w)
{
	return w->offset + w->head;
}

/* Appends an offset to reason: "byte 176", and of which data. */
void window_place(const struct window *w, uint64_t at, struct error *reason);

/* Appends the number of packets to reason: "after 6 packets". */
void window_after(const struct window *w, struct error *reason);

#endif
