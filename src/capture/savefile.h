/* savefile.h - reads by libpcap the formats that classic.h does not: pcapng, and rare variants of
 * pcap. */
#ifndef SMTPWATCH_CAPTURE_SAVEFILE_H
#define SMTPWATCH_CAPTURE_SAVEFILE_H

#include "capture/input.h"
#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"

#include <pcap/pcap.h>

struct savefile;

/* Makes a reader. in is borrowed until savefile_free. Returns NULL with the predicate of a sentence
 * in reason. */
struct savefile *savefile_new(struct input *in, struct error *reason);

/* Returns the LINKTYPE_ of all frames. libpcap refuses a file with several link types. */
int savefile_link(const struct savefile *s);

/* Reads frames, as source_read does. reason: the predicate of a sentence. If the input may wait
 * (input_waits), reads one frame a call, so that a frame never waits for the next. filter: frames
 * that it rejects are left out; NULL: no filter. */
int savefile_read(struct savefile *s, const struct bpf_program *filter, struct frame *frames,
		  size_t n, struct error *reason);

/* Returns the key logs found since the last call, empty if there are none. At least all those that
 * stand before the frames read so far. Borrowed until the next savefile_read. */
struct bytes savefile_secrets(struct savefile *s);

/* Frees the reader and wipes its secrets, but does not close its input. NULL is allowed. */
void savefile_free(struct savefile *s);

#endif
