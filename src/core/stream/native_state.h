/* native_state.h - the state of the native engine: connections, directions, out-of-order segments.
 * For native.c and the other files of src/core/stream alone. */
#ifndef SMTPWATCH_CORE_STREAM_NATIVE_STATE_H
#define SMTPWATCH_CORE_STREAM_NATIVE_STATE_H

#include "core/packet/flow_table.h"
#include "core/stream/prefetch.h"
#include "core/stream/retransmission.h"
#include "core/stream/segment_check.h"

#include <assert.h>
#include <stddef.h>

/* A sequence number further than this ahead of or behind the known ones is not believed: no window
 * is that large (RFC 7323 2.3). */
#define SEQ_ABSURD (1 << 30)

/* An out-of-order segment, or a part of one. It cannot be handed on yet, because bytes before it
 * are missing, or because it acknowledges bytes that are missing. */
struct native_segment {
	struct native_segment *next; /* by sequence */
	int64_t ts;
	uint32_t seq, len, cap; /* len on the wire, cap of them captured, at data */
	uint32_t ack;
	/* TCP_ACK: ack is valid; TCP_FIN, TCP_RST behind the bytes; SEGMENT_SUSPECT. */
	uint8_t flags;
	uint8_t data[];
};

/* A flag in native_segment.flags, beside TCP's: as far as can be seen, the receiver drops this
 * segment. The suspect segment waits until the receiver has acknowledged it; from then on it is a
 * normal one. Before that, other bytes of the same numbers replace it. If nothing acknowledges it
 * until the end, its place is a hole. */
enum { SEGMENT_SUSPECT = 0x80 };

enum direction_flag {
	/* start and nxt are right: its SYN was seen, or the wait for it is over. */
	DIRECTION_KNOWN = 1,
	/* Not DIRECTION_KNOWN, but start is the lowest sequence number seen. */
	DIRECTION_FLOOR = 2,
	DIRECTION_ACKED = 4,          /* ack is valid */
	DIRECTION_FIN = 8,            /* its FIN was seen, at fin */
	DIRECTION_FIN_DONE = 16,      /* its FIN was handed on: nxt counts it */
	DIRECTION_WINDOW_CLOSED = 64, /* its last announced window was 0 */
	/* An RST ahead of the bytes seen is held. The RST counts only if nothing contradicts it. */
	DIRECTION_RST_WAITS = 32,
	/* The other side's first acknowledgement was of its SYN alone: the handshake was finished.
	 */
	DIRECTION_SYN_ACKED = 128
};

/* One direction: what one side sends (RFC 9293 3.3.1, seen from outside). Holds in one cache line
 * what each segment reads or changes. After the close, the same memory holds struct conn_side. */
struct direction {
	struct native_segment *out_of_order;
	/* See struct conn_side, as for all members with names of that struct. */
	int64_t unanswered_since;
	uint32_t nxt;    /* sequence number of the next byte to hand on */
	uint32_t end;    /* sequence number behind the highest byte seen */
	uint32_t ack;    /* highest acknowledgement that the other side sent */
	uint32_t window; /* last advertised BY this side, scaled */
	/* native_packet_hash of its last packet, to recognise a packet that was captured twice. */
	uint32_t sign;
	uint32_t packets;
	/* Sequence number behind the segment whose acknowledgement is awaited, to learn which sizes
	 * arrive. */
	uint32_t probe;
	uint16_t probe_len; /* bytes of that segment; 0: none is awaited */
	uint16_t largest;
	uint16_t unanswered;
	uint16_t ip_id;
	struct receiver receiver;
	uint8_t stuck;
	uint8_t ttl_low, ttl_high;
	uint8_t flags; /* enum direction_flag */
	uint8_t tries;
	/* WSCALE_MAX if the snaplen has cut the SYN: any scale is possible. */
	uint8_t wscale;
	uint8_t options; /* enum direction_option, of its last segment */
};

/* What its last segment had: a time stamp, the flag "don't fragment". */
enum direction_option { OPTION_TSOPT = 1, OPTION_DF = 2 };

static_assert(sizeof(struct direction) == 64 && sizeof(struct conn_side) == 64, "one cache line");

/* After the close, for comparison with stragglers: the direction's `end`, and whether it was known.
 */
struct native_seen {
	uint32_t end;
	bool known;
};

