/* text.h - what is said, filled in: names, ids, sizes, recipients, message headers, TLS records. */
#ifndef SMTPWATCH_BENCH_TEXT_H
#define SMTPWATCH_BENCH_TEXT_H

#include "bench/talk.h"

enum { TEXT_MAX = 4096 };

/*
 * The text of a step, in front of its content: returns its length. message: its number in the
 * session; size: its run's length; content: how much of it the step has. For the same arguments
 * always the same.
 */
size_t text_make(const struct talk_plan *plan, const struct step *step, unsigned message,
		 uint32_t size, uint32_t content, char out[TEXT_MAX]);

#endif
