/* input.h - reads the bytes of a file or of standard input, and decompresses them. Does not
 * interpret the bytes. */
#ifndef SMTPWATCH_CAPTURE_INPUT_H
#define SMTPWATCH_CAPTURE_INPUT_H

#include "base/error.h"
#include "capture/follow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most bytes that input_ahead returns: the header of a classic pcap file. */
#define INPUT_AHEAD 24

struct input;

/* Opens path, or standard input for "-". The first bytes tell whether gzip or zstd is used. Waits
 * for the first bytes; a handled signal ends that wait as a failure. Returns NULL with a reason:
 * the predicate of a sentence whose subject is the file ("is a directory"). input_close frees the
 * result. */
struct input *input_open(const char *path, struct error *reason);

/* As input_open. At the last byte of a regular file input_read waits for more. follow is borrowed
 * until input_close; NULL: the file ends where it ends. */
struct input *input_open_growing(const char *path, const struct input_follow *follow,
				 struct error *reason);

/* Returns the first bytes, decompressed, and sets *n to their number: INPUT_AHEAD, or fewer if the
 * input is shorter. input_read returns the same bytes again. Borrowed until input_close. */
const uint8_t *input_ahead(const struct input *in, size_t *n);

/*
 * Reads at most n bytes (n > 0) to `to`. Waits only until one byte is available: a short count does
 * not mean the end. Returns the number of bytes; 0 at the end or after input_stop; -1 after an
 * error, then again at each call. Bytes before the error are returned first. input_trouble tells
 * the reason.
 */
ssize_t input_read(struct input *in, void *to, size_t n);

/* Returns why input_read returned -1, or "" if it did not. Borrowed until input_close. */
const char *input_trouble(const struct input *in);

/* Returns how many bytes were read from the file, before decompression. Sets *size to the file's
 * size in bytes; 0: unknown. */
uint64_t input_progress(const struct input *in, uint64_t *size);

/* Returns true if input_read may wait for another program: the input is no regular file. */
bool input_waits(const struct input *in);

/* Returns the name of the compression, or NULL if there is none. */
const char *input_compression(const struct input *in);

/* Stops the input: this and later calls of input_read return 0. Exceptions: the bytes of
 * input_ahead are still returned first, and -1 stays -1. Another thread or a signal handler may
 * call this function. */
void input_stop(struct input *in);

/* Returns true after input_stop. */
bool input_stopped(const struct input *in);

/* Closes the file, but not standard input, and frees in. NULL is allowed. */
void input_close(struct input *in);

#endif
