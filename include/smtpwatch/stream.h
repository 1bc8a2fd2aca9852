/* stream.h - TCP connections: what an engine takes, what it tells the stage above, what it knows of
 * each connection. */
#ifndef SMTPWATCH_STREAM_H
#define SMTPWATCH_STREAM_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/packet.h"
#include "smtpwatch/pool.h"

/* The two sides of a connection; the server is the side that was sent the SYN, or, where that was
 * not seen, the one with the watched port. */
enum side { CLIENT, SERVER };

static inline enum side side_other(enum side s)
{
	return s == CLIENT ? SERVER : CLIENT;
}

/* An RST that bears a side's address, and what it had to do with that side's other segments. */
struct conn_rst {
	int64_t ts;
	uint16_t ip_id, window;
	uint16_t after; /* segments with new bytes that its side sent after it, within a second */
	uint8_t ttl;
	bool seen : 1;
	bool overtook : 1; /* its sequence number lies before bytes that its side had sent */
	bool tsopt : 1;    /* it bears a time stamp */
	bool bare : 1;     /* it bears no ACK: it answers a segment (RFC 9293 3.10.7.1) */
};

/* How far one side's stream has come: up to date at each call to the listener. */
struct conn_flow {
	uint64_t bytes; /* handed on, without gaps: with gap, the offset in the stream of the next
			   byte */
	uint64_t gap;   /* declared lost to the capture */
	uint64_t acked; /* offset in the OTHER side's stream that this side had acknowledged when it
			   sent what is being handed on */
	bool syn;       /* its SYN was seen */
	bool fin, rst;  /* its FIN was handed on; its valid RST was seen */
	bool cut;       /* the snaplen took bytes away */
	uint8_t ttl;    /* these two are the engine's until the close: see struct conn_side */
	uint16_t mss;
};

/* What is sent again for want of an answer comes after such a silence at least (RFC 6298: 1 s; in
 * use 200 ms): what comes sooner was captured twice, or sent again for other reasons. */
#define CONN_TRY_PAUSE (100 * FRAME_MS)

/* What else was counted of one side, as a sender: known from the close on. Counters saturate. */
struct conn_side {
	int64_t unanswered_since; /* when the first byte was sent that nothing has acknowledged; 0:
				     none */
	struct conn_rst reset;
	uint32_t packets;
	uint32_t retransmits; /* segments whose bytes had been sent before, captured duplicates not
				 counted */
	uint32_t unacked;    /* at the close: bytes sent that the other side had not acknowledged */
	uint16_t unanswered; /* of the retransmits, those since the other side's last segment */
	uint16_t zero_windows;
	uint16_t conflicts;     /* overlapping segments whose bytes differed */
	uint16_t mss;           /* announced on the SYN */
	uint16_t largest;       /* bytes of its largest segment (65,535: a super-segment) */
	uint16_t largest_acked; /* of the largest that was acknowledged */
	uint16_t stuck;         /* retransmissions of its largest segments since the other side last
				   acknowledged anything new */
	uint16_t too_big; /* ICMP errors "fragmentation needed" or "packet too big" that quote it */
	uint16_t unreachable;      /* other ICMP errors that quote it */
	uint16_t mtu;              /* as the last of them said; 0: it did not */
	uint16_t ip_id;            /* of its latest segment but RSTs */
	uint8_t tries;             /* of the unanswered, those behind CONN_TRY_PAUSE */
	uint8_t ttl;               /* of the first segment */
	uint8_t ttl_low, ttl_high; /* of all but RSTs */
	bool tsopt : 1;            /* its segments bear time stamps */
	bool df : 1;               /* its segments must not be fragmented */
	bool window_closed : 1;    /* it announced a window of 0 last */
};

/* The members down to `last` fill a cache line, and flow the next: they are all that a segment in
 * the middle of a connection reads of it. */
struct conn {
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	uint16_t vlan[PACKET_VLANS]; /* of the first segment */
	uint8_t vlans;
	bool reused;   /* the tuple followed at once on an earlier connection of the same tuple */
	bool belied;   /* until release: a side went on behind its FIN or RST, and the other side
			  acknowledged that: it was forged, or another's */
	bool disputed; /* until release: a side sent other bytes for numbers that were handed on and
			  not acknowledged */
	uint32_t input; /* the listener's, set at open: number of the input that it began in */
	void *user;     /* the listener's own; NULL at open */
	int64_t last;   /* latest segment, nanoseconds */
	struct conn_flow flow[2];
	int64_t start;  /* first segment */
	uint64_t first; /* the number of the frame that brought it (struct packet) */
	int64_t rtt;    /* SYN to SYN-ACK to ACK as far as it was seen, nanoseconds; 0: unknown */
	struct conn_side
		*side; /* two, by enum side: the engine's, from close to release; NULL before */
};

