/* native_state.h - the insides of the own engine: connections, their halves, and what is held back.
 * For native.c and the other files of core/stream alone. */
#ifndef SMTPWATCH_CORE_STREAM_NATIVE_STATE_H
#define SMTPWATCH_CORE_STREAM_NATIVE_STATE_H

#include "core/packet/flow_table.h"
#include "core/stream/retransmission.h"
#include "core/stream/segment_check.h"
#include "smtpwatch/stream.h"

#include <assert.h>
#include <stddef.h>

/* Beyond this much ahead of what was seen, or behind it, a number is not believed: no window is
 * that large (RFC 7323 2.3). */
#define SEQ_ABSURD (1 << 30)

/* A segment, or a part of one, that cannot be handed on yet: bytes before it are missing, or it
 * acknowledges bytes that are. */
struct held {
	struct held *next; /* by sequence */
	int64_t ts;
	uint32_t seq, len, cap; /* len on the wire, cap of them captured, at data */
	uint32_t ack;
	uint8_t flags; /* TCP_ACK: ack is valid; TCP_FIN, TCP_RST behind the bytes; HELD_DOUBT */
	uint8_t data[];
};

/*
 * In held.flags, beside TCP's: the receiver drops this, as far as can be seen. It waits until the
 * receiver has acknowledged it, and then it is as good as any; it gives way to other bytes of the
 * same numbers, and at the end, if nothing has acknowledged it, it is a hole.
 */
enum { HELD_DOUBT = 0x80 };

enum half_flag {
	HALF_KNOWN = 1, /* start and nxt are right: its SYN was seen, or the wait for it is over */
	HALF_FLOOR = 2, /* not known, but start is the lowest sequence seen */
	HALF_ACKED = 4, /* ack is valid */
	HALF_FIN = 8,   /* its FIN was seen, at fin */
	HALF_FIN_DONE = 16,      /* ... and handed on: nxt counts it */
	HALF_WINDOW_CLOSED = 64, /* it announced a window of 0 last */
	HALF_RST_HELD = 32,      /* an RST beyond what was seen is held: it counts only if nothing
				    contradicts it */
	HALF_SYN_ACKED = 128     /* the other side's first acknowledgement was of its SYN alone: the
				    handshake was finished */
};

/*
 * What one side sends (RFC 9293 3.3.1 seen from outside): what each segment reads or changes, in
 * one cache line. When the connection closes, the listener's struct conn_side takes its place.
 */
struct half {
	struct held *held;
	int64_t unanswered_since; /* see struct conn_side, and likewise the other members that bear
				     names of it */
	uint32_t nxt;             /* of the next byte to hand on */
	uint32_t end;             /* behind the highest seen */
	uint32_t ack;             /* highest acknowledgement that the other side sent */
	uint32_t window;          /* last advertised BY this side, scaled */
	uint32_t sign;            /* of its last packet, to know one that is captured twice */
	uint32_t packets;
	uint32_t probe; /* behind the segment whose acknowledgement is watched, to learn which sizes
			   get through ... */
	uint16_t probe_len; /* ... and its bytes; 0: none */
	uint16_t largest;
	uint16_t unanswered;
	uint16_t ip_id;
	struct receiver receiver;
	uint8_t stuck;
	uint8_t ttl_low, ttl_high;
	uint8_t flags; /* enum half_flag */
	uint8_t tries;
	uint8_t wscale; /* WSCALE_MOST where the snaplen has cut the SYN short: it may have been any
			 */
	bool tsopt : 1, df : 1;
};

static_assert(sizeof(struct half) == 64 && sizeof(struct conn_side) == 64, "one cache line");

/* What stragglers are held against, of a side that is over: its half's end, and whether it was
 * known. */
struct own_seen {
	uint32_t end;
	bool known;
};

/*
 * What an acknowledgement of bytes that were not seen is worth. A receiver drops one of bytes that
 * were never sent (RFC 9293 3.10.7.4), so that a forged one changes nothing for it; but a capture
 * that has lost those bytes learns of them by nothing else. So it is a claim: believed if the side
 * that is said to have sent them shows that it did, or if it stands, repeated, and that side says
 * nothing against it.
 */
