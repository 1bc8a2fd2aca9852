/* answer.h - what a service answered: which records it has, which it refuses, and which are sent
 * again. */
#ifndef SMTPWATCH_HTTP_ANSWER_H
#define SMTPWATCH_HTTP_ANSWER_H

#include "base/error.h"

#include <stddef.h>

/* How an answer 2xx is judged. */
enum answer_kind {
	ANSWER_STATUS, /* the service has all records */
	ANSWER_ITEMS,  /* Elastic's _bulk: a status for each */
	ANSWER_PARTIAL /* OTLP's partialSuccess: how many were refused */
};

enum record_answer { RECORD_TAKEN, RECORD_REFUSED, RECORD_AGAIN };

/* Sets `of`, n elements, by the body of a 2xx. A body that cannot be read counts as ANSWER_STATUS:
 * the status has said that the records are there. why: what the service says of the first record
 * that it did not take; unchanged if it took all. */
void answer_judge(enum answer_kind kind, const char *body, size_t length, enum record_answer *of,
		  size_t n, struct error *why);

/* Sets `of` by a status of another class than 2. 400, 413 and 422 refuse a single record; of
 * several each is to be sent alone, so that the others are not lost with it: *alone. Any other
 * status is of the target or for a time (408, 429, 5xx, also 401, 403 and 404, which an
 * administrator mends): RECORD_AGAIN. */
void answer_status(long status, enum record_answer *of, size_t n, bool *alone);

#endif
