/* classic.h - the classic pcap format read without libpcap: frames straight from a large block, not
 * copied, not called back one by one. */
#ifndef SMTPWATCH_CAPTURE_CLASSIC_H
#define SMTPWATCH_CAPTURE_CLASSIC_H

#include "capture/input.h"
#include "smtpwatch/frame.h"

#include <pcap/pcap.h>

struct classic;

/* How a file that begins so is to be read. */
enum classic_fit {
	CLASSIC_FITS,
	CLASSIC_CUT,     /* the magic number is right, the rest of the header is missing */
	CLASSIC_VARIANT, /* a pcap file in one of the ways that are rare enough to be left to
			    libpcap */
	CLASSIC_NO,      /* not a pcap file */
};

enum classic_fit classic_fits(const uint8_t *ahead, size_t n);

/* A reader of input, which must begin so that it fits and stays the caller's. NULL: no memory. */
struct classic *classic_new(struct input *in);

/* The LINKTYPE_ of all frames. */
int classic_link(const struct classic *c);

/*
 * source_read's contract, with the predicate of a sentence for the reason. Waits for input only
 * while there is no frame to hand out. filter: NULL for every frame.
 */
int classic_read(struct classic *c, const struct bpf_program *filter, struct frame *frames,
		 size_t n, char reason[INPUT_REASON]);

void classic_free(struct classic *c);

#endif
