/* unpack.h - the compressions a capture may come in, one row each, decoded as a stream in bounded
 * memory. */
#ifndef SMTPWATCH_CAPTURE_UNPACK_H
#define SMTPWATCH_CAPTURE_UNPACK_H

#include "smtpwatch/bytes.h"

/* How far a decoder has come. Members and frames that follow each other are one stream. */
enum unpack_state {
	UNPACK_INSIDE,  /* the data may not end here */
	UNPACK_WHOLE,   /* at the end of a member or frame: the data may end here */
	UNPACK_DAMAGED, /* unpack_reason says why */
};

struct unpack;

/* A decoder for data that begin so, or NULL: not compressed with anything known. *failed is set if
 * it is known, but there is no memory for it. */
struct unpack *unpack_new(struct bytes begin, bool *failed);

/* The name of the compression: "gzip", "zstd". */
const char *unpack_name(const struct unpack *f);

/* Decodes from *from, which is advanced, into `to`, at most `capacity` bytes; *made are there. With
 * *made > 0 there may be more to come without new input. */
enum unpack_state unpack_step(struct unpack *f, struct bytes *from, void *to, size_t capacity,
			      size_t *made);

/* What the decoder's library says of the damage. */
const char *unpack_reason(const struct unpack *f);

void unpack_free(struct unpack *f);

#endif
