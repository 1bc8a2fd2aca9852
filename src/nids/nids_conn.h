/* nids_conn.h - the state of a connection in the libnids engine. Private to stream_nids.c and
 * nids_*.c. */
#ifndef SMTPWATCH_NIDS_NIDS_CONN_H
#define SMTPWATCH_NIDS_NIDS_CONN_H

#include "core/packet/flow_table.h"
#include "core/stream/retransmission.h"
#include "core/stream/segment_check.h"
#include "smtpwatch/stream.h"

/* What an out-of-order segment acknowledges, kept while libnids queues the segment's bytes. */
struct nids_mark {
	struct nids_mark *next; /* ordered by `from`, then by arrival, as in libnids' own queue */
	uint64_t from, to;      /* offsets in the stream of its side */
	uint64_t ack; /* offset in the stream of the other side; the other side's FIN counts as one
			 byte */
	int64_t ts;
};

/* Bytes or a FIN that libnids has put in order, but that acknowledge bytes of the other side which
 * were not yet delivered. */
struct nids_waiting {
	struct nids_waiting *next;
	uint64_t ack;
	int64_t ts;
	uint32_t n;
	bool fin; /* a FIN; n is 0 */
	uint8_t bytes[];
};

/* One side as a sender. Offset 0 is the byte behind its SYN. */
struct nids_side {
	struct nids_mark *marks;
	struct nids_waiting *waiting, **waiting_last;
	uint64_t end;      /* offset behind the highest byte seen */
	uint64_t ordered;  /* offset up to which libnids has returned bytes */
	uint64_t accepted; /* offset up to which bytes were delivered, wait, or are lost */
	uint64_t answered; /* offset that the other side has acknowledged, the FIN included */
	uint64_t fin_at, fin_ack;
	int64_t fin_ts;
	struct receiver receiver;
	struct sent_bytes sent;
	uint32_t base;    /* sequence number of offset 0 */
	uint32_t sign[2]; /* checksums of its last two packets, to recognise a captured duplicate */
	uint16_t mark_count;
	bool known;     /* base is valid */
	bool syn_acked; /* the other side has acknowledged its SYN and nothing more */
	bool fin_seen;  /* fin_at, fin_ack and fin_ts are valid */
	bool fin_taken; /* the FIN was delivered, or waits */
	bool stalled;   /* bytes were declared lost, and libnids has returned none since */
};

/* The lists of connections. Down to NIDS_LINGER they are states, of which each connection has one.
 */
enum nids_list {
	NIDS_HALF_OPEN,
	NIDS_OPEN,
	NIDS_FIN_WAIT,
	NIDS_LINGER,
	NIDS_WAIT,
	NIDS_START,
	NIDS_LISTS
};

struct nids_link {
	struct nids_conn *prev, *next;
};

/* One connection. */
struct nids_conn {
	struct conn pub;               /* the listener's view; must be the first member */
	struct conn_side tcp_stats[2]; /* pub.side points here */
	struct nids_side side[2];
	struct nids_link in_state;  /* one of NIDS_HALF_OPEN to NIDS_LINGER */
	struct nids_link in_wait;   /* NIDS_WAIT: bytes or a FIN wait */
	struct nids_link in_start;  /* NIDS_START: all open connections, by start */
	int64_t since;              /* beginning of the time limit of its state, nanoseconds */
	int64_t syn_ts, syn_ack_ts; /* time of the latest of each, nanoseconds */
	uint32_t hash, number;
	uint32_t waiting_bytes;
	enum nids_list state;
	bool waits;
	struct conn_end end;
};

/* The ends of a list. */
struct nids_queue {
	struct nids_conn *head, *tail;
};

/* For a number in use: its connection. For a free number: the next free number. */
union nids_slot {
	struct nids_conn *conn;
	uintptr_t next_free;
};

/* The libnids engine. */
struct stream {
	struct stream_config config;
	struct pool *pool;
	const struct stream_listener *listener;
	void *arg;
	struct flow_table flows;
	union nids_slot *slots;
	uint32_t slots_used, first_free;
	struct nids_queue lists[NIDS_LISTS];
	int64_t now, latest; /* `now` goes back only if the clock was stepped; `latest`: time of the
				latest frame */
	struct stream_stats stats;
	/* The segment that libnids is processing, for libnids' callbacks. */
	struct {
		struct nids_conn *conn;
		enum side side;
		uint64_t from, to, ack;
		int64_t ts;
	} fed;
};