/*
 * The state of a claim: an acknowledgement of bytes that were not captured. A receiver drops an
 * acknowledgement of bytes that were never sent (RFC 9293 3.10.7.4). So a forged one changes
 * nothing for the receiver. But if the capture has lost the bytes, nothing else tells of them.
 *
 * A claim is believed if the side that is said to have sent the bytes confirms it. A claim is also
 * believed if it is repeated and that side does not contradict it.
 */
enum ack_claim { CLAIM_NONE, CLAIM_ONCE, CLAIM_BELIEVED };

/* Advances nxt by n bytes. If the capture no longer sees acknowledgements, h->ack is moved along:
 * it must not lie ahead of nxt after half the sequence space. */
static inline void direction_advance(struct direction *h, uint32_t n)
{
	h->nxt += n;
	if (seq_diff(h->nxt, h->ack) > SEQ_ABSURD)
		h->ack = h->nxt - SEQ_ABSURD;
}

/* The lists of connections. LIST_WAIT: connections that wait for a hole, each of which is in one
 * other list too. LIST_WAIT is aged before the others. LIST_CLOSED: closed and not released. */
enum native_list {
	LIST_FREE,
	LIST_WAIT,
	LIST_HALF_OPEN,
	LIST_OPEN,
	LIST_FIN_WAIT,
	LIST_CLOSED,
	NATIVE_LISTS
};

struct native_link {
	uint32_t prev, next; /* connection numbers, FLOW_NONE at the ends */
};

/* A connection: eight cache lines. A segment in the middle of a connection touches the first five,
 * and with bytes one of the last two. The sixth is for opening, closing and exceptions. Arrays of
 * two are indexed by enum side. */
struct native_conn {
	struct conn pub; /* first: the listener's view */
	uint32_t index;
	/* All that makes a connection unusual, compared in one word for each segment
	 * (native_is_usual).
	 */
	struct native_state {
		uint8_t list;     /* enum native_list */
		bool waiting : 1; /* the connection is in LIST_WAIT too */
		/* Its segments are signed: each must be checked. */
		bool must_check : 1;
		uint8_t claims[2]; /* enum ack_claim: the state of the acknowledgement of a side's
				      bytes beyond nxt */
	} state;
	struct native_link in_list;
	uint16_t largest_acked[2]; /* see struct conn_side */
	uint32_t out_of_order_bytes;
	/* When the connection was put into its list, or last looked at there; on the clock. */
	int64_t since;
	union {
		struct direction dir[2];
		struct conn_side tcp_stats[2]; /* from the close on */
	};
	/* Since when, on the clock, an acknowledged hole or an unknown start is waited for; 0:
	 * none. */
	union {
		int64_t hole_since[2];
		struct native_seen seen[2]; /* from the close on */
	};
	uint32_t hole_at[2]; /* nxt at that time */
	uint32_t start[2];   /* of the first byte */
	uint32_t fin[2];     /* with DIRECTION_FIN, where its FIN stands */
	struct native_link in_wait;
	int64_t wait_since; /* when the connection was put into LIST_WAIT, on the clock */
	uint32_t new_syn; /* sequence of a SYN that may begin a new connection of the same tuple */
	bool has_new_syn : 1, closing : 1;
	uint8_t went_on; /* one bit for each side that sent bytes behind its FIN */
	struct conn_end end;
	struct sent_bytes sent[2];
} __attribute__((aligned(64)));

static_assert(offsetof(struct native_conn, dir) == 192 &&
		      offsetof(struct native_conn, sent) == 384 &&
		      sizeof(struct native_conn) == 512,
	      "three lines, the halves, one line more, what was said last");

static inline bool native_is_closed(const struct native_conn *c)
{
	return c->state.list == LIST_CLOSED;
}

/* Returns true if the connection is open, and nothing of it is waited for, doubted or claimed. */
static inline bool native_is_usual(const struct native_conn *c)
{
	static const struct native_state usual = {.list = LIST_OPEN};
	static_assert(sizeof usual == sizeof(uint32_t), "one word");
	return memcmp(&c->state, &usual, sizeof usual) == 0;
}

/* A connection that was released: enough to recognise its stragglers, and a new connection of the
 * same tuple. */
struct time_wait {
	struct ip_addr addr[2];
	uint16_t port[2]; /* both 0: dropped before its time */
	uint32_t start[2];
	uint32_t hash;
	int64_t since;
};

/* Bit in the values of the flow table. Set: the other bits are a place in time_wait_ring. Not set:
 * the value is the number of a connection. */
