/* file.h - a file, a pipe or a terminal that rendered text goes to. */
#ifndef SMTPWATCH_TRANSPORT_FILE_H
#define SMTPWATCH_TRANSPORT_FILE_H

#include "text/buffer.h"
#include "transport/nonblock.h"
#include "transport/run_mode.h"
#include "transport/target_state.h"

#include <poll.h>

/* Rendered text waits in buf; whoever renders calls outfile_put after each whole record, so that
 * lines of two outputs to one target never mix. */
struct outfile {
	struct outbuf buf;
	struct outfd to;
	const char *name;
	bool standard; /* output: there is no name by which it could be opened again */
	bool lasting;  /* live: a named pipe, which a reader that has gone does not end */
	bool broken;   /* the target takes no more: nothing further is written */
	bool failing;  /* live: the last write met an error; one more is worth a try, but only now
			  and then */
	bool quiet;    /* because its reader has gone: nothing to complain of */
	const struct run_mode *mode;
	size_t done;  /* so much of buf has been written */
	size_t whole; /* live: so much of it are whole records */
	struct outage outage;
};

#define OUTFILE_WHY 512

/*
 * "-" is standard output; a file is created (readable by owner and group only, as it names people).
 * Offline it is emptied; live it is continued, and belongs to whom the mode says if it is new.
 * mode: NULL: offline. False, with a sentence in why. Name and mode are borrowed.
 */
bool outfile_open(struct outfile *f, const char *name, const struct run_mode *mode,
		  char why[OUTFILE_WHY]);

/* Always true; with a sentence in why where a file of this name could not be written to as things
 * are. Nothing is opened. */
bool outfile_check(const char *name, char why[OUTFILE_WHY]);

/* A record is complete: written out if enough has gathered, or the target is a terminal. False once
 * the target is broken; that is said on standard error, once. */
bool outfile_put(struct outfile *f);

/* Writes out what has gathered; live, as much of it as the target takes at once. */
bool outfile_flush(struct outfile *f);

/* Live: a pipe that has something to take in. 1 or 0 written to *p; when it is ready, flush. */
size_t outfile_watch(const struct outfile *f, struct pollfd *p);

/* The same file by its name, which another program may have moved away. If it cannot be opened the
 * old one stays, which is said; then false. */
bool outfile_reopen(struct outfile *f);

/* Flushes and closes; live, a reader that goes on reading gets all, one that stands still is waited
 * for two seconds. A false return means that something is missing from the target. */
bool outfile_close(struct outfile *f);

#endif
