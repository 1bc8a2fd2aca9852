/* counters.h - the table of the core's statistics, so that every output shows the same figures
 * under the same names. */
#ifndef SMTPWATCH_STATS_COUNTERS_H
#define SMTPWATCH_STATS_COUNTERS_H

#include "smtpwatch/monitor.h"

/* One figure of struct monitor_stats; counters.def explains the members. */
struct counter {
	const char *group, *name, *words, *about;
	bool trouble, level; /* the sort; neither: COUNT */
	size_t offset;       /* of the member, an uint64_t, in struct monitor_stats, in bytes */
};

/* The rows of counters.def. JSON shows two groups for live runs only. "memory" depends on the
 * number of workers, but a capture must give the same output for any number. The files that "pcap"
 * counts are written after the statistics of a capture. */
extern const struct counter counters[];
extern const size_t counters_n;

/* Adds the counters of one monitor to *to. Levels and peaks are added too: a sum of peaks is an
 * upper bound. */
void counters_add(struct monitor_stats *to, const struct monitor_stats *one);

/* Returns the value of a row in *s. */
uint64_t counter_value(const struct counter *c, const struct monitor_stats *s);

#endif
