/* build_trace.h - what a capture would hold, segment by segment, before it has a link layer. */
#ifndef SMTPWATCH_TESTS_BUILD_TRACE_H
#define SMTPWATCH_TESTS_BUILD_TRACE_H

#include "smtpwatch/stream.h"

struct segment {
	int64_t ts;     /* nanoseconds since the epoch */
	unsigned scene; /* index of the session in the scenario */
	enum side side; /* the sender */
	uint32_t seq, ack;
	uint8_t flags; /* enum tcp_flag; a SYN brings its usual options */
	uint8_t ttl;
	uint16_t window, ip_id;
	uint32_t snap; /* the frame is cut to so many bytes; 0: whole */
	bool stamped;  /* it bears tsval and tsecr (RFC 7323) */
	bool forged;   /* its IP ID is not its side's next one */
	uint32_t tsval, tsecr;
	uint8_t icmp; /* enum icmp: an error that is sent to `side` and quotes its segment with seq
			 ... */
	uint16_t mtu; /* ... and tells this */
	uint32_t quoted; /* bytes of the quoted segment */
	uint32_t n;      /* bytes at data */
	uint8_t *data;   /* owned by the trace */
};

/* Segments in order of capture; times never go back. Zero-filled before first use. */
struct trace {
	struct segment *segment;
	size_t n, capacity;
	bool whole; /* the capture has all of it, everything arrived, and both sides closed: what
		       libnids needs */
};

/* Adds a copy of a segment, with these bytes in place of its own. */
void trace_add(struct trace *w, const struct segment *like, const uint8_t *data, size_t n);

/* Two segments change places; the times stay where they are, because they are the capture's. */
void trace_swap(struct trace *w, size_t i, size_t j);

void trace_free(struct trace *w);

/* Bytes of sequence that a segment takes: its payload, SYN and FIN. */
uint32_t segment_span(const struct segment *g);

/* Nothing but an acknowledgement. */
bool segment_pure_ack(const struct segment *g);

#endif
