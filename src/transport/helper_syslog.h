/* helper_syslog.h - sends syslog messages to another host: parses the target, and does the work of
 * the helper process that sends. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_SYSLOG_H
#define SMTPWATCH_TRANSPORT_HELPER_SYSLOG_H

#include "base/error.h"
#include "text/hostport.h"

struct syslog_target {
	const char *name; /* the target as written; borrowed */
	bool tcp;
	struct hostport to;
};

/* Parses "udp://host:port" (RFC 5426) or "tcp://host:port" (RFC 6587 3.4.1, octet counting). IPv6
 * addresses stand in brackets; the default port is 514. Returns false with a sentence in why. */
bool syslog_target_read(struct syslog_target *t, const char *text, struct error *why);

/* A helper_work. arg: a struct syslog_target; each job is one message. Resolves the host name
 * for each connection. Retries a host that cannot be reached, at growing intervals. */
void helper_syslog_work(int fd, const void *arg);

#endif
