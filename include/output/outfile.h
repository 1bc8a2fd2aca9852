/* outfile.h - a file, a pipe or a terminal that rendered text goes to. */
#ifndef SMTPWATCH_OUTPUT_OUTFILE_H
#define SMTPWATCH_OUTPUT_OUTFILE_H

#include <poll.h>

#include "output/outage.h"
#include "output/outbuf.h"
#include "output/run_mode.h"

/* Rendered text waits in buf; whoever renders calls outfile_put after each whole record, so that lines of two outputs to one target never mix. */
struct outfile {
	struct outbuf buf;
	int fd;
	const char *name;
	bool standard; /* output: there is no name by which it could be opened again */
	bool terminal;
	bool regular; /* a file on a disk: writing to it does not wait for a reader */
	bool broken;  /* the target takes no more: nothing further is written */
	bool quiet;   /* because its reader has gone: nothing to complain of */
	bool waits;   /* live: its reader had no room for all that was to be written */
	const struct run_mode *mode;
	size_t done;  /* so much of buf has been written */
	size_t whole; /* live: so much of it are whole records */
	struct outage outage;
};

#define OUTFILE_WHY 512

/*
 * "-" is standard output; a file is created (readable by owner and group only, as it names people). Offline it is emptied; live it is continued, and belongs to whom the mode says if it is new.
 * mode: NULL: offline. False, with a sentence in why. Name and mode are borrowed.
 */
bool outfile_open(struct outfile *f, const char *name, const struct run_mode *mode, char why[OUTFILE_WHY]);

/* A record is complete: written out if enough has gathered, or the target is a terminal. False once the target is broken; that is said on standard error, once. */
bool outfile_put(struct outfile *f);

/* Writes out what has gathered; live, as much of it as the target takes at once. */
bool outfile_flush(struct outfile *f);

/* For poll(2): 1 if *p was filled, as something waits for the reader; then outfile_flush is due as soon as there is room. */
size_t outfile_watch(const struct outfile *f, struct pollfd *p);

/* The same file by its name, which another program may have moved away. If it cannot be opened the old one stays, which is said; then false. */
bool outfile_reopen(struct outfile *f);

/* Flushes and closes; live, a reader that goes on reading gets all, one that stands still is waited for a second. A false return means that something is missing from the target. */
bool outfile_close(struct outfile *f);

#endif
