/* nids_conn.h - what the libnids engine keeps of each connection. For stream_nids.c and nids_*.c
 * alone. */
#ifndef SMTPWATCH_NIDS_NIDS_CONN_H
#define SMTPWATCH_NIDS_NIDS_CONN_H

#include "core/packet/flow_table.h"
#include "core/stream/retransmission.h"
#include "core/stream/segment_check.h"
#include "smtpwatch/stream.h"

/* An out-of-order segment that went into libnids: what its bytes acknowledge, for when they come
 * out again. */
struct nids_mark {
	struct nids_mark *next; /* by from, then by arrival: the order of libnids' own queue */
	uint64_t from, to;      /* offsets in its side's stream */
	uint64_t ack;           /* offset in the other side's, its FIN counted as one */
	int64_t ts;
};

/* Bytes or a FIN that libnids has put in order, and that acknowledge bytes of the other side that
 * have not been handed on. */
struct nids_waiting {
	struct nids_waiting *next;
	uint64_t ack;
	int64_t ts;
	uint32_t n;
	bool fin; /* then n is 0 */
	uint8_t bytes[];
};

/* One side as a sender. Offsets count from the byte behind its SYN. */
struct nids_side {
	struct nids_mark *marks;
	struct nids_waiting *out_of_order, **out_of_order_last;
	uint64_t end;      /* behind the highest byte seen */
	uint64_t ordered;  /* libnids has handed out up to here */
	uint64_t accepted; /* handed on, held or declared lost up to here */
	uint64_t answered; /* the other side has acknowledged up to here, its FIN counted */
	uint64_t fin_at, fin_ack;
	int64_t fin_ts;
	struct receiver receiver;
	struct sent_bytes sent;
	uint32_t base;    /* sequence number of offset 0 */
	uint32_t sign[2]; /* of its last two packets, to know one that is captured twice */
	uint16_t mark_count;
	bool known;     /* base is */
	bool syn_acked; /* the other side has acknowledged its SYN and no more */
	bool fin_seen;  /* fin_... are valid */
	bool fin_taken; /* the FIN was handed on, or is held */
	bool stalled;   /* bytes were declared lost, and libnids has handed out none since */
};

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

struct nids_conn {
	struct conn pub;               /* first: the listener's view */
	struct conn_side tcp_stats[2]; /* which pub points to */
	struct nids_side side[2];
	struct nids_link in_state;  /* one of NIDS_HALF_OPEN .. NIDS_LINGER */
	struct nids_link in_wait;   /* NIDS_WAIT, while something is held */
	struct nids_link in_start;  /* NIDS_START: all that are open, in the order of their start */
	int64_t since;              /* its time in the state list runs from here */
	int64_t syn_ts, syn_ack_ts; /* the latest of each */
	uint32_t hash, number;
	uint32_t out_of_order_bytes;
	enum nids_list state;
	bool waiting;
	struct conn_end end;
};

struct nids_queue {
	struct nids_conn *head, *tail;
};

/* A number's connection, or, while it is free, the next free number. */
union nids_slot {
	struct nids_conn *conn;
	uintptr_t next_free;
};

struct stream {
	struct stream_config config;
	struct pool *pool;
	const struct stream_listener *listener;
	void *arg;
	struct flow_table flows;
	union nids_slot *slots;
	uint32_t slots_used, first_free;
	struct nids_queue lists[NIDS_LISTS];
	int64_t now, latest; /* time goes back only by a step; the latest frame's */
	struct stream_stats stats;
	/* The segment that libnids is being given, for what it calls meanwhile. */
	struct {
		struct nids_conn *conn;
		enum side side;
		uint64_t from, to, ack;
		int64_t ts;
	} fed;
};

/* nids_table.c - connections come, stand in lists, and go. */

bool nids_table_init(struct stream *s);
void nids_table_free(struct stream *s);
struct nids_conn *nids_table_find(const struct stream *s, uint32_t hash, const struct packet *p);

/* No room for another: one must be dropped first. */
bool nids_table_full(const struct stream *s);

/*
 * A cleared connection for a SYN, half-open, the SYN's sender as client. NULL: the table is full,
 * or there is no memory, which is counted.
 */
struct nids_conn *nids_table_add(struct stream *s, uint32_t hash, const struct packet *syn);

/* libnids threw away what it had queued: the marks go too. */
void nids_table_forget(struct stream *s, struct nids_conn *c, enum side side);

/* Frees it, with everything that hangs on it. */
void nids_table_remove(struct stream *s, struct nids_conn *c);

/* Moves it to the end of a state list; its time there runs from `since`. Into NIDS_LINGER it goes
 * when it is closed. */
void nids_table_move(struct stream *s, struct nids_conn *c, enum nids_list list, int64_t since);
void nids_table_wait(struct stream *s, struct nids_conn *c, bool wait);

/* How long a connection may stay in a list. */
int64_t nids_table_limit(const struct stream *s, enum nids_list list);

/* nids_order.c - what libnids has put in order is handed on in causal order. */

/* Notes an out-of-order segment of a side. */
void nids_order_mark(struct stream *s, struct nids_conn *c, enum side side,
		     const struct nids_mark *mark);

/* libnids hands out the next bytes of a side; s->fed is the segment under way. */
void nids_order_data(struct stream *s, struct nids_conn *c, enum side side, struct bytes data);

/* Takes the FINs whose turn has come, and hands on what has become possible. Call after each
 * segment. */
void nids_order_settle(struct stream *s, struct nids_conn *c, int64_t ts);

/* What has waited longer than the skew at time now is handed on, and what it acknowledges is
 * declared lost. */
void nids_order_expire(struct stream *s, struct nids_conn *c, int64_t now);

/* Hands on all that is held, declares all that never came, and takes the FINs at the end of it. */
void nids_order_flush(struct stream *s, struct nids_conn *c, int64_t ts);

/*
 * A closing segment was handed on, or ended the connection: the first names the closer. ack: what
 * it acknowledges of the other side.
 */
void nids_order_closing(struct nids_conn *c, enum side side, enum how how, uint64_t ack);

/* nids_stats.c - what is known of a connection from the segments themselves. */

/* The offset of a sequence number in a side's stream, near what was seen; negative: before its
 * start. */
int64_t nids_offset(const struct nids_side *side, uint32_t seq);

/* What a segment acknowledges, as an offset in the other side's stream; 0 where it says nothing
 * that can be true. */
uint64_t nids_ack(const struct nids_conn *c, enum side from, const struct packet *p);

/* An RST that counts: what lies before its number was sent, and what it acknowledges was, whether
 * it was seen or not. */
void nids_stats_reset(struct nids_conn *c, enum side from, const struct packet *p);

/* Counts a segment, before it is fed. */
void nids_stats_record(struct stream *s, struct nids_conn *c, enum side from,
		       const struct packet *p);

#endif
