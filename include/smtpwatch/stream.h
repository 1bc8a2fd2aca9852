/* stream.h - TCP connections: the input of a reassembly engine, its calls to a listener, and what
 * it records of each connection. */
#ifndef SMTPWATCH_STREAM_H
#define SMTPWATCH_STREAM_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

/* The two sides of a connection. The server is the side to which the SYN was sent. If the SYN was
 * not captured, the server is the side with the monitored port. */
enum side { CLIENT, SERVER };

static inline enum side side_other(enum side s)
{
	return s == CLIENT ? SERVER : CLIENT;
}

/* An RST with a side's address, and its relation to that side's other segments. */
struct conn_rst {
	int64_t ts;
	uint16_t ip_id, window;
	/* Segments with new bytes that its side sent within a second after the RST. */
	uint16_t after;
	uint8_t ttl;
	bool seen : 1;
	bool overtook : 1; /* its sequence number is lower than bytes that its side had sent */
	bool tsopt : 1;    /* has a time stamp option */
	bool bare : 1;     /* has no ACK flag: it answers a segment (RFC 9293 3.10.7.1) */
};

/* The progress of one side's stream. Valid at each call to the listener. */
struct conn_flow {
	/* Bytes given to the listener, without gaps. bytes + gap: offset in the stream of the next
	 * byte. */
	uint64_t bytes;
	uint64_t gap; /* bytes declared missing from the capture */
	/* Offset in the OTHER side's stream that this side had acknowledged when it sent the bytes
	 * of the current call. */
	uint64_t acked;
	bool syn;      /* its SYN was seen */
	bool fin, rst; /* its FIN was given to the listener; its valid RST was seen */
	bool cut;      /* the snaplen has cut bytes */
	uint8_t ttl;   /* ttl and mss are for the engine, until the close: see struct conn_side */
	uint16_t mss;
};

/* Shortest silence after which a retransmission counts as a try for want of an answer (RFC 6298: 1
 * s; in use 200 ms). A retransmission that comes sooner was captured twice, or has another reason.
 */
#define CONN_TRY_PAUSE (100 * FRAME_MS)

/* Further facts about one side as a sender. Valid from the close on. Counters saturate. */
struct conn_side {
	/* When the first byte was sent that nothing has acknowledged, nanoseconds; 0: none. */
	int64_t unanswered_since;
	struct conn_rst reset;
	uint32_t packets;
	/* Segments whose bytes had been sent before. Captured duplicates are not counted. */
	uint32_t retransmits;
	uint32_t unacked;    /* at the close: bytes sent that the other side had not acknowledged */
	uint16_t unanswered; /* retransmits since the other side's last segment */
	uint16_t zero_windows;
	uint16_t conflicts;     /* overlapping segments whose bytes differed */
	uint16_t mss;           /* announced on the SYN */
	uint16_t largest;       /* bytes of its largest segment; 65,535: a super-segment */
	uint16_t largest_acked; /* bytes of the largest segment that was acknowledged */
	/* Retransmissions of its largest segments since the other side last acknowledged new bytes.
	 */
	uint16_t stuck;
	uint16_t too_big; /* ICMP errors "fragmentation needed" or "packet too big" that quote its
			     segments */
	uint16_t unreachable; /* other ICMP errors that quote its segments */
	uint16_t mtu;         /* MTU in the last of the too_big errors; 0: not stated */
	uint16_t ip_id;       /* of its latest segment; RSTs do not count */
	uint8_t tries;        /* those of `unanswered` that came after a pause of CONN_TRY_PAUSE */
	uint8_t ttl;          /* of the first segment */
	uint8_t ttl_low, ttl_high; /* lowest and highest of its segments; RSTs do not count */
	bool tsopt : 1;            /* its segments have time stamps */
	bool df : 1;               /* its segments have the don't-fragment flag */
	bool window_closed : 1;    /* its last announced window was 0 */
};

/* One TCP connection. The members down to `last` fill one cache line, and `flow` the next. A
 * segment in the middle of a connection reads no others. */
