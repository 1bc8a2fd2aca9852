/* reader.h - what source.c needs of the reader of a file format. Each format has one struct reader.
 */
#ifndef SMTPWATCH_CAPTURE_READER_H
#define SMTPWATCH_CAPTURE_READER_H

#include "capture/input.h"
#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"

#include <stdbool.h>

/* How a file begins. */
enum reader_fit {
	READER_FITS, /* the file has this format */
	READER_CUT,  /* so it seems, but the header is incomplete */
	READER_NO,   /* the file has another format */
};

/* Lost packets. */
struct reader_drops {
	uint64_t system, interfaces;
};

/* `state` is what open returned. reason: the predicate of a sentence. */
struct reader {
	/* Judges the first n bytes of a file: INPUT_AHEAD, or fewer if the file is shorter. */
	enum reader_fit (*fits)(const uint8_t *ahead, size_t n);

	/* Makes the state of a reader. Call only if fits returned READER_FITS for input_ahead. in
	 * is borrowed until free. Returns NULL with reason. */
	void *(*open)(struct input *in, struct error *reason);

	/* Returns the LINKTYPE_ of interface i, of those that are known so far; -1: there is no
	 * such interface. */
	int (*link)(const void *state, size_t i);

	/* Further link types may follow while it is read. */
	bool more_links;

	/* As source_read, but without a filter. */
	int (*read)(void *state, struct frame *frames, size_t n, struct error *reason);

	/* As source_secrets. NULL: the format has no secrets. */
	struct bytes (*secrets)(void *state);

	/* Adds the packets that were lost before they came into the file: by the capturing system,
	 * and by its interfaces. NULL: the format does not tell. */
	void (*drops)(const void *state, struct reader_drops *sum);

	/* Frees the state, but does not close its input. */
	void (*free)(void *state);
};

/* classic pcap, pcapng, and snoop (RFC 1761). None of them uses libpcap. */
extern const struct reader classic_reader, pcapng_reader, snoop_reader;

#endif
