/* case.h - what the fuzzer of the monitor changes: a capture in a form of its own, of which every
 * part can be changed and is still a capture. */
#ifndef SMTPWATCH_TESTS_FUZZ_CASE_H
#define SMTPWATCH_TESTS_FUZZ_CASE_H

#include "smtpwatch/frame.h"

#include <stdbool.h>
#include <stddef.h>

enum { CASE_FRAMES = 512, CASE_MAX = 256 << 10 };

/* Times are not before the epoch, and lengths on the wire not below what was captured: so much a
 * frame's reader promises. */
struct fuzz_case {
	uint64_t dice; /* how batches are cut */
	bool small;    /* every bound of the monitor is low */
	bool any_port;
	struct frame frames[CASE_FRAMES]; /* their data is borrowed from the input, or from arena */
	size_t n;
};

/* Takes what is whole of the bytes. Any bytes are a case. */
void case_read(struct fuzz_case *c, const uint8_t *data, size_t size);

/* The other way round; how many bytes, frames that do not fit are left out. */
size_t case_write(const struct fuzz_case *c, uint8_t *out, size_t capacity);

#endif
