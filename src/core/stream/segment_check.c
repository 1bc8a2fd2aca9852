/* segment_check.c - what the receiver of a segment drops. */
#include "core/stream/segment_check.h"

/* RFC 7323 5.5: after 24 days TS.Recent says nothing any more, because the sender's clock may have
 * gone half round. A connection that is older is not judged by it. */
#define OUTDATED (24 * INT64_C(86400) * FRAME_SECOND)

/* Some stacks let a time stamp pass that is older by one (Linux: TCP_PAWS_WINDOW). */
enum { SLACK = 1 };

void receiver_syn(struct receiver *r, const struct packet *syn)
{
	uint8_t signs = syn->marks & MARK_SIGNED ? RECEIVER_SIGNED
			: syn->marks & MARK_CUT  ? 0
						 : RECEIVER_PLAIN;
	*r = (struct receiver){.stamp = syn->tsval};
	r->flags = signs | (syn->has_tsopt ? RECEIVER_STAMPS : 0);
}

/*
 * A connection is signed where all its SYNs are that were seen. A plain SYN-ACK to a signed SYN is
 * of a server that passes over options which it does not know (RFC 9293 3.1), or has no key for
 * this client (RFC 5925 7.3): such a connection is not signed.
 */
static bool wrongly_signed(const struct receiver *sender, const struct receiver *other,
			   const struct packet *p)
{
	uint8_t syns = sender->flags | other->flags;
	if (p->marks & MARK_CUT)
		return false;
	if (p->marks & MARK_SIGNED)
		return syns & RECEIVER_PLAIN;
	return (syns & (RECEIVER_PLAIN | RECEIVER_SIGNED)) == RECEIVER_SIGNED &&
	       !(p->flags & TCP_SYN);
}

/* RSTs are exempt (RFC 7323 5.2). A segment without the option is taken by many stacks, so it is
 * here. A clock that runs backwards from the SYN on is none: nobody could talk to its owner. */
static bool is_old(const struct receiver *sender, const struct receiver *other,
		   const struct packet *p, int64_t age)
{
	if (!(sender->flags & other->flags & RECEIVER_STAMPS) ||
	    !(sender->flags & RECEIVER_CLOCK) || !p->has_tsopt || (p->flags & (TCP_RST | TCP_SYN)))
		return false;
	return seq_diff(sender->stamp, p->tsval) > SLACK && age <= OUTDATED;
}

enum receiver_why receiver_refuses(const struct receiver *sender, const struct receiver *other,
				   const struct packet *p, bool taken, int64_t age)
{
	if (wrongly_signed(sender, other, p))
		return RECEIVER_SIGNATURE;
	return !taken && is_old(sender, other, p, age) ? RECEIVER_OLD_STAMP : RECEIVER_TAKES;
}
