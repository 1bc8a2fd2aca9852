/* output.h - an output under test: a sink that writes to a file of its own, and what it wrote. */
#ifndef SMTPWATCH_TESTS_LIB_OUTPUT_H
#define SMTPWATCH_TESTS_LIB_OUTPUT_H

#include "lib/made.h"
#include "sink/sink.h"

struct output {
	const struct sink_kind *kind;
	void *self;
	char path[32];
	char *text;
};

void output_open(struct output *o, const struct sink_kind *kind);

/* The record as it is now: its report is made first. */
void output_record(struct output *o, struct made *m);

/* Everything written so far, with a NUL; until the next call. */
const char *output_text(struct output *o);
void output_free(struct output *o);

#endif