enum own_claim { CLAIM_NONE, CLAIM_ONCE, CLAIM_BELIEVED };

/* n more bytes have gone on. An acknowledgement that the capture stopped seeing must not come to
 * lie ahead, half a circle later. */
static inline void half_advance(struct half *h, uint32_t n)
{
	h->nxt += n;
	if (seq_diff(h->nxt, h->ack) > SEQ_ABSURD)
		h->ack = h->nxt - SEQ_ABSURD;
}

/* LIST_WAIT is beside the others, and before them: what waits for a hole is looked at before what
 * has been idle. CLOSED: not released yet. */
enum own_list {
	LIST_FREE,
	LIST_WAIT,
	LIST_HALF_OPEN,
	LIST_OPEN,
	LIST_FIN_WAIT,
	LIST_CLOSED,
	OWN_LISTS
};

struct own_link {
	uint32_t prev, next; /* connection numbers, FLOW_NONE at the ends */
};

/* Eight cache lines. A segment in the middle of a connection touches the first five, with bytes one
 * of the last two; the sixth is for its beginning, its end, and its trouble. Arrays of two are by
 * enum side. */
struct own_conn {
	struct conn pub; /* first: the listener's view */
	uint32_t index;
	/* What makes a connection unusual, looked at in one word for each segment (own_usual). */
	struct own_course {
		uint8_t list;      /* enum own_list */
		bool waiting : 1;  /* it is in LIST_WAIT too */
		bool doubting : 1; /* its segments are signed: each must be looked at */
		uint8_t claims[2]; /* enum own_claim: that of a side's acknowledgement beyond nxt */
	} course;
	struct own_link in_list;
	uint16_t largest_acked[2]; /* see struct conn_side */
	uint32_t held_bytes;
	int64_t since; /* when it was put into its list, or last looked at there */
	union {
		struct half half[2];
		struct conn_side facts[2]; /* from the close on */
	};
	/* Since when on the clock an acknowledged hole, or an unknown start, is waited for; 0:
	 * none. */
	union {
		int64_t hole_since[2];
		struct own_seen seen[2]; /* from the close on */
	};
	uint32_t hole_at[2]; /* nxt at that time */
	uint32_t start[2];   /* of the first byte */
	uint32_t fin[2];     /* with HALF_FIN, where its FIN stands */
	struct own_link in_wait;
	int64_t wait_since; /* when it was put into LIST_WAIT */
	uint32_t new_syn; /* sequence of a SYN that may begin a new connection of the same tuple */
	bool has_new_syn : 1, closing : 1;
	uint8_t went_on; /* a bit for each side that sent bytes behind its FIN */
	struct conn_end end;
	struct recent recent[2];
} __attribute__((aligned(64)));

static_assert(offsetof(struct own_conn, half) == 192 && offsetof(struct own_conn, recent) == 384 &&
		      sizeof(struct own_conn) == 512,
	      "three lines, the halves, one line more, what was said last");

static inline bool own_closed(const struct own_conn *c)
{
	return c->course.list == LIST_CLOSED;
}

/* It is open, and nothing of it is waited for, doubted or claimed. */
static inline bool own_usual(const struct own_conn *c)
{
	static const struct own_course usual = {.list = LIST_OPEN};
	static_assert(sizeof usual == sizeof(uint32_t), "one word");
	return memcmp(&c->course, &usual, sizeof usual) == 0;
}

/* A connection that is over and released: enough to know its stragglers, and a new connection of
 * the same tuple. */
struct own_past {
	struct ip_addr addr[2];
	uint16_t port[2]; /* 0 and 0: taken off before its time */
	uint32_t start[2];
	uint32_t hash;
	int64_t since;
};

/* In the flow table the number of a connection, or, with this bit, the place of one that is over.
 */
#define OWN_PAST UINT32_C(0x80000000)

