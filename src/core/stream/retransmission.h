/* retransmission.h - what was handed on last of a side, held against what that side sends again:
 * for both engines. */
#ifndef SMTPWATCH_CORE_STREAM_RETRANSMISSION_H
#define SMTPWATCH_CORE_STREAM_RETRANSMISSION_H

#include "smtpwatch/packet.h"

#include <assert.h>

enum { RECENT_HEAD = 24, RECENT_TAIL = 32, RECENT_MOST = RECENT_HEAD + RECENT_TAIL };

/*
 * Of up to RECENT_MOST bytes all, of a longer segment how it begins and how it ends: a reply's
 * code, a message's end. A receiver that has not taken it takes what its side sends again; so where
 * that differs, nobody outside knows which of both it has. Bytes, and no hash of them, because what
 * is sent again may be cut otherwise, and because copies of a fixed length cost less. They lie here
 * until the place of the connection is given to another one, and are told to nobody. Zero-filled at
 * first.
 */
struct recent {
	uint32_t from, to; /* its numbers; equal: none */
	uint8_t bytes[RECENT_MOST];
};

static_assert(sizeof(struct recent) == 64, "one cache line");

/* n bytes, RECENT_MOST at most, are handed on. open: what was kept before them is not acknowledged,
 * and stays where there is room for both. */
void recent_keep(struct recent *r, uint32_t seq, const uint8_t *data, uint32_t n, bool open);

/* Likewise for any number of bytes. */
static inline void recent_note(struct recent *r, uint32_t seq, const uint8_t *data, uint32_t n,
			       bool open)
{
	if (n <= RECENT_MOST) {
		recent_keep(r, seq, data, n, open);
		return;
	}
	r->from = seq;
	r->to = seq + n;
	memcpy(r->bytes, data, RECENT_HEAD);
	memcpy(r->bytes + RECENT_HEAD, data + n - RECENT_TAIL, RECENT_TAIL);
}

/*
 * Whether a segment has other bytes than those that are kept, for the same numbers, beyond `acked`:
 * what its receiver has acknowledged. The byte of a keep-alive, which may be any (RFC 9293 3.8.4),
 * was acknowledged before. A single byte that was not is no keep-alive: a server could take its 250
 * back with it. What an RST says is no part of the stream (RFC 9293 3.5.3).
 */
bool recent_disputed(const struct recent *r, const struct packet *p, uint32_t acked);

#endif
