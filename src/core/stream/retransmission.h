/* retransmission.h - keeps the bytes that a side sent last, and compares retransmissions with them.
 * For both engines. */
#ifndef SMTPWATCH_CORE_STREAM_RETRANSMISSION_H
#define SMTPWATCH_CORE_STREAM_RETRANSMISSION_H

#include "smtpwatch/packet.h"

#include <assert.h>

enum { SENT_HEAD = 24, SENT_TAIL = 32, SENT_MAX = SENT_HEAD + SENT_TAIL };

/*
 * The bytes of a side that were handed on last. Up to SENT_MAX bytes are kept whole. Of a longer
 * segment the first SENT_HEAD and the last SENT_TAIL bytes are kept: a reply's code, a
 * message's end.
 *
 * A receiver that has not accepted the first copy accepts the retransmission. If the two differ,
 * nobody outside knows which one the receiver has.
 *
 * Bytes are kept, not a hash: a retransmission may be cut elsewhere, and copies of a fixed length
 * cost less. The bytes are overwritten when another connection takes the place; no output shows
 * them. Zero-filled before first use.
 */
struct sent_bytes {
	uint32_t from, to; /* sequence numbers: first, and behind the last; equal: none */
	uint8_t bytes[SENT_MAX];
};

static_assert(sizeof(struct sent_bytes) == 64, "one cache line");

/* Keeps n bytes (at most SENT_MAX) that are handed on at sequence number seq. open: the bytes
 * kept before are not acknowledged, and stay if there is room for both. */
void sent_bytes_keep(struct sent_bytes *r, uint32_t seq, const uint8_t *data, uint32_t n,
		     bool open);

/* As sent_bytes_keep, for any number of bytes. */
static inline void sent_bytes_record(struct sent_bytes *r, uint32_t seq, const uint8_t *data,
				     uint32_t n, bool open)
{
	if (n <= SENT_MAX) {
		sent_bytes_keep(r, seq, data, n, open);
		return;
	}
	r->from = seq;
	r->to = seq + n;
	memcpy(r->bytes, data, SENT_HEAD);
	memcpy(r->bytes + SENT_HEAD, data + n - SENT_TAIL, SENT_TAIL);
}

/*
 * Returns true if a segment's bytes differ from the kept bytes of the same sequence numbers, beyond
 * `acked`. acked: the number up to which the receiver has acknowledged. An RST's bytes are no part
 * of the stream (RFC 9293 3.5.3) and are not compared.
 *
 * A keep-alive may have any byte (RFC 9293 3.8.4), but its byte was acknowledged before. A single
 * unacknowledged byte is no keep-alive: a server could take its 250 back with it.
 */
bool sent_bytes_differ(const struct sent_bytes *r, const struct packet *p, uint32_t acked);

#endif
