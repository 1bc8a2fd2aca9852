/* proxy.h - the PROXY protocol header (HAProxy, versions 1 and 2) in front of a dialogue: who the
 * client really is. */
#ifndef SMTPWATCH_CORE_SMTP_PROXY_H
#define SMTPWATCH_CORE_SMTP_PROXY_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/ip_addr.h"

enum proxy {
	PROXY_NONE,  /* the stream does not begin with one */
	PROXY_SHORT, /* it may; more bytes must come */
	PROXY_READ   /* it does */
};

struct proxy_header {
	size_t length; /* bytes of the stream that belong to it */
	bool known;    /* it names the client (not LOCAL, not UNKNOWN, TCP over IPv4 or IPv6) */
	struct ip_addr addr;
	uint16_t port;
};

/* The longest header of version 1 with its line end; version 2 says its length itself, and more
 * than PROXY_V2_MAX is not believed. */
enum { PROXY_V1_MAX = 107, PROXY_V2_MAX = 4096 };

/* Reads the beginning of a client's stream. header is filled in for PROXY_READ. */
enum proxy proxy_read(struct bytes stream, struct proxy_header *header);

#endif
