/* out_of_order.h - what is held back of a side: segments that wait for bytes before them. For the
 * own engine alone. */
#ifndef SMTPWATCH_CORE_STREAM_OUT_OF_ORDER_H
#define SMTPWATCH_CORE_STREAM_OUT_OF_ORDER_H

#include "core/stream/native_state.h"

/* Cuts n bytes off the front of a segment's description; the caller moves the data. */
static inline void own_held_skip(struct held *e, uint32_t n)
{
	e->seq += n;
	e->len -= n;
	e->cap = e->cap > n ? e->cap - n : 0;
}

/* Behind its bytes, and its FIN. */
static inline uint32_t own_held_end(const struct held *e)
{
	return e->seq + e->len + !!(e->flags & TCP_FIN);
}

/* Holds a segment in its place; where it overlaps with what is held already, the first that came
 * wins. */
void own_held_put(struct stream *s, struct own_conn *c, enum side side, const struct held *segment,
		  const uint8_t *data);

/* Bytes that nothing speaks against come in the place of some that were doubted. */
void own_held_displace_doubts(struct stream *s, struct own_conn *c, enum side side,
			      const struct held *segment);

/* Of a segment that was taken off its list: it has been handed on, or nobody needs it. */
void own_held_free(struct stream *s, struct own_conn *c, struct held *e);

/* Likewise, but it never was: nor were the FIN or RST behind it. */
void own_held_forget(struct stream *s, struct own_conn *c, enum side side, struct held *e);

/* The RST that is held on a side, or NULL. */
const struct held *own_held_rst(const struct half *h);

/* Drops what a side's held segments begin with if they acknowledge more of the other side than was
 * seen: they were never taken there. */
void own_held_forget_claims(struct stream *s, struct own_conn *c, enum side side);

/*
 * A segment of a side comes that is not captured late: where it goes on just where that side's
 * stream stands, what is held further ahead than any window was never sent, and a FIN that is held
 * elsewhere than this one's, or before its bytes end, was not either.
 */
void own_held_belie(struct stream *s, struct own_conn *c, enum side side,
		    const struct held *segment);

/* A segment of a side comes, even one of no bytes: what is held of before it, or its own FIN, was
 * first sent before it, or with it, and acknowledged no more than it does. */
void own_held_sent(struct half *h, const struct held *segment);

/* Drops a held RST that later packets have shown to be none. */
void own_held_forget_rst(struct stream *s, struct own_conn *c, enum side side);

#endif
