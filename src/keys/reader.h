/* reader.h - the process without rights: reads the ring, parses what is foreign, writes lines. */
#ifndef SMTPWATCH_KEYS_READER_H
#define SMTPWATCH_KEYS_READER_H

#include "keys/finder.h"
#include "keys/output.h"
#include "keys/probe.h"

/* What the reader works on; all is borrowed. */
struct reader_work {
	struct probe *probe;
	int fd; /* the broker's socket */
	struct output *output;
	const struct finder_wishes *wishes;
	int64_t report; /* after so many seconds print to standard output what is attached; 0: never
			 */
};

/* Runs until the broker closes the socket. Returns the exit code: 0, or 3 if it could not go on. */
int reader_run(const struct reader_work *w);

#endif
