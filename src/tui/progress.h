/* progress.h - shows on a terminal how far the reading of captures has come. */
#ifndef SMTPWATCH_TUI_PROGRESS_H
#define SMTPWATCH_TUI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A line of progress on standard error. If zero-filled, no function shows anything. */
struct progress {
	bool on;             /* standard error is a terminal that can erase a line */
	bool shown;          /* the line is on the terminal now */
	const char *what;    /* "read", "read again" */
	uint64_t total;      /* bytes of all inputs; 0: not known */
	uint64_t before;     /* bytes of the inputs that are finished */
	int64_t begin, last; /* monotonic, nanoseconds: of the start, of the latest line */
	unsigned skipped;    /* calls since the clock was read */
};

/* Begins. Nothing will be shown unless standard error is a terminal. what: static. total: bytes of
 * all inputs; 0: not known. */
void progress_begin(struct progress *p, const char *what, uint64_t total);

/* Call often; cheap. done: bytes read of the current input. Shows the line four times a second at
 * most, and not in the first half second. */
void progress_show(struct progress *p, uint64_t done);

/* Call at the end of each input. size: bytes of the input. */
void progress_next(struct progress *p, uint64_t size);

/* Erases the line. Call before anything else is written to the terminal. The next progress_show may
 * show the line again. */
void progress_hide(struct progress *p);

/* Writes the line without control bytes and returns out: "1.2 GB of 3.4 GB read (35 %), 512 MB/s, 4
 * s left", or "1.2 GB read, 512 MB/s" if the total is not known. elapsed: nanoseconds since the
 * start. */
enum { PROGRESS_TEXT = 128 };
char *progress_text(const struct progress *p, uint64_t done, int64_t elapsed,
		    char out[PROGRESS_TEXT]);

#endif
