/* defrag.h - IP fragments, IPv4 (RFC 791) and IPv6 (RFC 8200 4.5), back to datagrams within a
 * budget. */
#ifndef SMTPWATCH_DEFRAG_H
#define SMTPWATCH_DEFRAG_H

#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

/*
 * Overlap, one stated rule for both families: the bytes that arrived first win, and a datagram with
 * overlapping fragments that differ is counted. (RFC 5722 lets an IPv6 host drop such a datagram; a
 * monitor that drops what a lax host accepts would be blind.) A datagram of which nothing came for
 * 30 seconds of capture time, or the oldest where the budget is full, is dropped and counted.
 */
struct defrag;

struct defrag_stats {
	uint64_t fragments;   /* fed */
	uint64_t reassembled; /* datagrams completed */
	uint64_t timed_out;   /* datagrams dropped for age */
	uint64_t evicted;     /* datagrams dropped for lack of budget */
	uint64_t overlaps;    /* datagrams with overlapping bytes that differed */
	uint64_t malformed; /* fragments beyond 65,535 bytes, of a length that is no multiple of 8,
			       cut by the snaplen, or contradicting the end */
};

/* budget: bytes of datagrams under way, at most; table: how many of them at most. The pool is
 * borrowed. NULL where the pool is exhausted. */
struct defrag *defrag_new(struct pool *pool, size_t budget, unsigned table);
void defrag_free(struct defrag *d);

/*
 * Takes a fragment. True when it completed its datagram: *payload is then the whole IP payload,
 * borrowed until the next call. Time comes from the fragment.
 */
bool defrag_push(struct defrag *d, const struct packet_fragment *f, struct bytes *payload);

const struct defrag_stats *defrag_stats(const struct defrag *d);

#endif
