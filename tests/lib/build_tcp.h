/* build_tcp.h - two TCP stacks in miniature and the wire between them, with a capture on it that
 * can be made to fail. */
#ifndef SMTPWATCH_TESTS_BUILD_TCP_H
#define SMTPWATCH_TESTS_BUILD_TCP_H

#include "lib/build_trace.h"
#include "lib/scenario.h"

/* What a SYN announces (build_frame.c), and so the longest segment unless the scenario says
 * otherwise. */
enum { TCP_MSS = 1460 };

/* One end of a connection. Sequence numbers are as on the wire. */
struct end {
	uint32_t next; /* first byte not yet sent */
	uint32_t had;  /* first byte of the peer's that it has not got */
	uint32_t top;  /* the same, if the holes before it were filled */
	uint32_t told; /* the ack number it sent last */
	unsigned owed; /* segments that it has not acknowledged */
	unsigned lose; /* so many of its next segments the capture misses */
	uint16_t window, ip_id;
	uint8_t ttl;
	bool fin, vanished;
	uint32_t mtu;          /* its segments with more bytes do not arrive; 0: all do */
	uint32_t clock, heard; /* what its time stamps begin with; the peer's latest one */
	struct segment last;   /* its last segment with bytes, SYN or FIN; owns its bytes */
	struct trace lost;     /* those that did not arrive, and will be sent again */
};

struct connection {
	struct end end[2]; /* by enum side */
	bool stamps;       /* segments bear time stamps */
	bool up;           /* the handshake is over */
	bool dead;         /* an RST ended it */
	bool one_way;      /* the capture sees one side only: */
	enum side only;
	size_t last, last_bytes; /* where on the wire stand the last segment, and the last that was
				    no pure ACK; SIZE_MAX: there is none */
};

/* All connections of a scenario, and what the next segment has to suffer. */
struct tcp {
	struct trace trace;
	struct connection conn[SCENARIO_SCENES];
	int64_t now;
	uint32_t snap;    /* bytes of a frame that are kept; 0: all */
	uint32_t longest; /* bytes of a segment */
	uint32_t overlap; /* so many bytes the next segment repeats */
	bool off;         /* the capture has ended */
	bool flawed;      /* not trace.whole */
	bool dup, no_ack, crossing;
	unsigned late, swap; /* count down to the segment that changes places with the one before */
};

void tcp_begin(struct tcp *t);
void tcp_end(struct tcp *t);

void tcp_connect(struct tcp *t, unsigned scene, enum connect how);

/* Sends bytes in segments of at most `longest`; flags are those of the last. */
void tcp_send(struct tcp *t, unsigned scene, enum side side, uint8_t flags, const uint8_t *data,
	      size_t n);

/* A RST, perhaps a forged one. */
void tcp_reset(struct tcp *t, unsigned scene, enum side side, const struct forgery *forgery);

/* A router's error about the side's last segment. */
void tcp_icmp(struct tcp *t, unsigned scene, enum side side, enum icmp icmp, uint16_t mtu);

/* Sends the side's first segment that did not arrive again, or else its last one, `times` times
 * with growing distance; with other bytes if data is given. */
void tcp_retransmit(struct tcp *t, unsigned scene, enum side side, unsigned times,
		    const uint8_t *data, size_t n);

/* A pure ACK with this window, which stays. */
void tcp_window(struct tcp *t, unsigned scene, enum side side, uint16_t window);

/* One byte before the first unsent one (RFC 9293 3.8.4), and the answer. */
void tcp_keepalive(struct tcp *t, unsigned scene, enum side side);

/* Acknowledges whatever has not been acknowledged. */
void tcp_settle(struct tcp *t, unsigned scene);

/* If a side has closed, the other closes too. */
void tcp_close(struct tcp *t, unsigned scene);

#endif
