/* retransmission.c - what was handed on last of a side, held against what that side sends again. */
#include "core/stream/retransmission.h"

/* At most SENT_MAX bytes: two copies of a fixed length, which may overlap, are cheaper than one
 * of any length. */
static inline void bytes_copy(uint8_t *to, const uint8_t *from, uint32_t n)
{
	if (n >= 32) {
		memcpy(to, from, 32);
		memcpy(to + n - 32, from + n - 32, 32);
	} else if (n >= 16) {
		memcpy(to, from, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else {
		memcpy(to, from, n);
	}
}

void sent_bytes_keep(struct sent_bytes *r, uint32_t seq, const uint8_t *data, uint32_t n, bool open)
{
	uint32_t kept = r->to - r->from;
	if (!open || seq != r->to || kept + n > SENT_MAX) {
		r->from = seq;
		kept = 0;
	}
	r->to = seq + n;
	bytes_copy(r->bytes + kept, data, n);
}

/* Whether kept bytes that stand at `at` in the stream, n of them, are others than those of the
 * segment there. */
static bool differs(const uint8_t *kept, uint32_t at, uint32_t n, uint32_t seq, const uint8_t *data,
		    uint32_t cap)
{
	uint32_t skip = seq_diff(seq, at) > 0 ? seq - at : 0,
		 from = seq_diff(at, seq) > 0 ? at - seq : 0;
	if (skip >= n || from >= cap)
		return false;
	uint32_t common = n - skip < cap - from ? n - skip : cap - from;
	return memcmp(kept + skip, data + from, common) != 0;
}

bool sent_bytes_differ(const struct sent_bytes *r, const struct packet *p, uint32_t acked)
{
	uint32_t seq = p->seq + !!(p->flags & TCP_SYN), n = r->to - r->from;
	uint32_t skip = seq_diff(acked, seq) > 0 ? acked - seq : 0;
	if (skip >= p->payload_cap || (p->flags & TCP_RST))
		return false;
	const uint8_t *data = p->payload + skip;
	uint32_t at = seq + skip, cap = p->payload_cap - skip;
	if (n <= SENT_MAX)
		return differs(r->bytes, r->from, n, at, data, cap);
	return differs(r->bytes, r->from, SENT_HEAD, at, data, cap) ||
	       differs(r->bytes + SENT_HEAD, r->to - SENT_TAIL, SENT_TAIL, at, data, cap);
}
