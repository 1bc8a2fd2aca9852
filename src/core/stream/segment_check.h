/* segment_check.h - decides which segments their receiver drops. For both engines: a segment that
 * was dropped must not change the record. */
#ifndef SMTPWATCH_CORE_STREAM_SEGMENT_CHECK_H
#define SMTPWATCH_CORE_STREAM_SEGMENT_CHECK_H

#include "smtpwatch/stream.h"

enum receiver_flag {
	RECEIVER_STAMPS = 1, /* the SYN had a time stamp */
	RECEIVER_PLAIN =
		2, /* the SYN was captured with all its options, and none of them is a signature */
	RECEIVER_SIGNED = 4, /* the SYN had TCP-MD5 or TCP-AO */
	/* A later segment had a newer time stamp: the sender's clock runs forwards. */
	RECEIVER_CLOCK = 8
};

/* Facts about one side as a sender, for the other side as its receiver. stamp is never newer than
 * the receiver's own TS.Recent (RFC 7323 4.3). So a segment older than stamp is old for every
 * receiver. Packed, because it shares a cache line with other members. */
struct receiver {
	uint32_t stamp;
	uint8_t flags; /* enum receiver_flag */
} __attribute__((packed));

/* Returns true for a segment without ACK, SYN and RST: every state drops it. */
static inline bool receiver_no_ack(const struct packet *p)
{
	return !(p->flags & (TCP_ACK | TCP_SYN | TCP_RST));
}

/* Records which options the sender's segments must have. Call for an accepted SYN. */
void receiver_syn(struct receiver *r, const struct packet *syn);

/* Records the time stamp of an accepted segment. next: the segment begins at the number that the
 * receiver waits for, and the receiver has acknowledged all bytes before. Only such a segment moves
 * TS.Recent in every stack. A forged segment beyond that number could otherwise make all later
 * segments look old. */
static inline void receiver_note(struct receiver *r, const struct packet *p, bool next)
{
	if (!next || seq_diff(p->tsval, r->stamp) <= 0 || !p->has_tsopt)
		return;
	r->stamp = p->tsval;
	r->flags |= RECEIVER_CLOCK;
}

/* Returns true if receiver_refuses need not be called: the usual case. For a segment with ACK and
 * without SYN, of a sender that does not sign. */
static inline bool receiver_usual(const struct receiver *r, const struct packet *p)
{
	return seq_diff(p->tsval, r->stamp) >= 0 && p->marks == 0;
}

/* Returns true if receiver_refuses must be called for a segment of a sender that does not sign. */
static inline bool receiver_suspect(const struct receiver *r, const struct packet *p)
{
	return p->marks != 0 || (seq_diff(p->tsval, r->stamp) < 0 && (r->flags & RECEIVER_CLOCK));
}

/* Returns why the receiver drops a segment that has ACK, SYN or RST; RECEIVER_TAKES: the segment is
 * accepted. sender: facts about the segment's sender. other: facts about the receiver's own
 * segments. taken: the segment has bytes that the receiver has acknowledged and that were not seen
 * yet; so it was captured late, and is not old. age: of the connection, nanoseconds. */
enum receiver_why receiver_refuses(const struct receiver *sender, const struct receiver *other,
				   const struct packet *p, bool taken, int64_t age);

#endif
