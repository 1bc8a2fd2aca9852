/*
 * recording.h - everything of a session that a scenario needs: its segments, its bytes in the order
 * of delivery, and what the bytes mean.
 */
#ifndef SMTPWATCH_TRACE_RECORDING_H
#define SMTPWATCH_TRACE_RECORDING_H

#include "core/session/trace.h"
#include "text/buffer.h"

/* Bounds of one session: bytes of each side, segments. A longer session is `full`. */
enum { RECORDING_BYTES = 4 << 20, RECORDING_PACKETS = 50000 };

/* A segment, without its bytes. */
struct recorded_packet {
	int64_t ts;
	uint64_t number; /* of the frame */
	uint32_t seq, ack, len;
	uint16_t window, ip_id;
	uint8_t flags, ttl;
	enum side side;
	bool stamped; /* has a time stamp option */
};

/* Bytes that the engine delivered, or declared lost, after packet `at` (an index). */
struct recorded_data {
	size_t at;
	int64_t ts;
	enum side side;
	uint64_t offset, n;
	uint64_t acked; /* offset in the other side's stream that the sender had acknowledged */
	bool gap;
};

/* An ICMP error that quotes a segment of `side`, captured after packet `at` (an index). */
struct recorded_icmp {
	size_t at;
	int64_t ts;
	enum side side;
	bool too_big;
	uint32_t mtu;
};

/* What a run of a side's bytes is. */
enum span_kind {
	SPAN_SHOWN,   /* a command or reply that may be shown */
	SPAN_MASKED,  /* a line with a secret: its masked text stands in recording.words */
	SPAN_UNKNOWN, /* a line that is no command */
	SPAN_HIDDEN,  /* the same, and it may be a secret */
	SPAN_CONTENT, /* of a message */
	SPAN_UNCLEAR, /* bytes whose meaning is not known */
	SPAN_TLS      /* TLS records */
};

/* A span begins where the one before ends. If it is a line, that is the last line of the span. */
struct recorded_span {
	uint64_t end;
	enum span_kind kind;
	/* SPAN_MASKED: range of recording.words */
	size_t text, text_n;
};

/* One side. */
struct recorded_side {
	uint32_t base;        /* sequence number of offset 0 */
	bool based;           /* base is valid */
	struct outbuf stream; /* its bytes, with an x for each that is missing */
	struct outbuf spans;  /* array of struct recorded_span */
};

/* The recording of one session. */
struct recording {
	/* Arrays of struct recorded_packet, recorded_data and recorded_icmp. */
	struct outbuf packets, data, icmps;
	struct recorded_side side[2];
	struct outbuf words;      /* masked texts of all spans */
	const struct packet *now; /* the current segment; NULL: none */
	bool full;                /* the session exceeds a bound: the recording is of no use */
	bool closed;              /* TRACE_CLOSE came */
};

/* Returns NULL if memory is exhausted. recording_free allows NULL. */
struct recording *recording_new(void);
void recording_free(struct recording *r);

/* Record a segment, an event and an ICMP error, in the order of ladder.h. *p is borrowed until the
 * caller resets r->now. secret: a line that is no command may be a password or part of a body. */
void recording_packet(struct recording *r, enum side side, const struct packet *p);
void recording_event(struct recording *r, const struct trace_event *e, bool secret);
void recording_icmp(struct recording *r, enum side side, const struct packet_icmp *icmp);

/* Set *all to the recorded elements, and return their number. Borrowed until the next call that
 * records. */
size_t recording_packets(const struct recording *r, const struct recorded_packet **all);
size_t recording_data(const struct recording *r, const struct recorded_data **all);
size_t recording_icmps(const struct recording *r, const struct recorded_icmp **all);
size_t recording_spans(const struct recording *r, enum side side, const struct recorded_span **all);

#endif
