/* counters.c - the names of the core's statistics. No other file contains them. */
#include "stats/counters.h"

#define ROW(group, member, name, words, trouble, level)                                            \
	{                                                                                          \
		group, name, words, trouble, level, offsetof(struct monitor_stats, member),        \
			sizeof(((struct monitor_stats *)0)->member)                                \
	}
#define COUNTER(group, member, name)        ROW(group, member, name, NULL, false, false)
#define LEVEL(group, member, name)          ROW(group, member, name, NULL, false, true)
#define NOTED(group, member, name, words)   ROW(group, member, name, words, false, false)
#define TROUBLE(group, member, name, words) ROW(group, member, name, words, true, false)

/* For a kind of packet, packet_kind_name supplies the name. */
#define KIND(kind)                COUNTER("packets", kinds[kind], NULL)
#define KIND_NOTED(kind, words)   NOTED("packets", kinds[kind], NULL, words)
#define KIND_TROUBLE(kind, words) TROUBLE("packets", kinds[kind], NULL, words)

const struct counter counters[] = {
	COUNTER("capture", frames, "frames"),
	COUNTER("capture", bytes, "bytes"),
	COUNTER("capture", capture.received, "received"),
	TROUBLE("capture", capture.dropped, "dropped",
		"packets dropped by the kernel, for lack of room in its buffer"),
	TROUBLE("capture", capture.dropped_by_interface, "dropped_by_interface",
		"packets dropped by the interface"),
	TROUBLE("capture", capture.records_lost, "records_lost",
		"judged sessions lost on their way to the outputs"),
	NOTED("capture", reordered_time, "reordered_time", "steps back in time"),
	TROUBLE("capture", wild_time, "wild_time",
		"packets with a time far from that of their neighbours, which was not believed"),
	COUNTER("pcap", capture.pcaps_written, "written"),
	TROUBLE("pcap", capture.pcaps_lost, "lost", "alerts whose packets were not kept"),
	KIND(PACKET_TCP),
	KIND(PACKET_UNWATCHED),
	KIND(PACKET_FRAGMENT),
	KIND_NOTED(PACKET_ICMP, "ICMP errors"),
	KIND(PACKET_OTHER),
	KIND_TROUBLE(PACKET_CUT, "packets cut by the snaplen before their TCP header ended"),
	KIND_TROUBLE(PACKET_MALFORMED, "malformed packets"),
	KIND_TROUBLE(PACKET_CHECKSUM, "packets with a wrong checksum"),
	KIND_TROUBLE(PACKET_NESTED, "packets in too many tunnels"),
	KIND_TROUBLE(PACKET_LINK, "packets of an unknown link type"),
	NOTED("fragments", defrag.fragments, "fragments", "IP fragments"),
	COUNTER("fragments", defrag.reassembled, "reassembled"),
	TROUBLE("fragments", defrag.timed_out, "timed_out", "fragmented datagrams never completed"),
	TROUBLE("fragments", defrag.evicted, "evicted",
		"fragmented datagrams given up for lack of memory"),
	TROUBLE("fragments", defrag.overlaps, "overlaps",
		"fragmented datagrams that contradict themselves"),
	TROUBLE("fragments", defrag.malformed, "malformed", "malformed fragments"),
	COUNTER("stream", stream.segments, "segments"),
	COUNTER("stream", stream.conns, "conns"),
	LEVEL("stream", stream.conns_open, "conns_open"),
	TROUBLE("stream", stream.midstream, "midstream",
		"connections that had begun before the capture"),
	TROUBLE("stream", stream.evicted_half_open, "evicted_half_open",
		"half-open connections given up because the table was full"),
	TROUBLE("stream", stream.evicted_idle, "evicted_idle",
		"connections given up because the table was full"),
	COUNTER("stream", stream.aged_half_open, "aged_half_open"),
	NOTED("stream", stream.aged_idle, "aged_idle", "connections that fell silent"),
	NOTED("stream", stream.out_of_order, "out_of_order", "segments out of order"),
	NOTED("stream", stream.duplicates, "duplicates", "packets captured twice"),
	NOTED("stream", stream.retransmits, "retransmits", "segments sent again"),
	COUNTER("stream", stream.gaps, "gaps"),
	TROUBLE("stream", stream.gap_bytes, "gap_bytes", "bytes missing from the capture"),
	LEVEL("stream", stream.held_bytes, "held_bytes"),
	TROUBLE("stream", stream.held_overflow, "held_overflow",
		"holes given up early for lack of memory"),
	NOTED("stream", stream.rst_ignored, "rst_ignored", "RSTs out of place, ignored"),
	COUNTER("stream", stream.stray, "stray"),
	TROUBLE("stream", stream.conflicts, "conflicts", "segments sent again with other contents"),
	NOTED("stream", stream.refused[RECEIVER_NO_ACK], "refused_no_ack",
	      "segments without ACK, which every receiver drops"),
	NOTED("stream", stream.refused[RECEIVER_OLD_STAMP], "refused_old_stamp",
	      "segments with an old time stamp, which every receiver drops"),
	NOTED("stream", stream.refused[RECEIVER_SIGNATURE], "refused_signature",
	      "segments signed (TCP-MD5, TCP-AO) on a connection that is not, or the other way "
	      "about"),
	NOTED("stream", stream.refused[RECEIVER_WINDOW], "refused_window",
	      "segments beyond their receiver's window, which it never acknowledged"),
	TROUBLE("stream", stream.no_memory, "no_memory", "things left undone for lack of memory"),
	LEVEL("memory", stream.conns_peak, "conns_peak"),
	LEVEL("memory", stream.held_peak, "held_peak"),
	LEVEL("memory", memory_used, "used"),
	LEVEL("memory", memory_peak, "peak"),
	LEVEL("memory", memory_reserved, "held"),
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

	/* Members of type size_t have 32 bits on some machines. */
	if (c->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

void counters_add(struct monitor_stats *to, const struct monitor_stats *one)
{
	for (size_t i = 0; i < counters_n; i++) {
		uint64_t sum = counter_value(&counters[i], to) + counter_value(&counters[i], one);
		uint32_t narrow = (uint32_t)sum;
		char *at = (char *)to + counters[i].offset;

		if (counters[i].size == sizeof(sum))
			memcpy(at, &sum, sizeof(sum));
		else
			memcpy(at, &narrow, sizeof(narrow));
	}
	undecoded_add(&to->undecoded, &one->undecoded);
}