/* Those of the last half minute, in the order of their release: a ring that grows. */
struct own_pasts {
	struct own_past *ring;
	uint32_t room, head, count; /* room: a power of two */
};

struct own_queue {
	uint32_t head, tail, n;
};

enum { OWN_CHUNK = 128 };

struct stream {
	struct stream_config config;
	struct pool *pool;
	const struct stream_listener *listener;
	void *arg;
	struct flow_table flows;
	struct own_conn **chunks; /* connections by number; a number's memory stays where it is */
	uint32_t conns;           /* numbers ever used */
	struct own_queue lists[OWN_LISTS];
	int64_t limits[OWN_LISTS]; /* after how long in a list a connection is looked at */
	struct own_pasts pasts;
	struct conn_side
		spare[2]; /* where facts go for which there is no memory: nobody reads them */
	int64_t now;      /* the time of the capture, which may be stepped */
	int64_t clock; /* what has passed of it, which only grows: lists stand in its order, and it
			  is what times in lists are in */
	int64_t due;   /* nothing ages before this, on the clock */
	int64_t back_from, back_to; /* with back_from == now: the latest frame was before that, by
				       so little that the time of the capture did not change */
	unsigned steps;             /* how often the time of the capture was stepped back */
	uint64_t step_looks;        /* at connections, because of that; at most */
	struct stream_order order;
	struct stream_stats stats;
};

static inline struct own_conn *own_at(const struct stream *s, uint32_t index)
{
	return &s->chunks[index / OWN_CHUNK][index % OWN_CHUNK];
}

/* What the clock was at a time of the capture that is not long ago; for one that is to come, what
 * it is. */
static inline int64_t own_clock_at(const struct stream *s, int64_t ts)
{
	return ts < s->now ? s->clock - (s->now - ts) : s->clock;
}

/* stream/table.c - connections by number and by tuple, in lists. */

bool own_table_init(struct stream *s);
void own_table_free(struct stream *s);

/* The hash that a connection stands under. */
static inline uint32_t own_hash(const struct stream *s, const struct own_conn *own)
{
	const struct conn *c = &own->pub;
	struct packet p = {.src = c->addr[CLIENT],
			   .dst = c->addr[SERVER],
			   .src_port = c->port[CLIENT],
			   .dst_port = c->port[SERVER]};
	return flow_hash(s->config.seed, &p);
}

/*
 * What tells a packet from the others of its side: NH, as in flow_table.h, under the same secret,
 * so that nobody can make a packet that is passed over pass for one that is to come. Two that
 * differ are taken for one with a chance of 2^-32.
 */
static inline uint32_t own_sign(const struct stream *s, const struct packet *p)
{
	const uint64_t *seed = s->config.seed;
	uint32_t w[] = {p->seq + (uint32_t)seed[0] + 0x9e3779b9,
			p->ack + (uint32_t)(seed[0] >> 32) + 0x7f4a7c15,
			p->tsval + (uint32_t)seed[1] + 0xbf58476d,
			((uint32_t)p->ip_id << 16 | p->window) + (uint32_t)(seed[1] >> 32) +
				0x94d049bb};
	uint64_t rest = ((uint64_t)p->payload_len << 8 | p->flags) * ((seed[0] ^ seed[1]) | 1);
	uint64_t x = (uint64_t)w[0] * w[1] + (uint64_t)w[2] * w[3] + rest;
	return (uint32_t)((x ^ x >> 32) * 0x9e3779b97f4a7c15 >> 32);
}

/* Whose segment of this connection it is: an enum side; -1: it belongs to another. */
static inline int own_side(const struct own_conn *own, const struct packet *p)
{
	const struct conn *c = &own->pub;
	if (c->port[CLIENT] == p->src_port && c->port[SERVER] == p->dst_port &&
	    ip_addr_equal(&c->addr[CLIENT], &p->src) && ip_addr_equal(&c->addr[SERVER], &p->dst))
		return CLIENT;
	return c->port[SERVER] == p->src_port && c->port[CLIENT] == p->dst_port &&
			       ip_addr_equal(&c->addr[SERVER], &p->src) &&
			       ip_addr_equal(&c->addr[CLIENT], &p->dst)
		       ? SERVER
		       : -1;
}

