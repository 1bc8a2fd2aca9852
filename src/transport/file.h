/* file.h - writes rendered text to a file, a pipe or a terminal. */
#ifndef SMTPWATCH_TRANSPORT_FILE_H
#define SMTPWATCH_TRANSPORT_FILE_H

#include "base/error.h"
#include "text/buffer.h"
#include "transport/nonblock.h"
#include "transport/run_mode.h"
#include "transport/target_state.h"

#include <poll.h>

/* An output. Render into buf, and call outfile_put after each complete record, so that lines of
 * two outputs to one target never mix. */
struct outfile {
	struct outbuf buf;
	struct outfd to;
	const char *name;
	bool standard; /* standard output: it has no name by which it could be reopened */
	bool lasting;  /* live: a named pipe, which may get another reader */
	bool broken;   /* the target is closed for good: nothing more is written */
	bool failing;  /* live: the last write failed; the next flush tries again */
	bool quiet;    /* offline: broken because the reader has gone, which is no error */
	const struct run_mode *mode;
	size_t done;  /* bytes of buf written */
	size_t whole; /* live: bytes of buf that are complete records */
	/* Places in the stream of all bytes: where buf begins, where the first record that is not
	 * written whole begins, and where it and those behind it end. */
	uint64_t origin, begun;
	uint64_t *ends;
	size_t ends_first, ends_n, ends_capacity; /* used: from first on, n in all */
	struct target_state state;
};

/*
 * Opens an output. name "-": standard output. A new file is readable by owner and group only,
 * because it holds names of people. Offline the file is truncated. Live it is appended to; a new
 * one belongs to mode->uid. mode NULL: offline.
 * Returns false with a sentence in why. name and mode are borrowed.
 */
bool outfile_open(struct outfile *f, const char *name, const struct run_mode *mode,
		  struct error *why);

/* Always returns true. If a file of this name could not be written now, writes a sentence to why.
 * Opens nothing. */
bool outfile_check(const char *name, struct error *why);

/* A record is complete. Writes buf out if enough has gathered, or if the target is a terminal.
 * Returns false once the target is broken, which is reported on standard error once. */
bool outfile_put(struct outfile *f);

/* Writes buf out. Live, only as much as the target accepts without waiting. Returns false once the
 * target is broken. */
bool outfile_flush(struct outfile *f);

/* Live: for a pipe with bytes that wait, fills *p and returns 1; otherwise returns 0. Call
 * outfile_flush when the pipe is ready. */
size_t outfile_poll(const struct outfile *f, struct pollfd *p);

/* Live: opens the file by its name again, because another program may have moved it. If that
 * fails, reports it, keeps the old file and returns false. */
bool outfile_reopen(struct outfile *f);

/* Flushes and closes. A reader that keeps reading gets everything; a stalled reader is waited for
 * two seconds. Of a record that a regular file got a part of, the part is taken back. Returns false
 * if the target misses something. */
bool outfile_close(struct outfile *f);

#endif
