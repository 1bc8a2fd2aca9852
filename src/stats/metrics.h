/* metrics.h - counters in the text format 0.0.4 of Prometheus. Each label has a bounded number of
 * values. */
#ifndef SMTPWATCH_STATS_METRICS_H
#define SMTPWATCH_STATS_METRICS_H

#include "stats/totals.h"
#include "text/buffer.h"

/* The number of buckets that have an upper bound. One more bucket has none. */
enum { METRICS_BUCKETS = 15 };

/* The most recipient domains that are metrics. */
enum { METRIC_DOMAINS_MAX = 100 };

/* A histogram of waiting times. */
struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1]; /* count of this bucket alone, not cumulative */
	int64_t sum;                           /* of the observed times, nanoseconds */
};

/* Zero-fill before first use. Owns no memory. */
struct metrics {
	uint64_t sessions[ALERT_KINDS_MAX][ROLES]; /* by enum verdict; so are stages */
	uint64_t stages[ALERT_KINDS_MAX][STAGES];
	uint64_t alerts[ALERT_KINDS_MAX][SEVERITIES];
#define SUM(member, ...) uint64_t member;
#include "stats/sums.def"
	uint64_t fates[FATES];
	struct metrics_histogram banner, acceptance;
	const struct alerting *alerting; /* borrowed from the latest report; NULL: none yet */
	/* As last observed. started: 0: offline. */
	struct monitor_stats core;
	int64_t started;
	struct watched watched[WATCHED_MAX];
	size_t watched_n;
	/* Borrowed: of the run, which counts on. NULL: none yet. */
	const struct domains *domains;
	unsigned domains_n; /* shown at most */
};

/* Returns the upper bound of a bucket in seconds, "0.025", or "+Inf" for the bucket without bound.
 */
const char *metrics_bound(unsigned bucket);

/* Counts one session. r is borrowed for the call. */
void metrics_count(struct metrics *m, const struct report *r);

/* Takes over what does not come from sessions. Call before metrics_put. */
void metrics_observe(struct metrics *m, const struct summary *sum);

/* Appends all metrics. outputs: n elements, the counts of each output so far; n may be 0. */
void metrics_put(const struct metrics *m, struct outbuf *b, const struct sink_counts *outputs,
		 size_t n);

#endif
