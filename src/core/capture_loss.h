/* capture_loss.h - when the kernel dropped packets before anybody saw them: what a session that was
 * open then may lack. Bounded. */
#ifndef SMTPWATCH_CORE_CAPTURE_LOSS_H
#define SMTPWATCH_CORE_CAPTURE_LOSS_H

#include <stdint.h>

/* Two that follow each other become one where there are more. */
enum { LOSS_SPANS = 64 };

struct loss_span {
	int64_t from, to; /* nanoseconds of capture time: somewhere between these two */
	uint64_t n;
};

/* Zero-filled before first use. */
struct capture_loss {
	struct loss_span spans[LOSS_SPANS];
	unsigned n;
};

/* So many packets were dropped between these two times. Spans come in order of time, unless the
 * clock was stepped. */
void capture_loss_add(struct capture_loss *d, int64_t from, int64_t to, uint64_t n);

/* How many may have been dropped between these two times: the spans that touch are counted whole.
 */
uint64_t capture_loss_within(const struct capture_loss *d, int64_t from, int64_t to);

#endif
