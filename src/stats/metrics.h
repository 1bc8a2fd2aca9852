/* metrics.h - what was counted, in Prometheus' text format 0.0.4: every label has a bounded number
 * of values. */
#ifndef SMTPWATCH_STATS_METRICS_H
#define SMTPWATCH_STATS_METRICS_H

#include "stats/totals.h"
#include "text/buffer.h"

/* Upper bounds of the histograms' buckets, and one without bound. */
enum { METRICS_BUCKETS = 15 };

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1]; /* each alone, not summed up */
	int64_t sum;                           /* nanoseconds */
};

/* Zero-filled before first use. Holds no memory of its own. */
struct metrics {
	uint64_t sessions[VERDICTS][ROLES];
	uint64_t stages[VERDICTS][STAGES];
	uint64_t alerts[ALERT_KINDS][SEVERITIES];
	uint64_t grouped, limited;
	uint64_t fates[FATES];
	struct metrics_histogram banner, acceptance;
	struct monitor_stats core;       /* as it was last observed */
	const struct alerting *alerting; /* borrowed; NULL: none so far */
};

/* The upper bound of a bucket in seconds: "0.025"; of the one without bound "+Inf". */
const char *metrics_bound(unsigned bucket);

/* One session. */
void metrics_count(struct metrics *m, const struct report *r);

/* The whole page. outputs: what is lost so far, n of them. */
void metrics_put(const struct metrics *m, struct outbuf *b, const struct sink_loss *outputs,
		 size_t n);

#endif
