/* losses.h - tells on standard error what a live watch has lost. */
#ifndef SMTPWATCH_APP_LOSSES_H
#define SMTPWATCH_APP_LOSSES_H

#include "smtpwatch/frame.h"
#include "smtpwatch/monitor_config.h"

/* The losses of the latest warning, and when the next one is due. Zero-filled before first use. */
struct losses {
	struct capture_stats logged;
	int64_t due; /* nanoseconds, by the clock of losses_log */
};

/* Prints new losses, once a minute at most. The statistics have the totals. so_far: since the
 * start. now: nanoseconds. */
void losses_log(struct losses *l, const struct capture_stats *so_far, int64_t now);

#endif