#define FLOW_TIME_WAIT UINT32_C(0x80000000)

/* Connections that were released in the last half minute, in order of release: a ring that grows.
 */
struct time_wait_ring {
	struct time_wait *ring;
	uint32_t capacity, head, count; /* capacity: a power of two */
};

struct native_queue {
	uint32_t head, tail, n;
};

enum { NATIVE_CHUNK = 128 };

struct stream {
	struct stream_config config;
	struct pool *pool;
	const struct stream_listener *listener;
	void *arg;
	stream_prefetch *prefetch; /* NULL: nobody asks */
	struct flow_table flows;
	/* Connections by number; a connection is never moved in memory. */
	struct native_conn **chunks;
	uint32_t conns; /* numbers used so far */
	struct native_queue lists[NATIVE_LISTS];
	int64_t limits[NATIVE_LISTS]; /* after how long in a list a connection is looked at */
	struct time_wait_ring time_wait;
	/* Receives facts for which there is no memory. Nobody reads them. */
	struct conn_side spare[2];
	int64_t now; /* capture time, nanoseconds; may fall back */
	/* Elapsed capture time, nanoseconds; never decreases. Lists are ordered by it, and times in
	 * lists are on this clock. */
	int64_t clock;
	int64_t due; /* no timer expires before this time, on the clock */
	/* If back_from == now: time of the latest frame, which was earlier by so little that `now`
	 * stayed. */
	int64_t back_from, back_to;
	unsigned steps;      /* steps back of the capture time so far */
	uint64_t step_looks; /* looks at connections for these steps, at most */
	struct stream_order order;
	struct stream_stats stats;
};

static inline struct native_conn *native_at(const struct stream *s, uint32_t index)
{
	return &s->chunks[index / NATIVE_CHUNK][index % NATIVE_CHUNK];
}

/* Returns the clock at a capture time shortly before s->now. For a later time, returns the present
 * clock. */
static inline int64_t native_clock_at(const struct stream *s, int64_t ts)
{
	return ts < s->now ? s->clock - (s->now - ts) : s->clock;
}

/* stream/table.c - connections by number and by tuple, in lists. */

bool native_table_init(struct stream *s);
void native_table_free(struct stream *s);

/* Returns the hash under which a connection stands in the flow table. */
static inline uint32_t native_hash(const struct stream *s, const struct native_conn *native)
{
	const struct conn *c = &native->pub;
	struct packet p = {.src = c->addr[CLIENT],
			   .dst = c->addr[SERVER],
			   .src_port = c->port[CLIENT],
			   .dst_port = c->port[SERVER]};
	return flow_hash(s->config.seed, &p);
}

/* Returns the sum of both halves of the product. */
static inline uint64_t native_product(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product + (uint64_t)(product >> 64);
}

/* Returns a hash of a packet, to tell it from other packets of its side: NH, as in flow_table.h,
 * with the same secret seed. So nobody can forge a packet that makes a later one look like a
 * duplicate. Two different packets have the same hash with a chance of 2^-32. */
static inline uint32_t native_packet_hash(const struct stream *s, const struct packet *p)
{
	const uint64_t *seed = s->config.seed;
	uint64_t numbers = (uint64_t)p->seq << 32 | p->ack,
		 others = (uint64_t)p->tsval << 32 | (uint32_t)p->ip_id << 16 | p->window;
	uint64_t rest = ((uint64_t)p->payload_len << 8 | p->flags) * ((seed[0] ^ seed[1]) | 1);
	uint64_t x = native_product(numbers + seed[0] + 0x9e3779b97f4a7c15,
				    others + seed[1] + 0xbf58476d94d049bb) +
		     rest;
	return (uint32_t)((x ^ x >> 32) * 0x9e3779b97f4a7c15 >> 32);
}

/* Returns the side (enum side) that sent the segment; -1: the segment belongs to another
 * connection. */
static inline int native_side(const struct native_conn *native, const struct packet *p)
{
	const struct conn *c = &native->pub;
	if (c->port[CLIENT] == p->src_port && c->port[SERVER] == p->dst_port &&
	    ip_addr_equal(&c->addr[CLIENT], &p->src) && ip_addr_equal(&c->addr[SERVER], &p->dst))
		return CLIENT;
	return c->port[SERVER] == p->src_port && c->port[CLIENT] == p->dst_port &&
			       ip_addr_equal(&c->addr[SERVER], &p->src) &&
			       ip_addr_equal(&c->addr[CLIENT], &p->dst)
		       ? SERVER
		       : -1;
}