/* Who closed, and how: facts, before any judgement (the ending's half-close rules stand above
 * this). */
enum closer { CLOSER_NOBODY, CLOSER_CLIENT, CLOSER_SERVER };
enum how { HOW_FIN, HOW_RST, HOW_SILENCE, HOW_IDLE, HOW_EVICTED, HOW_CAPTURE_END };

struct conn_end {
	uint8_t closer : 2; /* enum closer: whose FIN or valid RST came first in sequence */
	uint8_t how : 3;  /* enum how: of the first closing segment, or why the watch ended without
			     one */
	uint8_t over : 3; /* enum how: why close was called: HOW_FIN and HOW_RST say that the
			     connection is over, the others that only the watch is */
	uint8_t rst_by : 1; /* enum side: with by_rst */
	bool by_rst : 1;    /* an RST ended it, possibly after a FIN */
	bool crossed : 1; /* both sides closed, and neither had seen the other's FIN when it did */
	bool refused : 1; /* the SYN was answered by an RST */
	bool unanswered : 1; /* nothing ever answered the SYN, and long enough was watched to say so
			      */
	bool half_open : 1;  /* the handshake was not complete: nothing of the client's acknowledges
				the server's SYN alone */
};

/*
 * One side sent, sent again, and nothing came back from the silent one until it gave up, or until
 * ts, long past the next try that its back-off would have made.
 */
bool conn_silent(const struct conn *conn, enum side silent, int64_t ts);

/* The rule of both engines for HOW_SILENCE: a server that fell silent leaves nobody as the closer;
 * a client that did is the closer, whatever the server then did. */
void conn_end_silence(const struct conn *conn, struct conn_end *end, int64_t ts);

/* The client's SYN was never answered by anything, and was watched for long enough to say so. */
bool conn_unanswered(const struct conn *conn, int64_t ts);

/* To an open connection: bytes, or a FIN or RST; to a closed one: its release. */
enum coming { COMING_BYTES, COMING_END, COMING_RELEASE };

/*
 * What an engine tells the stage above; calls never nest. Order for one connection: open, then
 * data, gap and fin of both sides in causal order, then close, once; then, about a second later,
 * release, once: until then conn stays, and facts that come late (an RST of the other side, bytes
 * behind an RST) are still counted in it.
 *
 * Causal order: before bytes of one side are handed on, the bytes of the other side that they
 * acknowledge are handed on or declared lost. So a reply never comes before its command, whatever
 * the order of capture. conn->flow[side].acked is up to date at each call.
 *
 * data: borrowed for the length of the call. gap: len bytes (at least 1) of this side's stream that
 * the capture does not have. fin: the side sends nothing more.
 */
struct stream_listener {
	void (*open)(void *arg, struct conn *conn);
	void (*data)(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts);
	void (*gap)(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts);
	void (*fin)(void *arg, struct conn *conn, enum side side, int64_t ts);
	void (*close)(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts);
	void (*release)(void *arg, struct conn *conn);
	/*
	 * May be NULL. Between close and release: the server's next bytes, captured behind the
	 * client's RST. Either neighbours were swapped in the capture, or the bytes were under way
	 * when the client sent its RST. conn->flow counts them behind the call, as with data.
	 */
	void (*late)(void *arg, struct conn *conn, struct bytes data, int64_t ts);
	/*
	 * May be NULL. Something comes soon, after the same of other connections: a chance to fetch
	 * the memory that it will need, so that its misses overlap with theirs. Called three times,
	 * steps 0 to 2: the pointers that one step follows, the one before has fetched.
	 */
	void (*ahead)(void *arg, const struct conn *conn, enum coming coming, int step);
};

/* Limits and times of an engine. Times are nanoseconds of capture time. All of it has defaults:
 * stream_config_default. */
