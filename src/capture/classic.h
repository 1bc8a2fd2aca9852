/* classic.h - reads the classic pcap format without libpcap. Frames are not copied: they point into
 * a large block of the file. */
#ifndef SMTPWATCH_CAPTURE_CLASSIC_H
#define SMTPWATCH_CAPTURE_CLASSIC_H

#include "capture/input.h"
#include "smtpwatch/frame.h"

#include <pcap/pcap.h>

struct classic;

/* How to read a file, judged by its first bytes. */
enum classic_fit {
	CLASSIC_FITS,    /* read by this reader */
	CLASSIC_CUT,     /* the magic number is right, but the header is incomplete */
	CLASSIC_VARIANT, /* a rare variant of pcap: read by libpcap */
	CLASSIC_NO,      /* no pcap file */
};

/* Judges the first n bytes of a file. The header has INPUT_AHEAD bytes. */
enum classic_fit classic_fits(const uint8_t *ahead, size_t n);

/* Makes a reader. Call only if classic_fits returns CLASSIC_FITS for input_ahead. in is borrowed
 * until classic_free. Returns NULL if memory is exhausted. */
struct classic *classic_new(struct input *in);

/* Returns the LINKTYPE_ of all frames. */
int classic_link(const struct classic *c);

/*
 * Reads frames, as source_read does. Returns 1 to n; 0 at the end or after input_stop; -1 with the
 * predicate of a sentence in reason. Waits for input only if no whole frame is buffered. filter:
 * frames that it rejects are left out; NULL: no filter. Frames are borrowed until the next call.
 */
int classic_read(struct classic *c, const struct bpf_program *filter, struct frame *frames,
		 size_t n, struct error *reason);

/* Frees the reader, but does not close its input. NULL is allowed. */
void classic_free(struct classic *c);

#endif
