/* savefile.h - every format that libpcap reads and classic.h does not: pcapng, and old variants of
 * pcap. */
#ifndef SMTPWATCH_CAPTURE_SAVEFILE_H
#define SMTPWATCH_CAPTURE_SAVEFILE_H

#include "capture/input.h"
#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"

#include <pcap/pcap.h>

struct savefile;

/* Input stays the caller's. NULL with the predicate of a sentence. */
struct savefile *savefile_new(struct input *in, char reason[INPUT_REASON]);

/* The LINKTYPE_ of all frames: libpcap refuses a file that mixes them. */
int savefile_link(const struct savefile *s);

/* source_read's contract, with the predicate of a sentence for the reason. From a pipe one frame at
 * a time, so that the second is not waited for. filter: NULL for every frame. */
int savefile_read(struct savefile *s, const struct bpf_program *filter, struct frame *frames,
		  size_t n, char reason[INPUT_REASON]);

/* Key logs that stood in the file before what was read so far; borrowed until the next
 * savefile_read. Empty: none that was not told. */
struct bytes savefile_secrets(struct savefile *s);

void savefile_free(struct savefile *s);

#endif
