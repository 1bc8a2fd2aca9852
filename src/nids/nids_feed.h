/* nids_feed.h - a narrow interface to libnids: clean datagrams in, ordered bytes out. Only
 * nids_feed.c includes nids.h. */
#ifndef SMTPWATCH_NIDS_NIDS_FEED_H
#define SMTPWATCH_NIDS_NIDS_FEED_H

#include "smtpwatch/bytes.h"

/* The most connections. libnids gets a connection's number in place of its addresses. */
#define NIDS_FEED_MAX ((uint32_t)1 << 24)

/* One segment, of any length. libnids sees nothing else of the packet: no addresses, no ports, and
 * no option but the window scale. */
struct nids_segment {
	uint32_t number;  /* of the connection; less than NIDS_FEED_MAX */
	bool from_client; /* from the side that sent the SYN */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags; /* enum tcp_flag; libnids gets FIN, SYN, RST, PSH and ACK only */
	bool has_wscale;
	uint8_t wscale;
	struct bytes payload;
	int64_t ts;
};

/* Callbacks for libnids' results. Called only inside nids_feed_segment. data is borrowed for the
 * call. */
struct nids_feed_listener {
	void (*data)(void *arg, uint32_t number, bool from_client, struct bytes data);
	/* dropped: more than 64 KB were out of order: libnids has discarded its queue for the side
	 * that is being fed. */
	void (*dropped)(void *arg);
};

/* Starts libnids for `conns` connections. listener is borrowed until nids_feed_close. Returns false
 * if libnids runs already, conns exceeds NIDS_FEED_MAX, or memory is exhausted. If memory is
 * exhausted later, libnids ends the program. */
bool nids_feed_open(uint32_t conns, const struct nids_feed_listener *listener, void *arg);

/* Stops libnids and frees its streams. Call after a successful nids_feed_open; never from a
 * callback. */
void nids_feed_close(void);

/* Passes a segment to libnids, as one or more datagrams. segment is borrowed for the call. Never
 * call from a callback. */
void nids_feed_segment(const struct nids_segment *segment);

/* Returns true if libnids follows the connection. After an RST that libnids accepts, returns false.
 */
bool nids_feed_knows(uint32_t number);

/* Makes libnids forget a connection, if it follows it. Never call from a callback. */
void nids_feed_forget(uint32_t number);

#endif
