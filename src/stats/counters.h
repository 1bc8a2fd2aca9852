/* counters.h - the core's statistics, a row each, so that every output shows the same under the
 * same name. */
#ifndef SMTPWATCH_STATS_COUNTERS_H
#define SMTPWATCH_STATS_COUNTERS_H

#include "smtpwatch/monitor.h"

struct counter {
	const char *group;   /* as in JSON */
	const char *name;    /* the same; NULL for a kind of packet: ask counter_name */
	const char *words;   /* for people, where it is above 0: "bytes missing from the capture";
				NULL: they are not told */
	bool trouble;        /* it means that something was not seen */
	bool level;          /* it goes up and down, or is a peak; else it only grows */
	size_t offset, size; /* in struct monitor_stats */
};

/* Rows of one group stand together. What stands in the group "memory" depends on how many workers
 * share the work: of captures it is not told, as they give the same output for any number; nor is
 * "pcap", whose files are written when all has been told. */
extern const struct counter counters[];
extern const size_t counters_n;

const char *counter_name(const struct counter *c);
/* Of several monitors: what each counted, together. */
void counters_add(struct monitor_stats *to, const struct monitor_stats *one);

uint64_t counter_value(const struct counter *c, const struct monitor_stats *s);

#endif