/* Returns the connection of a segment, and its sender in *side; NULL: none. */
struct native_conn *native_find(const struct stream *s, uint32_t hash, const struct packet *p,
				enum side *side);

/* Returns a free connection number. Returns FLOW_NONE if all are in use or there is no memory. */
uint32_t native_number_take(struct stream *s);

/* Returns a cleared connection under that number. Returns NULL if the flow table has no memory;
 * then the number is free again. */
struct native_conn *native_insert(struct stream *s, uint32_t index, uint32_t hash,
				  const struct packet *p, bool from_client);

/* Moves a connection from its main list to the end of another. */
void native_move(struct stream *s, struct native_conn *c, enum native_list list);

/* Frees the number of a released connection. Call after its place in the flow table was given to
 * its time_wait, or removed. */
void native_number_free(struct stream *s, struct native_conn *c);

/* stream_engine.open. The lists by timers are no help: in LIST_OPEN a connection is moved when it
 * is looked at, not at each segment. */
uint32_t native_open(const struct stream *s, uint32_t from, uint32_t n, const struct conn **out);

/* Puts a connection into LIST_WAIT, or takes it out. */
void native_wait(struct stream *s, struct native_conn *c, bool wait);

/* Call when a connection is put into a list at `since`, on the clock: lowers s->due if necessary.
 */
static inline void native_due_by(struct stream *s, enum native_list list, int64_t since)
{
	int64_t due = since + s->limits[list];
	if (due < s->due)
		s->due = due;
}

/* Returns when a connection's time in its list is over, on the clock. */
static inline int64_t native_deadline(const struct stream *s, const struct native_conn *c)
{
	if (c->state.list == LIST_OPEN)
		return native_clock_at(s, c->pub.last) + s->config.idle;
	return (c->state.list == LIST_HALF_OPEN ? native_clock_at(s, c->pub.last) : c->since) +
	       s->limits[c->state.list];
}

/* Returns the facts of both sides that are counted beside the directions. Before the close, their
 * memory is taken at the first call. If there is none, returns s->spare, and counts that. */
struct conn_side *native_tcp_stats(struct stream *s, struct native_conn *c);

/* time_wait.c - tuples of connections that are over. */

bool time_wait_init(struct stream *s);
void time_wait_free(struct stream *s);

/* Replaces a connection in the flow table by its tuple at `since`, on the clock. If the ring is as
 * long as max_conns allows, or there is no memory, the oldest tuple is dropped. */
void time_wait_add(struct stream *s, const struct native_conn *c, int64_t since);

/* Returns the released connection of a segment, and the segment's sender in *side; NULL: none. */
struct time_wait *time_wait_find(struct stream *s, uint32_t hash, const struct packet *p,
				 enum side *side);

/* Drops a tuple, because a new connection has it. */
void time_wait_drop(struct stream *s, struct time_wait *past);

/* Drops the tuples whose time is over, and lowers s->due for the next one. */
void time_wait_age(struct stream *s);

/* reorder.c - bytes in order, holes, the end. */

/* Hands on a segment, or holds it. flags: TCP_ACK, TCP_FIN, TCP_RST. data: e->cap bytes, borrowed
 * for the call. May close the connection. */
void reorder_push(struct stream *s, struct native_conn *c, enum side side,
		  const struct native_segment *segment, const uint8_t *data);

/* Records that the other side of `of` has acknowledged up to ack. */
void reorder_acked(struct native_conn *c, enum side of, uint32_t ack);

/* Call before n bytes at h->nxt are handed on: keeps them for comparison with retransmissions. */
static inline void native_sent_record(struct native_conn *c, enum side side, const uint8_t *data,
				      uint32_t n)
{
	const struct direction *h = &c->dir[side];
	sent_bytes_record(&c->sent[side], h->nxt, data, n, h->ack != h->nxt);
}

/* ack_check.c - what is believed of numbers that lie ahead. */

/* Call before reorder_acked if ack lies beyond the bytes seen, or if c->state.claims[of] is set.
 * old: the segment may have been captured late. */
void ack_claim_record(struct stream *s, struct native_conn *c, enum side of, const struct packet *p,
		      bool old);

