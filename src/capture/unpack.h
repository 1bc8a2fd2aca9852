/* unpack.h - decompresses a stream in bounded memory. Each compression has one row in unpack.c. */
#ifndef SMTPWATCH_CAPTURE_UNPACK_H
#define SMTPWATCH_CAPTURE_UNPACK_H

#include "smtpwatch/bytes.h"

/* The state of a decoder. Consecutive members (gzip) or frames (zstd) are one stream. */
enum unpack_state {
	UNPACK_INSIDE,  /* inside a member or frame: the data must not end here */
	UNPACK_WHOLE,   /* at the end of a member or frame: the data may end here */
	UNPACK_DAMAGED, /* unpack_reason tells why; no more bytes come */
};

struct unpack;

/* Makes a decoder for data that begin with `begin`. Returns NULL if the data have no known
 * compression, or, with *failed set to true, if memory is exhausted. At least four bytes are needed
 * to recognise zstd. unpack_free frees the result. */
struct unpack *unpack_new(struct bytes begin, bool *failed);

/* Returns the name of the compression: "gzip" or "zstd". */
const char *unpack_name(const struct unpack *f);

/* Decodes bytes of *from, and advances *from behind them. Writes at most `capacity` bytes to `to`,
 * and sets *made to their number. If *made > 0, the next call may write more bytes even without new
 * input. */
enum unpack_state unpack_step(struct unpack *f, struct bytes *from, void *to, size_t capacity,
			      size_t *made);

/* Returns the library's words for the damage, after UNPACK_DAMAGED. Lives as long as the program.
 */
const char *unpack_reason(const struct unpack *f);

/* Frees the decoder. NULL is allowed. */
void unpack_free(struct unpack *f);

#endif
