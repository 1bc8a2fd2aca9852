/* input.h - the bytes of a file or of standard input, decompressed on the way. Knows nothing of
 * what they mean. */
#ifndef SMTPWATCH_CAPTURE_INPUT_H
#define SMTPWATCH_CAPTURE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for a reason: the predicate of a sentence whose subject is the file ("is a directory"), to
 * which the caller adds the name. */
#define INPUT_REASON 320

/* The most that can be looked at ahead: the header of a classic pcap file. */
#define INPUT_AHEAD 24

struct input;

/* Opens path, or standard input for "-". gzip and zstd are told by the first bytes. NULL with a
 * reason; a signal before the first bytes is one. */
struct input *input_open(const char *path, char reason[INPUT_REASON]);

/* The first bytes, which input_read will give again: at most INPUT_AHEAD, fewer only if there are
 * no more. */
const uint8_t *input_ahead(const struct input *in, size_t *n);

/*
 * Reads what is there, at most n bytes, and waits only while there is nothing: a short count says
 * nothing about the end. 0 at the end or once stopped; -1 with input_trouble's reason, and again at
 * each call after that. What could be read before the trouble is given first.
 */
ssize_t input_read(struct input *in, void *to, size_t n);

/* Why input_read said -1; "" if it has not. */
const char *input_trouble(const struct input *in);

/* Bytes that were read of the file, as it lies there, compressed or not; and of how many: 0 where
 * that is not known. */
uint64_t input_progress(const struct input *in, uint64_t *size);

/* True if more than the file system may keep input_read waiting: a pipe, a socket, a terminal. */
bool input_waits(const struct input *in);

/* Name of the compression, NULL if there is none. */
const char *input_compression(const struct input *in);

/* Makes this and every later input_read give 0. May be called by another thread or by a signal
 * handler. */
void input_stop(struct input *in);
bool input_stopped(const struct input *in);

void input_close(struct input *in);

#endif