struct stream_config {
	unsigned max_conns;   /* connections held at once; beyond: half-open ones are evicted first,
				 then the longest idle */
	size_t held_per_conn; /* bytes out of order held for one connection; beyond: the hole is
				 declared */
	size_t held_total;    /* the same for all of them */
	int64_t skew;      /* how long an acknowledged hole is waited for: the two directions may be
			      captured skewed */
	int64_t half_open; /* a SYN without an answer is given up after this */
	int64_t idle;      /* an open connection without a packet is given up after this */
	int64_t fin_wait;  /* after the server's FIN, so long is waited for the client's */
	int64_t settle;    /* so long after its close is a connection released */
	int64_t linger;    /* a closed tuple's stragglers are recognised for so long */
	uint64_t seed[2];  /* secret key of the flow table */
	const struct port_set *ports; /* borrowed; tells which side is the server */
	unsigned shard, shards; /* with shards > 1: only connections whose hash falls to this shard
				   are watched; the others' segments tell the time */
};

struct stream_config stream_config_default(void);

/* Why a segment is dropped. Each is counted under its name (struct stream_stats). */
enum receiver_why {
	RECEIVER_TAKES,
	RECEIVER_NO_ACK,    /* no ACK, SYN or RST: dropped in every state (RFC 9293 3.10.7) */
	RECEIVER_OLD_STAMP, /* both SYNs had time stamps, and this one is older than one that was
			       taken (RFC 7323 5) */
	RECEIVER_SIGNATURE, /* a TCP-MD5 or TCP-AO option where a SYN had none, or none where all
			       SYNs had (RFC 2385 2.0, RFC 5925 7.3) */
	RECEIVER_WINDOW,    /* beyond the window that was announced, and never acknowledged (RFC
			       9293 3.10.7.4) */
	RECEIVER_WHYS
};

/* What an engine counted: everything that was dropped, evicted or declared lost. The names are the
 * statistics' names. */
struct stream_stats {
	uint64_t segments;                        /* fed */
	uint64_t conns;                           /* opened */
	uint64_t conns_open;                      /* now */
	uint64_t conns_peak;                      /* at once, at most */
	uint64_t midstream;                       /* of conns: without a handshake */
	uint64_t evicted_half_open, evicted_idle; /* because the table was full */
	uint64_t aged_half_open, aged_idle;       /* because nothing came */
	uint64_t out_of_order;                    /* segments held */
	uint64_t duplicates;                      /* packets captured twice, ignored */
	uint64_t retransmits;
	uint64_t gaps, gap_bytes;
	uint64_t held_bytes; /* now */
	uint64_t held_peak;
	uint64_t held_overflow; /* holes declared early, for lack of room */
	uint64_t rst_ignored;   /* RSTs outside RFC 5961's rule */
	uint64_t stray; /* segments that belong to no connection: stragglers of closed ones, RSTs
			   without one */
	uint64_t conflicts; /* segments with other bytes than those that were held or handed on for
			       the same numbers */
	uint64_t refused[RECEIVER_WHYS]; /* segments that their receiver drops, by reason */
	uint64_t no_memory;              /* things not done because the pool was exhausted */
};

/*
 * Where in the course of things an engine is: what several engines tell that share the connections
 * of the same frames between them (stream_config.shards) is what one would have told, once it is
 * put in this order. Compared member by member; what one engine tells at the same place keeps its
 * order.
 */
struct stream_order {
	uint64_t step;   /* the frame's number, and how far its work had got */
	int64_t since;   /* of a connection whose time was over: when that began to run */
	uint64_t number; /* of the frame that the connection began with */
};

/* The step of a frame's own work, behind which nothing of that frame comes. */
enum { STREAM_STEP_BITS = 3 };

static inline uint64_t stream_step_last(uint64_t frame)
{
	return (frame + 1) * (UINT64_C(1) << STREAM_STEP_BITS) - 1;
}

/* Negative, 0, positive: a comes before, at, behind b. */
int stream_order_compare(const struct stream_order *a, const struct stream_order *b);

/* An engine's own state; each engine defines it. */
struct stream;

/*
 * A reassembly engine. new: borrows config, pool, listener for its life; NULL where there is no
 * memory (or, for libnids, where one exists already). segments: a batch in order of capture; a
 * batch of one gives the same result. icmp: an error that quotes a segment of a connection. tick:
 * time has come to `now` without a packet (live capture); offline the packets' own time suffices.
 * finish: closes every open connection as HOW_CAPTURE_END, in order of their start; call once,
 * before free.
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
	const struct stream_order *(*order)(
		const struct stream
			*s); /* NULL: this engine cannot share its connections with others */
};

/* The default engine (native.c). libnids' is declared in nids/stream_nids.h. */
extern const struct stream_engine stream_own;

#endif
