/* outfile.h - a file, a pipe or a terminal that rendered text goes to. */
#ifndef SMTPWATCH_OUTPUT_OUTFILE_H
#define SMTPWATCH_OUTPUT_OUTFILE_H

#include "output/outbuf.h"

/* Rendered text waits in buf; whoever renders calls outfile_put after each whole record, so that lines of two outputs to one target never mix. */
struct outfile {
	struct outbuf buf;
	int fd;
	const char *name;
	bool terminal;
	bool broken; /* the target takes no more: nothing further is written */
	bool quiet;  /* because its reader has gone: nothing to complain of */
};

#define OUTFILE_WHY 512

/* "-" is standard output; a file is created (readable by owner and group only, as it names people) or emptied. False, with a sentence in why. The name is borrowed. */
bool outfile_open(struct outfile *f, const char *name, char why[OUTFILE_WHY]);

/* A record is complete: written out if enough has gathered, or the target is a terminal. False once the target is broken; that is said on standard error, once. */
bool outfile_put(struct outfile *f);

/* Writes out what has gathered. */
bool outfile_flush(struct outfile *f);

/* Flushes and closes; a false return means that something is missing from the target. */
bool outfile_close(struct outfile *f);

#endif
