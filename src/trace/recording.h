/*
 * recording.h - all of one session that is needed to write it as a scenario: its segments, its
 * bytes in the order in which they were handed on, and what they mean.
 */
#ifndef SMTPWATCH_TRACE_RECORDING_H
#define SMTPWATCH_TRACE_RECORDING_H

#include "core/session/trace.h"
#include "text/buffer.h"

/* A longer session is not kept. */
enum { RECORDING_BYTES = 4 << 20, RECORDING_PACKETS = 50000 };

struct recorded_packet {
	int64_t ts;
	uint64_t number; /* of the frame */
	uint32_t seq, ack, len;
	uint16_t window, ip_id;
	uint8_t flags, ttl;
	enum side side;
	bool stamped;
};

/* Bytes that the engine handed on, or declared lost, when this packet had come. */
struct recorded_data {
	size_t at;
	int64_t ts;
	enum side side;
	uint64_t offset, n;
	uint64_t acked; /* of the other side's stream, by whoever sent it */
	bool gap;
};

/* A router's error about the side's segment, behind this packet. */
struct recorded_icmp {
	size_t at;
	int64_t ts;
	enum side side;
	bool too_big;
	uint32_t mtu;
};

/* What a run of a side's bytes is. */
enum span_kind {
	SPAN_SHOWN,
	SPAN_MASKED,  /* a line that bears a secret: `text` in words is what is shown of it */
	SPAN_UNKNOWN, /* a line that is no command */
	SPAN_HIDDEN,  /* the same, and it may be a secret */
	SPAN_CONTENT, /* of a message */
	SPAN_UNTOLD,  /* nobody knows */
	SPAN_TLS
};

/* From where the one before ends: a line is its last. */
struct recorded_span {
	uint64_t end;
	enum span_kind kind;
	size_t text, text_n;
};

/* All of one kind, as many as there are. */
struct recorded_side {
	uint32_t base; /* the sequence number of its first byte */
	bool based;
	struct outbuf stream; /* its bytes; those that are missing are x's */
	struct outbuf spans;  /* struct recorded_span */
};

struct recording {
	struct outbuf packets, data, icmps; /* struct recorded_... */
	struct recorded_side side[2];
	struct outbuf words;
	const struct packet *now;
	bool full; /* it was longer, and is of no use */
	bool closed;
};

struct recording *recording_new(void);
void recording_free(struct recording *r);

/* As ladder.h says. secret: a line that is no command may be a password or a body. */
void recording_packet(struct recording *r, enum side side, const struct packet *p);
void recording_event(struct recording *r, const struct trace_event *e, bool secret);
void recording_icmp(struct recording *r, enum side side, const struct packet_icmp *icmp);

/* What was kept. */
size_t recording_packets(const struct recording *r, const struct recorded_packet **all);
size_t recording_data(const struct recording *r, const struct recorded_data **all);
size_t recording_icmps(const struct recording *r, const struct recorded_icmp **all);
size_t recording_spans(const struct recording *r, enum side side, const struct recorded_span **all);

#endif
