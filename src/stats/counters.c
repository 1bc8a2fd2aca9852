/* counters.c - the table of the core's statistics. */
#include "stats/counters.h"

#define ROW(path, group, name, sort, words, about)                                                 \
	{group,                                                                                    \
	 name,                                                                                     \
	 words,                                                                                    \
	 about,                                                                                    \
	 (sort) == TROUBLE,                                                                        \
	 (sort) == LEVEL,                                                                          \
	 offsetof(struct monitor_stats, path)},
#define MONITOR_COUNTER(member, ...) ROW(member, __VA_ARGS__)
#define CAPTURE_COUNTER(member, ...) ROW(capture.member, __VA_ARGS__)
#define KIND_COUNTER(kind, ...)      ROW(kinds[PACKET_##kind], __VA_ARGS__)
#define DEFRAG_COUNTER(member, ...)  ROW(defrag.member, __VA_ARGS__)
#define STREAM_COUNTER(member, ...)  ROW(stream.member, __VA_ARGS__)
#define REFUSED_COUNTER(why, ...)    ROW(stream.refused[RECEIVER_##why], __VA_ARGS__)

enum { COUNT, LEVEL, TROUBLE };

const struct counter counters[] = {
#include "smtpwatch/counters.def"
};

const size_t counters_n = sizeof counters / sizeof counters[0];

uint64_t counter_value(const struct counter *c, const struct monitor_stats *s)
{
	uint64_t value;
	memcpy(&value, (const char *)s + c->offset, sizeof value);
	return value;
}

void counters_add(struct monitor_stats *to, const struct monitor_stats *one)
{
	for (size_t i = 0; i < counters_n; i++) {
		uint64_t sum = counter_value(&counters[i], to) + counter_value(&counters[i], one);
		memcpy((char *)to + counters[i].offset, &sum, sizeof sum);
	}
	undecoded_add(&to->undecoded, &one->undecoded);
}
