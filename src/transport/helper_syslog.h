/* helper_syslog.h - syslog messages to another host: how it is written, and the courier's work of
 * reaching it. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_SYSLOG_H
#define SMTPWATCH_TRANSPORT_HELPER_SYSLOG_H

#include "text/hostport.h"

#define FORWARD_WHY 512

struct forward_target {
	const char *name; /* as it was given; borrowed */
	bool tcp;
	struct hostport to;
};

/* "udp://host:port" (RFC 5426) or "tcp://host:port" (RFC 6587 3.4.1, octet counting); IPv6
 * addresses in brackets; without a port, 514. False, with a sentence in why. */
bool forward_read(struct forward_target *t, const char *text, char why[FORWARD_WHY]);

/* A courier_work; arg is a struct forward_target, a job is a message. Names are looked up anew for
 * each connection. A host that cannot be reached is tried again with growing pauses. */
void forward_work(int fd, const void *arg);

#endif