/* The connection of a segment, and whose segment it is; NULL: none. */
struct own_conn *own_find(const struct stream *s, uint32_t hash, const struct packet *p,
			  enum side *side);

/* A number that no connection has; FLOW_NONE where all are taken, or no memory is. */
uint32_t own_number_take(struct stream *s);

/* A cleared connection under that number. NULL if there is no memory for its place in the flow
 * table: the number is free again. */
struct own_conn *own_enter(struct stream *s, uint32_t index, uint32_t hash, const struct packet *p,
			   bool from_client);

/* Moves a connection from one main list to the end of another. */
void own_move(struct stream *s, struct own_conn *c, enum own_list list);

/* It is over and released, and its place in the flow table is another's: its number is free. */
void own_forget(struct stream *s, struct own_conn *c);

/* Puts a connection into, or takes it out of, the list of those that wait for a hole. */
void own_wait(struct stream *s, struct own_conn *c, bool wait);

/* A connection was put into a list at `since`. */
static inline void own_due_by(struct stream *s, enum own_list list, int64_t since)
{
	int64_t due = since + s->limits[list];
	if (due < s->due)
		s->due = due;
}

/* When a connection's time in its list is over, on the clock. */
static inline int64_t own_ends(const struct stream *s, const struct own_conn *c)
{
	if (c->course.list == LIST_OPEN)
		return own_clock_at(s, c->pub.last) + s->config.idle;
	return (c->course.list == LIST_HALF_OPEN ? own_clock_at(s, c->pub.last) : c->since) +
	       s->limits[c->course.list];
}

/* The facts of both sides that are counted beside the halves: before the close, memory for them is
 * taken when the first one comes. Where there is none they go nowhere, which is counted. */
struct conn_side *own_sides(struct stream *s, struct own_conn *c);

/* time_wait.c - tuples of connections that are over. */

bool own_pasts_init(struct stream *s);
void own_pasts_free(struct stream *s);

/* What remains of a connection that is let go at `since`, in its place in the flow table. The
 * oldest makes room where there is no memory for more. */
void own_past_add(struct stream *s, const struct own_conn *c, int64_t since);

/* The one that a segment belongs to; NULL: none. *side: whose segment it is. */
struct own_past *own_past_find(struct stream *s, uint32_t hash, const struct packet *p,
			       enum side *side);

/* It is forgotten: a new connection has its tuple. */
void own_past_drop(struct stream *s, struct own_past *past);

/* Forgets those whose time is over, and says when the next one's is. */
void own_pasts_age(struct stream *s);

/* reorder.c - bytes in order, holes, the end. */

/* Hands on a segment, or holds it. flags: TCP_ACK, TCP_FIN, TCP_RST. The connection may be closed
 * by it. */
void own_order_push(struct stream *s, struct own_conn *c, enum side side,
		    const struct held *segment, const uint8_t *data);

/* The other side of `of` has acknowledged up to ack. */
void own_order_acked(struct own_conn *c, enum side of, uint32_t ack);

/* Bytes of this side are handed on, which stand at h->nxt. */
static inline void own_recent_note(struct own_conn *c, enum side side, const uint8_t *data,
				   uint32_t n)
{
	const struct half *h = &c->half[side];
	recent_note(&c->recent[side], h->nxt, data, n, h->ack != h->nxt);
}

/* ack_check.c - what is believed of numbers that lie ahead. */

/* Before own_order_acked, where ack lies beyond what was seen, or c->course.claims[of] is set. old:
 * the segment may have been captured late. */
void own_claim_made(struct stream *s, struct own_conn *c, enum side of, const struct packet *p,
		    bool old);

/* A segment of the side that a claim is about: it can confirm the claim, or belie it. */
void own_claim_heard(struct stream *s, struct own_conn *c, enum side of, const struct packet *p);

