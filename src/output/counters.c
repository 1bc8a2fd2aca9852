/* counters.c - the core's statistics: the one place where they have names. */
#include "output/counters.h"

#define COUNTER(group, member, name, trouble)                                                                                      \
	{                                                                                                                          \
		group, name, trouble, offsetof(struct monitor_stats, member), sizeof(((struct monitor_stats *)0)->member)          \
	}

/* a kind has its name from the core */
#define KIND(kind, trouble) COUNTER("packets", kinds[kind], NULL, trouble)

const struct counter counters[] = {
	COUNTER("capture", frames, "frames", NULL),
	COUNTER("capture", bytes, "bytes", NULL),
	COUNTER("capture", reordered_time, "reordered_time", NULL),
	KIND(PACKET_TCP, NULL),
	KIND(PACKET_UNWATCHED, NULL),
	KIND(PACKET_FRAGMENT, NULL),
	KIND(PACKET_ICMP, NULL),
	KIND(PACKET_OTHER, NULL),
	KIND(PACKET_CUT, "packets cut by the snaplen before their TCP header ended"),
	KIND(PACKET_MALFORMED, "malformed packets"),
	KIND(PACKET_CHECKSUM, "packets with a wrong checksum"),
	KIND(PACKET_NESTED, "packets in too many tunnels"),
	KIND(PACKET_LINK, "packets of an unknown link type"),
	COUNTER("fragments", defrag.fragments, "fragments", NULL),
	COUNTER("fragments", defrag.reassembled, "reassembled", NULL),
	COUNTER("fragments", defrag.timed_out, "timed_out", "fragmented datagrams never completed"),
	COUNTER("fragments", defrag.evicted, "evicted", "fragmented datagrams given up for lack of memory"),
	COUNTER("fragments", defrag.overlaps, "overlaps", "fragmented datagrams that contradict themselves"),
	COUNTER("fragments", defrag.malformed, "malformed", "malformed fragments"),
	COUNTER("stream", stream.segments, "segments", NULL),
	COUNTER("stream", stream.conns, "conns", NULL),
	COUNTER("stream", stream.conns_open, "conns_open", NULL),
	COUNTER("stream", stream.conns_peak, "conns_peak", NULL),
	COUNTER("stream", stream.midstream, "midstream", "connections that had begun before the capture"),
	COUNTER("stream", stream.evicted_half_open, "evicted_half_open",
		"half-open connections given up because the table was full"),
	COUNTER("stream", stream.evicted_idle, "evicted_idle", "connections given up because the table was full"),
	COUNTER("stream", stream.aged_half_open, "aged_half_open", NULL),
	COUNTER("stream", stream.aged_idle, "aged_idle", NULL),
	COUNTER("stream", stream.out_of_order, "out_of_order", NULL),
	COUNTER("stream", stream.duplicates, "duplicates", NULL),
	COUNTER("stream", stream.retransmits, "retransmits", NULL),
	COUNTER("stream", stream.gaps, "gaps", NULL),
	COUNTER("stream", stream.gap_bytes, "gap_bytes", "bytes missing from the capture"),
	COUNTER("stream", stream.held_bytes, "held_bytes", NULL),
	COUNTER("stream", stream.held_peak, "held_peak", NULL),
	COUNTER("stream", stream.held_overflow, "held_overflow", "holes given up early for lack of memory"),
	COUNTER("stream", stream.rst_ignored, "rst_ignored", NULL),
	COUNTER("stream", stream.stray, "stray", NULL),
	COUNTER("stream", stream.conflicts, "conflicts", "segments sent again with other contents"),
	COUNTER("stream", stream.no_memory, "no_memory", "things left undone for lack of memory"),
	COUNTER("memory", memory_used, "used", NULL),
	COUNTER("memory", memory_held, "held", NULL),
};

const size_t counters_n = sizeof(counters) / sizeof(counters[0]);

const char *counter_name(const struct counter *c)
{
	size_t kind = (c->offset - offsetof(struct monitor_stats, kinds)) / sizeof(uint64_t);

	return c->name != NULL ? c->name : packet_kind_name((enum packet_kind)kind);
}

uint64_t counter_value(const struct counter *c, const struct monitor_stats *s)
{
	const char *at = (const char *)s + c->offset;
	uint64_t wide;
	uint32_t narrow;

	/* size_t has 32 bits on some machines */
	if (c->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}
