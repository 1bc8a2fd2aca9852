/* defrag.h - reassembles IP fragments, IPv4 (RFC 791) and IPv6 (RFC 8200 4.5), within a memory
 * budget. */
#ifndef SMTPWATCH_DEFRAG_H
#define SMTPWATCH_DEFRAG_H

#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

/*
 * Overlap: the bytes that arrived first are kept, in IPv4 and IPv6. A datagram with overlapping
 * fragments that differ is counted. RFC 5722 lets an IPv6 host drop such a datagram. This monitor
 * keeps the datagram, because a lax host may accept it.
 *
 * Timeout: a datagram without a new fragment for 30 seconds of capture time is dropped and counted.
 * If the budget or the table is full, the oldest datagram is dropped and counted.
 */
struct defrag;

/* counters.def has a row for each member. Malformed fragments are cut by the snaplen, reach beyond
 * 65,535 bytes, contradict the end of the datagram, or have a length that is no multiple of 8. */
struct defrag_stats {
#define DEFRAG_COUNTER(member, ...) uint64_t member;
#include "smtpwatch/counters.def"
};

/* Returns a new defragmenter. budget: bytes of incomplete datagrams, at most. table: number of
 * incomplete datagrams, at most. pool: borrowed until defrag_free. Returns NULL if the pool has no
 * memory. Caller frees with defrag_free. */
struct defrag *defrag_new(struct pool *pool, size_t budget, unsigned table);
/* Frees d. NULL is allowed. Call before pool_free of the pool. */
void defrag_free(struct defrag *d);

/* Takes one fragment; f and its data are borrowed for the call. Returns true if f completes its
 * datagram. *payload is then the whole IP payload, borrowed until the next call with d. The current
 * time is f->ts. */
bool defrag_push(struct defrag *d, const struct packet_fragment *f, struct bytes *payload);

/* Returns the counters of d: borrowed until defrag_free. */
const struct defrag_stats *defrag_stats(const struct defrag *d);

#endif
