/* proxy.h - reads the header of HAProxy's PROXY protocol, versions 1 and 2, in front of a
 * dialogue. The header names the client behind the proxy. */
#ifndef SMTPWATCH_CORE_SMTP_PROXY_H
#define SMTPWATCH_CORE_SMTP_PROXY_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/ip_addr.h"

enum proxy {
	PROXY_NONE,  /* the stream does not begin with a header */
	PROXY_SHORT, /* the stream may begin with a header; more bytes are needed */
	PROXY_READ   /* the stream begins with a header */
};

struct proxy_header {
	size_t length; /* bytes of the stream that belong to the header */
	bool known; /* the header names a client: TCP over IPv4 or IPv6, not LOCAL, not UNKNOWN */
	struct ip_addr addr;
	uint16_t port;
};

/* PROXY_V1_MAX: the longest header of version 1, its line end included. A header of version 2
 * states its own length; a header longer than PROXY_V2_MAX is rejected. */
enum { PROXY_V1_MAX = 107, PROXY_V2_MAX = 4096 };

/* Reads the beginning of a client's stream: all bytes so far. *header is valid only for
 * PROXY_READ; addr and port only if known. */
enum proxy proxy_read(struct bytes stream, struct proxy_header *header);

#endif
