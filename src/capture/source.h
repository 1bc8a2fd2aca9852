/* source.h - a source of frames: a capture file or standard input. */
#ifndef SMTPWATCH_CAPTURE_SOURCE_H
#define SMTPWATCH_CAPTURE_SOURCE_H

#include "base/error.h"
#include "capture/follow.h"
#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"

#include <stdbool.h>
#include <stddef.h>

struct source;

/*
 * Opens a capture: a path, or "-" for standard input. Formats: pcap in either byte order, with
 * micro- or nanoseconds, Kuznetzov's variant, and those before version 2.4; pcapng, also with
 * several link types; and snoop. Each may be compressed with gzip or zstd, which the first bytes
 * tell, not the name. filter: a libpcap filter expression, or NULL; borrowed until source_close.
 * Returns NULL with one sentence in why. The file cannot be opened, is a directory, is empty or no
 * capture, its link type is not decoded, or the filter does not compile for one of them. For
 * the filter, and only then, *usage is true: the caller's mistake, not the file's. Waits for the
 * first bytes of a pipe; a handled signal ends that wait as a failure. source_close frees the
 * result.
 */
struct source *source_open(const char *path, const char *filter, struct error *why, bool *usage);

/* As source_open. A regular file is followed as it grows (follow.h); follow NULL: it is not. */
struct source *source_open_growing(const char *path, const char *filter,
				   const struct input_follow *follow, struct error *why,
				   bool *usage);

/* Returns true unless the file begins as no capture does. A file that cannot be read counts as one,
 * because source_open tells why. */
bool source_suits(const char *path);

/* Returns true and sets *ts to the time of the first frame, whether it passes the filter or not.
 * Returns false if the first frame cannot be read. source_read returns the frame again. Call before
 * source_read. */
bool source_begin(struct source *s, int64_t *ts);

/*
 * Reads the next frames: 1 to n (n > 0), which may be fewer at any call. Borrowed until the next
 * call. Returns the number of frames; 0 at the end or after source_stop; -1 with a sentence in why
 * if the rest is damaged or incomplete, or at the end if none of the link types was decoded.
 * Earlier calls have then returned all frames before that. Waits for more of a pipe only if no
 * frame is buffered. Frames of a link type that is not decoded pass every filter, so that they are
 * counted.
 */
int source_read(struct source *s, struct frame *frames, size_t n, struct error *why);

/*
 * Returns the TLS key logs of the capture (pcapng's decryption secrets blocks) found since the last
 * call, empty if there are none. At least all those that stand before the frames returned so far.
 * Borrowed until the next source_read.
 */
struct bytes source_secrets(struct source *s);

/* What became of packets that source_read did not return. */
struct source_counts {
	uint64_t filtered; /* left out by the filter */
	/* Lost before they came into the file, as far as the file tells: by the capturing system,
	 * and by the interface. */
	uint64_t dropped, dropped_by_interface;
};

/* Returns the counts of what was read so far. */
struct source_counts source_counts(const struct source *s);

/* Returns how many bytes were read from the file, before decompression. Sets *size to the file's
 * size in bytes; 0: unknown. */
uint64_t source_progress(const struct source *s, uint64_t *size);

/* Stops the source and ends a wait in source_read. source_read still returns the frames that are
 * buffered, and then 0. The only function that another thread or a signal handler may call. */
void source_stop(struct source *s);

/* Closes the file and frees s. NULL is allowed. */
void source_close(struct source *s);

#endif
