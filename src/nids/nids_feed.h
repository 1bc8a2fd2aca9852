/* nids_feed.h - libnids behind a narrow door: clean datagrams in, ordered bytes out. Only
 * nids_feed.c sees nids.h. */
#ifndef SMTPWATCH_NIDS_NIDS_FEED_H
#define SMTPWATCH_NIDS_NIDS_FEED_H

#include "smtpwatch/bytes.h"

/* How many connections can be told apart: their numbers stand in for their addresses. */
#define NIDS_FEED_MAX ((uint32_t)1 << 24)

/* One segment, of any length. What is not here, libnids does not see: addresses, ports and options,
 * but for the window's scale. */
struct nids_segment {
	uint32_t number;  /* of the connection, below NIDS_FEED_MAX */
	bool from_client; /* the side that sent the SYN */
	uint32_t seq, ack;
	uint16_t window;
	uint8_t flags; /* enum tcp_flag; TCP_URG is not passed on */
	bool has_wscale;
	uint8_t wscale;
	struct bytes payload;
	int64_t ts;
};

/* What libnids tells. Called inside nids_feed_segment alone; bytes are borrowed for the call. */
struct nids_feed_listener {
	void (*data)(void *arg, uint32_t number, bool from_client, struct bytes data);
	void (*dropped)(void *arg); /* more than 64 KB were out of order: all that waited on the
				       side that is being fed is thrown away */
};

/* Starts libnids with room for that many connections. False: it runs already, or there is no
 * memory. The listener is borrowed. */
bool nids_feed_open(uint32_t conns, const struct nids_feed_listener *listener, void *arg);
void nids_feed_close(void);

void nids_feed_segment(const struct nids_segment *segment);

/* Whether libnids follows a connection: false once an RST has ended it. */
bool nids_feed_knows(uint32_t number);

/* Makes libnids forget a connection, if it knows it. Never while it calls. */
void nids_feed_forget(uint32_t number);

#endif