struct conn {
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	uint16_t vlan[PACKET_VLANS]; /* of the first segment */
	uint8_t vlans;
	/* The connection began at once behind an earlier connection of the same tuple. */
	bool reused;
	/* May change until release: a side continued behind its FIN or RST, and the other side
	 * acknowledged that. The FIN or RST was forged, or belongs to another connection. */
	bool retracted;
	/* May change until release: a side sent different bytes for sequence numbers that were
	 * handed on and not acknowledged. */
	bool disputed;
	/* Set by the listener at open: number of the input in which the connection began. */
	uint32_t input;
	void *user;   /* for the listener alone; NULL at open */
	int64_t last; /* time of the latest segment, nanoseconds */
	struct conn_flow flow[2];
	int64_t start;  /* time of the first segment, nanoseconds */
	uint64_t first; /* number of its frame (struct packet.number) */
	/* Time from SYN over SYN-ACK to ACK as far as captured, nanoseconds; 0: unknown. */
	int64_t rtt;
	/* Two elements, by enum side. Owned by the engine. Valid from close to release: do not read
	 * the pointer before. */
	struct conn_side *side;
};

/* Which side closed, and how. Facts without judgement: the rules for half-closes belong to the
 * session. */
enum closer { CLOSER_NOBODY, CLOSER_CLIENT, CLOSER_SERVER };
enum how { HOW_FIN, HOW_RST, HOW_SILENCE, HOW_IDLE, HOW_EVICTED, HOW_CAPTURE_END };

struct conn_end {
	/* enum closer: the side whose FIN or valid RST came first in sequence. */
	uint8_t closer : 2;
	/* enum how: the first closing segment, or why the engine gave up the connection without
	 * one. */
	uint8_t how : 3;
	/* enum how: why close was called. HOW_FIN and HOW_RST: the connection is over. All others:
	 * only its observation is over. */
	uint8_t over : 3;
	uint8_t rst_by : 1; /* with by_rst: the RST's sender (enum side) */
	bool by_rst : 1;    /* an RST ended the connection, possibly after a FIN */
	/* Both sides closed, and neither had seen the other's FIN at that time. */
	bool crossed : 1;
	bool refused : 1; /* the SYN was answered by an RST */
	/* Nothing answered the SYN, and the wait was long enough to say so. */
	bool unanswered : 1;
	/* The handshake was not finished: no segment of the client acknowledges the server's SYN
	 * alone. */
	bool half_open : 1;
};

/* Returns true if side `silent` fell silent: the other side retransmitted without an answer until
 * it gave up. Without a FIN or RST, the silence until ts (nanoseconds) must exceed the next pause
 * of its back-off. Call from the close on: conn->side must be valid. */
bool conn_silent(const struct conn *conn, enum side silent, int64_t ts);

/* Sets *end to HOW_SILENCE if one side fell silent before ts (nanoseconds); else leaves *end as it
 * is. If the server fell silent, the closer is CLOSER_NOBODY. If the client did, the closer is
 * CLOSER_CLIENT, even if the server closed after that. Same conditions as conn_silent. */
void conn_end_silence(const struct conn *conn, struct conn_end *end, int64_t ts);

/* Returns true if nothing answered the client's SYN for at least 10 seconds before ts
 * (nanoseconds). conn->side must be valid. */
bool conn_unanswered(const struct conn *conn, int64_t ts);

/*
 * The calls of an engine to the stage above. Calls never nest.
 *
 * Order for one connection: open; then data, gap and fin of both sides in causal order; then close,
 * once; then release, once, about a second later. conn is valid until release returns. Late facts
 * (an RST of the other side, bytes behind an RST) are counted in conn until release.
 *
 * Causal order: the engine hands on bytes of one side after the bytes of the other side that they
 * acknowledge. Acknowledged bytes that were not captured are declared as a gap first. So a reply
 * never comes before its command, in whatever order they were captured. conn->flow[side].acked is
 * valid at each call.
 *
 * data: borrowed for the call. gap: len bytes (at least 1) of this side's stream are not in the
 * capture. fin: the side sends no more bytes. ts: nanoseconds.
 */
struct stream_listener {
	void (*open)(void *arg, struct conn *conn);
	void (*data)(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts);
	void (*gap)(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts);
	void (*fin)(void *arg, struct conn *conn, enum side side, int64_t ts);
	void (*close)(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts);
	void (*release)(void *arg, struct conn *conn);
	/* May be NULL. Called between close and release with the server's next bytes, captured
	 * behind the client's RST. Either neighbours were swapped in the capture, or the bytes were
	 * under way when the client sent its RST. conn->flow counts the bytes after the call, as
	 * with data. */
	void (*late)(void *arg, struct conn *conn, struct bytes data, int64_t ts);
};

