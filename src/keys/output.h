/* output.h - writes lines into a FIFO or file and never waits for its reader. */
#ifndef SMTPWATCH_KEYS_OUTPUT_H
#define SMTPWATCH_KEYS_OUTPUT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most bytes of lines that wait for a reader. Beyond it the oldest are wiped and counted: the
 * newest are those that somebody still waits for. */
enum { OUTPUT_WAITS_MAX = 4 << 20 };

/* Zero-fill before output_open. For one thread, but lost may be read by all. */
struct output {
	int fd;
	char *text;
	size_t n, capacity;
	uint64_t lost; /* lines */
};

/* Opens the target for writing, "-": standard output. A path that does not exist becomes a FIFO,
 * where fifo says so, else a file: mode 0660 or 0640, of root and `group`. Returns false with a
 * sentence in why. */
bool output_open(struct output *o, const char *path, bool fifo, gid_t group, struct error *why);

/* Takes a line, n bytes with its line feed. */
void output_line(struct output *o, const char *line, size_t n);

/* Writes what the target takes now, whole lines to a FIFO. Returns false with a sentence in why if
 * the target fails. */
bool output_flush(struct output *o, struct error *why);

/* Closes the descriptor in a process that does not write. */
void output_leave(struct output *o);

/* Wipes what is left, counts it as lost, and closes. */
void output_close(struct output *o);

#endif
