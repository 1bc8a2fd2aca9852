/* progress.h - how far the reading of captures has come, on the terminal of whoever waits for it.
 */
#ifndef SMTPWATCH_TUI_PROGRESS_H
#define SMTPWATCH_TUI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-filled: nothing is ever shown. */
struct progress {
	bool on, shown;
	const char *what;       /* "read", "read again" */
	uint64_t total, before; /* bytes of all inputs, 0: not known; of those that are done */
	int64_t begin, last;    /* on the monotonic clock, nanoseconds */
	unsigned skipped;       /* calls since the clock was asked */
};

/* Shows something only where standard error is a terminal. what: static. total: bytes of all that
 * will be read, 0: not known. */
void progress_begin(struct progress *p, const char *what, uint64_t total);

/* So many bytes of the input under way are read. Cheap; what is shown changes a few times a second,
 * and not before the first half second. */
void progress_show(struct progress *p, uint64_t done);

/* This input is over; it had so many bytes. */
void progress_next(struct progress *p, uint64_t size);

/* Something else will be written to the terminal: the line goes, until the next progress_show. */
void progress_hide(struct progress *p);

/* The line alone, without control bytes: "1.2 GB of 3.4 GB (35 %), 512 MB/s, 4 s left". elapsed:
 * nanoseconds. */
enum { PROGRESS_TEXT = 128 };
char *progress_text(const struct progress *p, uint64_t done, int64_t elapsed,
		    char out[PROGRESS_TEXT]);

#endif