/* Limits and times of an engine. Times are nanoseconds of capture time. */
struct stream_config {
	/* Connections at once, at most. If all are in use, one that is closed is released early;
	 * else a half-open one is evicted, else the longest idle. */
	unsigned max_conns;
	/* Bytes of out-of-order segments of one connection, at most. Beyond: the hole is declared a
	 * gap. */
	size_t reorder_per_conn;
	size_t reorder_total; /* the same for all connections together */
	/* Wait for an acknowledged hole: the two directions may be captured with a delay. */
	int64_t skew;
	/* A SYN without an answer is given up after this time. */
	int64_t half_open;
	/* An open connection without a segment is given up after this time. */
	int64_t idle;
	/* Wait for the client's FIN after the server's FIN. */
	int64_t fin_wait;
	/* Time from close to release. */
	int64_t settle;
	/* Time in which late segments of a closed tuple are recognised. */
	int64_t linger;
	uint64_t seed[2]; /* secret key of the flow table */
	/* Borrowed. Decides which side is the server if no SYN was captured. NULL: all ports are
	 * watched. */
	const struct port_set *ports;
	/* If shards > 1: handle only connections whose hash falls to this shard. Segments of the
	 * others only advance the time. */
	unsigned shard, shards;
};

struct stream_config stream_config_default(void);

/* Why the receiver drops a segment, RECEIVER_NO_ACK to RECEIVER_WINDOW: rows of counters.def. */
enum receiver_why {
	RECEIVER_TAKES,
#define REFUSED_COUNTER(name, ...) RECEIVER_##name,
#include "smtpwatch/counters.def"
	RECEIVER_WHYS
};

/* Counters of an engine: all that was dropped, evicted or declared missing. counters.def has a row
 * for each member. */
struct stream_stats {
#define STREAM_COUNTER(member, ...) uint64_t member;
#include "smtpwatch/counters.def"
	uint64_t refused[RECEIVER_WHYS]; /* segments that their receiver drops, by reason */
};

/* The position of an engine in the sequence of events. Several engines may share the connections of
 * the same frames (stream_config.shards). Their calls, put in this order, are those that one engine
 * would have made. Members are compared in their order. Calls of one engine at the same position
 * keep their order. */
struct stream_order {
	uint64_t step;   /* the frame's number, and how far its work had got */
	int64_t since;   /* of a connection whose time was over: when that began to run */
	uint64_t number; /* of the frame that the connection began with */
};

/* Returns the last step of a frame: no later step belongs to that frame. */
enum { STREAM_STEP_BITS = 3 };

static inline uint64_t stream_step_last(uint64_t frame)
{
	return (frame + 1) * (UINT64_C(1) << STREAM_STEP_BITS) - 1;
}

/* Returns a negative number, 0 or a positive number: a comes before, at or behind b. */
int stream_order_compare(const struct stream_order *a, const struct stream_order *b);

/* An engine's own state; each engine defines it. */
struct stream;

/*
 * A reassembly engine.
 *
 * new: borrows config, pool and listener until free. Returns NULL if there is no memory, or, for
 * libnids, if one exists already.
 *
 * segments: takes n segments in order of capture. The size of a batch does not change the result.
 * icmp: takes an error that quotes a segment of a connection.
 *
 * tick: live capture only: advances the time to now (nanoseconds) without a segment. finish: closes
 * every open connection as HOW_CAPTURE_END. Call once, before free.
 *
 * open: sets out[i] to the open connection of number from + i, for each i below n; to NULL if there
 * is none of that number, or it is closed. Numbers begin at 0; the table is no larger than the
 * number that it returns. Borrowed until the next call of another function. NULL: this engine does
 * not tell its connections.
 */
struct stream_engine {
	const char *name;
	struct stream *(*new)(const struct stream_config *config, struct pool *pool,
			      const struct stream_listener *listener, void *arg);
	void (*segments)(struct stream *s, const struct packet *packets, size_t n);
	void (*icmp)(struct stream *s, const struct packet_icmp *icmp);
	void (*tick)(struct stream *s, int64_t now);
	void (*finish)(struct stream *s);
	void (*free)(struct stream *s);
	const struct stream_stats *(*stats)(const struct stream *s);
	uint32_t (*open)(const struct stream *s, uint32_t from, uint32_t n,
			 const struct conn **out);
	const struct stream_order *(*order)(
		const struct stream
			*s); /* NULL: this engine cannot share its connections with others */
};

/* The default engine (native.c). libnids' is declared in nids/stream_nids.h. */
extern const struct stream_engine stream_native;

#endif
