/* segment_check.h - what the receiver of a segment drops, whatever the segment says: for both
 * engines, so that what was never taken changes nothing of what is told. */
#ifndef SMTPWATCH_CORE_STREAM_SEGMENT_CHECK_H
#define SMTPWATCH_CORE_STREAM_SEGMENT_CHECK_H

#include "smtpwatch/stream.h"

enum receiver_flag {
	RECEIVER_STAMPS = 1, /* the SYN had a time stamp */
	RECEIVER_PLAIN = 2,  /* the SYN was seen with all its options, none of which signs it */
	RECEIVER_SIGNED = 4, /* the SYN had TCP-MD5 or TCP-AO */
	RECEIVER_CLOCK = 8   /* a later segment bore a newer time stamp: the clock runs forwards */
};

/*
 * What is remembered of one side as a sender, for the other as its receiver. stamp is never newer
 * than the receiver's own TS.Recent (RFC 7323 4.3): so what is older than this is old for every
 * receiver. Packed: it shares a cache line with much else.
 */
struct receiver {
	uint32_t stamp;
	uint8_t flags; /* enum receiver_flag */
} __attribute__((packed));

/* Without ACK, SYN and RST it is dropped in every state. */
static inline bool receiver_no_ack(const struct packet *p)
{
	return !(p->flags & (TCP_ACK | TCP_SYN | TCP_RST));
}

/* An accepted SYN tells what the sender's segments must bear. */
void receiver_syn(struct receiver *r, const struct packet *syn);

/*
 * A segment that is taken. next: where it begins is the next number that the receiver waits for,
 * and it has acknowledged all before. Only such a one moves TS.Recent in every stack: one that
 * fills no window does not, or a forger could make all that follow look old.
 */
static inline void receiver_note(struct receiver *r, const struct packet *p, bool next)
{
	if (!next || seq_diff(p->tsval, r->stamp) <= 0 || !p->has_tsopt)
		return;
	r->stamp = p->tsval;
	r->flags |= RECEIVER_CLOCK;
}

/* Whether nothing of receiver_refuses can apply to a segment with ACK and without SYN, of a sender
 * that does not sign: the usual case. */
static inline bool receiver_usual(const struct receiver *r, const struct packet *p)
{
	return seq_diff(p->tsval, r->stamp) >= 0 && p->marks == 0;
}

/* Whether receiver_refuses is to be asked about a segment of a sender that does not sign. */
static inline bool receiver_suspect(const struct receiver *r, const struct packet *p)
{
	return p->marks != 0 || (seq_diff(p->tsval, r->stamp) < 0 && (r->flags & RECEIVER_CLOCK));
}

/*
 * Why the receiver drops a segment with ACK, SYN or RST of `sender`. `other`: what is remembered of
 * the receiver's own segments. taken: it brings bytes that the receiver has acknowledged and that
 * were not seen yet; it was captured late, and is not old. age: of the connection.
 */
enum receiver_why receiver_refuses(const struct receiver *sender, const struct receiver *other,
				   const struct packet *p, bool taken, int64_t age);

#endif
