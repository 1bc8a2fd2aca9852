/* build_frame.h - segments as frames: checksummed IPv4 or IPv6, in whatever link layer and tunnel a
 * capture may have. */
#ifndef SMTPWATCH_TESTS_BUILD_FRAME_H
#define SMTPWATCH_TESTS_BUILD_FRAME_H

#include "lib/build_trace.h"
#include "lib/scenario.h"

enum wrapping_bit {
	WRAPPING_V6 = 1,
	WRAPPING_FRAGMENTS = 2, /* each datagram in two fragments, where it is long enough */
	WRAPPING_ONE_WAY = 8,   /* on what the server sends only; of Ethernet and IPv4 */
	WRAPPING_OFFLOAD = 4    /* the TCP checksum is left to the card, and wrong in the capture */
};

/* How a datagram is wrapped: the headers before it, in the words of wire_put. */
struct wrapping {
	const char *name;
	int link; /* LINKTYPE_ */
	unsigned bits;
	const char *words; /* NULL: none */
};

/* Ends with a row without a name. The first row is plain Ethernet and IPv4. */
extern const struct wrapping wrappings[];

/* NULL if there is none of that name. */
const struct wrapping *wrapping_find(const char *name);

/* Frames that own their bytes. */
struct frames {
	struct frame *frame;
	uint8_t **data;
	size_t n;
};

struct frames frames_build(const struct scenario *s, const struct trace *t,
			   const struct wrapping *how);
void frames_free(struct frames *f);

/* Writes a capture file with times in nanoseconds; false: errno tells why not. */
bool frames_save(const struct frames *f, int link, const char *path);

#endif