/* Call for a segment of the side whose bytes are claimed: it confirms or contradicts the claim. */
void ack_claim_check(struct stream *s, struct native_conn *c, enum side of, const struct packet *p);

/* Returns true if the segment has no ACK, SYN or RST and is dropped in every state; counts it. */
static inline bool native_without_ack(struct stream *s, const struct packet *p)
{
	s->stats.refused[RECEIVER_NO_ACK] += receiver_no_ack(p);
	return receiver_no_ack(p);
}

/* Returns true if the receiver drops the segment; counts the reason. */
bool native_refused(struct stream *s, const struct native_conn *c, enum side side,
		    const struct packet *p);

/* Returns true if the segment's bytes end beyond the window that their receiver announced. */
bool native_beyond_window(const struct native_conn *c, enum side side, const struct packet *p);

/* Returns true if a straggler disproves the RST that ended the connection. */
bool native_rst_disproved(const struct native_conn *c, enum side side, const struct packet *p);

/* Returns true if an RST is valid. *beyond: the RST lies ahead of the bytes seen, within the
 * window, and must be held. */
bool native_rst_valid(const struct native_conn *c, enum side side, const struct packet *p,
		      bool *beyond);

/* Returns true if a hole in this side's stream is believed. If nothing of a side was captured, the
 * other side's word suffices. */
static inline bool ack_claim_believed(const struct native_conn *c, enum side of)
{
	return c->state.claims[of] != CLAIM_ONCE || c->dir[of].out_of_order ||
	       c->dir[of].packets == 0;
}

/* Sets the start of a side's stream, whose SYN was seen. */
void reorder_start(struct native_conn *c, enum side side, uint32_t start);

/* Call after the connection changed at time ts: hands on what has become possible, and decides
 * whether to wait for holes. */
void reorder_settle(struct stream *s, struct native_conn *c, int64_t ts);

/* Declares the holes that are older than the skew as gaps, at time now. */
void reorder_expire(struct stream *s, struct native_conn *c, int64_t now);

/* Returns the offset in a side's stream of a sequence number that was acknowledged and handed on.
 * FIN takes a number and is no byte. */
uint64_t reorder_offset(const struct native_conn *c, enum side of, uint32_t seq);

/* Completes conn->side and c->end at the close. how: used if no FIN or RST came. */
void native_end_complete(struct stream *s, struct native_conn *c, enum how how, int64_t ts);

/* Processes a segment of a closed connection. The server's next bytes behind the client's RST go to
 * the listener (late). Bytes behind a hole and bytes that the snaplen has cut do not. */
void native_late_take(struct stream *s, struct native_conn *c, enum side side,
		      const struct packet *p);

/* Releases a closed connection and frees its number. Only its tuple is kept. */
void native_release(struct stream *s, struct native_conn *c);

/* Hands on all held segments with their holes, and closes. how: used if no FIN or RST came. */
void native_close(struct stream *s, struct native_conn *c, enum how how, int64_t ts);

/* timers.c - ageing and eviction. */

/* The last step of a frame (lower bits of stream_order.step): the segment itself. Before it each
 * list is aged, a step each, in list order. At the end of the capture the lists are processed in
 * the same way. */
enum { NATIVE_STEP_SEGMENT = (1 << STREAM_STEP_BITS) - 1 };

static inline void native_step(struct stream *s, uint64_t frame, unsigned part, int64_t since,
			       uint64_t number)
{
	s->order = (struct stream_order){frame << STREAM_STEP_BITS | part, since, number};
}

/* Returns a cleared connection for the tuple of p. from_client: the source of p is the client.
 * Evicts another one if there is no room. Returns NULL if there is no memory. */
struct native_conn *native_add(struct stream *s, uint32_t hash, const struct packet *p,
			       bool from_client);

/* Returns the time at which to close a connection before its own time is over: that of the latest
 * frame, or of its last segment if later. A small step back does not change the capture time; no
 * connection has waited for it. */
static inline int64_t native_close_time(const struct stream *s, const struct native_conn *c)
{
	int64_t latest = s->back_from == s->now ? s->back_to : s->now,
		last = c->pub.last < s->now ? c->pub.last : s->now;
	return last > latest ? last : latest;
}

/* Closes a connection whose time in its list is over, or releases it if it is closed. */
void native_expire(struct stream *s, struct native_conn *c);

/* Call at the end of the capture: closes all open connections and releases all, those that the
 * server has closed first, then by first frame. */
void native_end_all(struct stream *s);

#endif
