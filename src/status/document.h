/* document.h - the status as one JSON object, an event "status" (docs/schema.json). */
#ifndef SMTPWATCH_STATUS_DOCUMENT_H
#define SMTPWATCH_STATUS_DOCUMENT_H

#include "status/record.h"
#include "text/buffer.h"

/* What neither the statistics nor the record tell. */
struct status_facts {
	const char *configuration; /* the file; NULL: none */
	long pid;
	int64_t now; /* nanoseconds since the epoch */
};

/* Appends the document and a line feed. sum: the statistics so far, with the counts of outputs. All
 * is borrowed for the call. */
void status_document(struct outbuf *b, const struct status_facts *f, const struct status_record *s,
		     const struct summary *sum);

#endif
