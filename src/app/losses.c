/* losses.c - what a live watch has lost, in words. */
#include "app/losses.h"

#include "base/log.h"

static const int64_t interval = 60 * FRAME_SECOND;

void losses_log(struct losses *l, const struct capture_stats *so_far, int64_t now)
{
	uint64_t dropped = so_far->dropped - l->logged.dropped;
	uint64_t lost = so_far->records_lost - l->logged.records_lost;
	uint64_t pcaps = so_far->pcaps_lost - l->logged.pcaps_lost;
	if (now < l->due || dropped + lost + pcaps == 0)
		return;
	if (dropped > 0)
		log_line("the kernel dropped %llu packets, because its buffer was full; --buffer "
			 "makes it larger, -j adds a worker",
			 (unsigned long long)dropped);
	if (lost > 0)
		log_line("%llu judged sessions were lost, because the outputs are too slow",
			 (unsigned long long)lost);
	if (pcaps > 0)
		log_line("of %llu alerts the packets were not kept", (unsigned long long)pcaps);
	l->logged = *so_far;
	l->due = now + interval;
}