/* Dropped in every state, and counted. */
static inline bool own_without_ack(struct stream *s, const struct packet *p)
{
	s->stats.refused[RECEIVER_NO_ACK] += receiver_no_ack(p);
	return receiver_no_ack(p);
}

/* Whether the receiver drops it; that is counted. */
bool own_refused(struct stream *s, const struct own_conn *c, enum side side,
		 const struct packet *p);

/* Whether its bytes end beyond the window that their receiver announced. */
bool own_beyond(const struct own_conn *c, enum side side, const struct packet *p);

/* Whether a straggler shows that the RST which ended the connection was none. */
bool own_rst_belied(const struct own_conn *c, enum side side, const struct packet *p);

/* Whether an RST is one. *beyond: it lies ahead of what was seen, within the window, and is to be
 * held. */
bool own_rst_believed(const struct own_conn *c, enum side side, const struct packet *p,
		      bool *beyond);

/* Whether a hole in this side's stream is one. Where nothing was ever heard of a side, the other
 * one is all there is to believe. */
static inline bool own_claim_believed(const struct own_conn *c, enum side of)
{
	return c->course.claims[of] != CLAIM_ONCE || c->half[of].held || c->half[of].packets == 0;
}

/* The start of a side's stream is known: its SYN was seen. */
void own_order_start(struct own_conn *c, enum side side, uint32_t start);

/* After the connection changed at time ts: hands on what has become possible, and decides whether
 * holes are waited for. */
void own_order_settle(struct stream *s, struct own_conn *c, int64_t ts);

/* The wait is over: declares the holes that are older than the skew. */
void own_order_expire(struct stream *s, struct own_conn *c, int64_t now);

/* Offset in a side's stream of a sequence number that was acknowledged and handed on: FIN, which
 * takes a number, is not a byte. */
uint64_t own_order_offset(const struct own_conn *c, enum side of, uint32_t seq);

/* A connection closes: what is told of it from here on (conn->side, c->end) is made up. how is used
 * where no FIN or RST came. */
void own_end_complete(struct stream *s, struct own_conn *c, enum how how, int64_t ts);

/* A segment of a closed connection: the server's next bytes behind the client's RST go to the
 * listener, without those that come later still. */
void own_end_late(struct stream *s, struct own_conn *c, enum side side, const struct packet *p);

/* A closed connection is let go, and its number is free: only its tuple is remembered from here on.
 */
void own_release(struct stream *s, struct own_conn *c);

/* Hands on all that is held, with its holes, and closes. how is used where no FIN or RST came. */
void own_close(struct stream *s, struct own_conn *c, enum how how, int64_t ts);

/* timers.c - ageing and eviction. */

/* How far the work of a frame has got (stream_order.step, the lower bits): each list is aged, in
 * their order, then comes the segment itself. At the end of the capture: the lists again. */
enum { OWN_STEP_SEGMENT = (1 << STREAM_STEP_BITS) - 1 };

static inline void own_step(struct stream *s, uint64_t frame, unsigned part, int64_t since,
			    uint64_t number)
{
	s->order = (struct stream_order){frame << STREAM_STEP_BITS | part, since, number};
}

/* A cleared connection under the tuple with `client` as source; room is made by eviction. NULL if
 * there is no memory. */
struct own_conn *own_add(struct stream *s, uint32_t hash, const struct packet *p, bool from_client);

/* The time of a connection that is closed before its own is over: that of the latest frame. A small
 * step back does not change the time of the capture; no connection has waited for it. */
static inline int64_t own_time(const struct stream *s, const struct own_conn *c)
{
	int64_t latest = s->back_from == s->now ? s->back_to : s->now,
		last = c->pub.last < s->now ? c->pub.last : s->now;
	return last > latest ? last : latest;
}

/* A connection's time in its list is over: it is closed, or released. */
void own_aged(struct stream *s, struct own_conn *c);

/* The capture has ended: closes what is open, and releases all, in the order of their first frames.
 */
void own_end_all(struct stream *s);

#endif
