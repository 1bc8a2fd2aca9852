/* capture_loss.h - when the kernel dropped packets before anybody saw them: what a session that was
 * open then may lack. Bounded. */
#ifndef SMTPWATCH_CORE_CAPTURE_LOSS_H
#define SMTPWATCH_CORE_CAPTURE_LOSS_H

#include <stdint.h>

/* Two that follow each other become one where there are more. */
enum { DROPS_SPANS = 64 };

struct drops_span {
	int64_t from, to; /* nanoseconds of capture time: somewhere between these two */
	uint64_t n;
};

/* Zero-filled before first use. */
struct drops {
	struct drops_span spans[DROPS_SPANS];
	unsigned n;
};

/* So many packets were dropped between these two times. Spans come in order of time, unless the
 * clock was stepped. */
void drops_note(struct drops *d, int64_t from, int64_t to, uint64_t n);

/* How many may have been dropped between these two times: the spans that touch are counted whole.
 */
uint64_t drops_within(const struct drops *d, int64_t from, int64_t to);

#endif