/* nids_table.c - connections are added, moved between lists, and removed. */

/* Makes an empty table for s->config.max_conns connections. Returns false if memory is exhausted;
 * nothing needs to be freed then. */
bool nids_table_init(struct stream *s);

/* Removes all connections and frees the table. The listener is not called. */
void nids_table_free(struct stream *s);

/* Returns the connection of a packet's tuple, in either direction, or NULL. hash: of the tuple.
 * Borrowed until nids_table_remove. */
struct nids_conn *nids_table_find(const struct stream *s, uint32_t hash, const struct packet *p);

/* Returns true if a connection must be removed before the next nids_table_add. */
bool nids_table_full(const struct stream *s);

/*
 * Adds a half-open connection for a SYN; the sender of the SYN is the client. Returns NULL if the
 * table is full, or if memory is exhausted, which is counted.
 */
struct nids_conn *nids_table_add(struct stream *s, uint32_t hash, const struct packet *syn);

/* Discards the marks of a side, after libnids has discarded its queue. */
void nids_table_forget(struct stream *s, struct nids_conn *c, enum side side);

/* Frees a connection, with its marks and all that waits. libnids forgets it too. */
void nids_table_remove(struct stream *s, struct nids_conn *c);

/* Moves a connection to the end of a state list. The time limit of that state runs from `since`,
 * nanoseconds. NIDS_LINGER is for closed connections, and final. */
void nids_table_move(struct stream *s, struct nids_conn *c, enum nids_list list, int64_t since);

/* Adds a connection to the end of NIDS_WAIT, or removes it. Does nothing if c->waits equals wait.
 */
void nids_table_wait(struct stream *s, struct nids_conn *c, bool wait);

/* Returns how long a connection may stay in a list, nanoseconds. Not for NIDS_START. */
int64_t nids_table_limit(const struct stream *s, enum nids_list list);

/* nids_order.c - delivers the bytes that libnids has put in order, in causal order. */

/* Records an out-of-order segment of a side. Copies *mark. If there are too many marks or memory is
 * exhausted, does nothing. */
void nids_order_mark(struct stream *s, struct nids_conn *c, enum side side,
		     const struct nids_mark *mark);

/* Takes the next bytes of a side from libnids. s->fed is the current segment. data is borrowed for
 * the call. */
void nids_order_data(struct stream *s, struct nids_conn *c, enum side side, struct bytes data);

/* Takes the FINs that are due, and delivers what waits no longer. Call after each segment. ts: its
 * time, nanoseconds. */
void nids_order_settle(struct stream *s, struct nids_conn *c, int64_t ts);

/* Delivers what has waited longer than config.skew at time now (nanoseconds). What it acknowledges
 * is declared lost. */
void nids_order_expire(struct stream *s, struct nids_conn *c, int64_t now);

/* Delivers all that waits, declares all bytes lost that never came, and takes the FINs behind them.
 * ts: nanoseconds. */
void nids_order_flush(struct stream *s, struct nids_conn *c, int64_t ts);

/*
 * Records a closing segment that was delivered or ended the connection. The first one determines
 * the closer. ack: what the segment acknowledges of the other side.
 */
void nids_order_closing(struct nids_conn *c, enum side side, enum how how, uint64_t ack);

/* nids_stats.c - the facts that the segments themselves show. */

/* Returns the offset of a sequence number in a side's stream. The result is the offset nearest to
 * `end`; negative: before the start of the stream. */
int64_t nids_offset(const struct nids_side *side, uint32_t seq);

/* Returns what a segment acknowledges, as an offset in the other side's stream. Returns 0 if the
 * segment has no ACK flag, or an impossible acknowledgement. */
uint64_t nids_ack(const struct nids_conn *c, enum side from, const struct packet *p);

/* Records an RST that ended the connection. All bytes before its sequence number were sent, and so
 * were those that it acknowledges, even if they were not captured. */
void nids_stats_reset(struct nids_conn *c, enum side from, const struct packet *p);

/* Records a segment. Call before the segment goes to libnids. */
void nids_stats_record(struct stream *s, struct nids_conn *c, enum side from,
		       const struct packet *p);

#endif
