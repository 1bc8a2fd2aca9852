/* source.h - where frames come from: a capture file, standard input. The only user of libpcap's
 * reading side. */
#ifndef SMTPWATCH_CAPTURE_SOURCE_H
#define SMTPWATCH_CAPTURE_SOURCE_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/frame.h"

#include <stdbool.h>
#include <stddef.h>

/* Room for a sentence that says what went wrong, with the file's name in it. */
#define SOURCE_WHY 512

struct source;

/*
 * Opens a capture: a path, or "-" for standard input. pcap in either byte order, with micro- or
 * nanoseconds, Kuznetzov's variant, pcapng; each also compressed with gzip or zstd, told by its
 * first bytes and not by its name. filter: a libpcap filter expression, or NULL. NULL on failure,
 * with one clear sentence in why: no such file, no permission, a directory, empty, not a capture, a
 * link type that nothing here decodes, a filter that does not compile (*usage is then true: the
 * caller's mistake, not the file's). On a pipe it waits for the first bytes; a signal handled
 * without SA_RESTART ends that wait, as a failure.
 */
struct source *source_open(const char *path, const char *filter, char why[SOURCE_WHY], bool *usage);

/*
 * Reads the next frames: at least one, at most n (n > 0), which may be fewer at any time. They are
 * borrowed until the next call. The number read; 0 at the end or once stopped; -1 when the rest
 * cannot be read (damaged, cut short), with a sentence in why: the frames before the damage have
 * been handed out by earlier calls. Waits for more of a pipe only while it has no frame to hand
 * out.
 */
int source_read(struct source *s, struct frame *frames, size_t n, char why[SOURCE_WHY]);

/*
 * The key logs of TLS sessions that stand in the capture (pcapng's decryption secrets blocks), as
 * far as they were met: at least those before the frames that source_read has given. Empty: no
 * more. Borrowed until the next source_read.
 */
struct bytes source_secrets(struct source *s);

/* Bytes that were read of the file; and of how many: 0 where that is not known. */
uint64_t source_progress(const struct source *s, uint64_t *size);

/* Ends a wait in source_read, and the source: from now on it reads 0. The only call that another
 * thread, or a signal handler, may make. */
void source_stop(struct source *s);

void source_close(struct source *s);

#endif
