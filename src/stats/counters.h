/* counters.h - the table of the core's statistics, so that every output shows the same figures
 * under the same names. */
#ifndef SMTPWATCH_STATS_COUNTERS_H
#define SMTPWATCH_STATS_COUNTERS_H

#include "smtpwatch/monitor.h"

/* One figure of struct monitor_stats. */
struct counter {
	const char *group;   /* the name of its JSON object */
	const char *name;    /* its JSON key; NULL for a kind of packet: call counter_name */
	const char *words;   /* for people, printed if the value is above 0: "bytes missing from the
				capture"; NULL: not printed */
	bool trouble;        /* the value counts something that was not captured or not analysed */
	bool level;          /* a current value or a peak; false: the value only grows */
	size_t offset, size; /* of the member in struct monitor_stats, in bytes */
};

/* The rows of one group are consecutive. JSON shows two groups for live runs only. "memory" depends
 * on the number of workers, but a capture must give the same output for any number. The files that
 * "pcap" counts are written after the statistics of a capture. */
extern const struct counter counters[];
extern const size_t counters_n;

/* Returns the name of a row, also of a kind of packet. Never NULL; lives as long as the program. */
const char *counter_name(const struct counter *c);

/* Adds the counters of one monitor to *to. Levels and peaks are added too: a sum of peaks is an
 * upper bound. */
void counters_add(struct monitor_stats *to, const struct monitor_stats *one);

/* Returns the value of a row in *s. */
uint64_t counter_value(const struct counter *c, const struct monitor_stats *s);

#endif
