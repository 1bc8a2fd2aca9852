/* out_of_order.h - the out-of-order segments of a side, which wait for bytes before them. For the
 * native engine alone. */
#ifndef SMTPWATCH_CORE_STREAM_OUT_OF_ORDER_H
#define SMTPWATCH_CORE_STREAM_OUT_OF_ORDER_H

#include "core/stream/native_state.h"

/* Removes the first n bytes (at most e->len) from a segment's description. The caller moves the
 * data. */
static inline void native_segment_skip(struct native_segment *e, uint32_t n)
{
	e->seq += n;
	e->len -= n;
	e->cap = e->cap > n ? e->cap - n : 0;
}

/* Returns the sequence number behind the segment's bytes and its FIN. */
static inline uint32_t native_segment_end(const struct native_segment *e)
{
	return e->seq + e->len + !!(e->flags & TCP_FIN);
}

/* Copies a segment into the list of its side, in sequence order. Where held segments overlap, the
 * bytes that came first are kept; differences are counted. If there is no room, the segment is
 * dropped and counted as no_memory. */
void native_segment_put(struct stream *s, struct native_conn *c, enum side side,
			const struct native_segment *segment, const uint8_t *data);

/* Drops suspect segments (SEGMENT_SUSPECT) that overlap with `segment`. Call before
 * native_segment_put of a segment that is not doubted. */
void native_segments_drop_suspects(struct stream *s, struct native_conn *c, enum side side,
				   const struct native_segment *segment);

/* Frees a segment that was removed from its list, because its bytes were handed on or are not
 * needed. */
void native_segment_free(struct stream *s, struct native_conn *c, struct native_segment *e);

/* As native_segment_free, for a segment that was never sent or never accepted. Its FIN or RST did
 * not happen either: the flags of the side are cleared. */
void native_segment_discard(struct stream *s, struct native_conn *c, enum side side,
			    struct native_segment *e);

/* Returns the held segment of a side that has an RST; NULL: none. */
const struct native_segment *native_segments_rst(const struct direction *h);

/* Drops the held segments of a side that acknowledge more of the other side than was seen: their
 * receiver never accepted them. */
void native_segments_drop_claims(struct stream *s, struct native_conn *c, enum side side);

/* Call for a segment of a side that was not captured late. Applies if the segment begins exactly at
 * h->nxt. Then held segments further ahead than any window were never sent, and are dropped. So is
 * a held FIN at another place than this segment's, or before this segment's bytes end. */
void native_segments_drop_disproved(struct stream *s, struct native_conn *c, enum side side,
				    const struct native_segment *segment);

/* Call for each segment of a side, also without bytes. Held segments before it, and its own FIN,
 * were first sent no later. So they acknowledged no more than it does: their ack is lowered to its
 * ack. */
void native_segments_lower_acks(struct direction *h, const struct native_segment *segment);

/* Drops a held RST that later segments have disproved; counts it in rst_ignored. */
void native_segments_drop_rst(struct stream *s, struct native_conn *c, enum side side);

#endif
