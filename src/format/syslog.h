/* syslog.h - a syslog message, put together as RFC 5424 section 6 has it. */
#ifndef SMTPWATCH_FORMAT_SYSLOG_H
#define SMTPWATCH_FORMAT_SYSLOG_H

#include "smtpwatch/verdict.h"
#include "text/buffer.h"
#include "text/timestamp.h"

/* The facility of all of them: mail. What a receiver should take (6.1); no message is longer. */
enum { RFC5424_MAIL = 2, RFC5424_MAX = 2048 };

/* Our severities as syslog counts them (6.2.1): critical is 2. */
unsigned rfc5424_severity(enum severity s);

/* What is the same in every message of a run. */
struct rfc5424 {
	struct stamp stamp;
	char host[256]; /* HOSTNAME; "-" where it cannot be shown */
	long pid;
};

void rfc5424_init(struct rfc5424 *f);

/*
 * Order of calls: head, param as often as wanted, message. msgid: of our own words, 1 to 32
 * printable characters. A parameter that would not leave room for the message is left out whole.
 * value and text: valid UTF-8 without control bytes (escape.h); the text is cut between two
 * characters.
 */
void rfc5424_head(struct rfc5424 *f, struct outbuf *b, enum severity severity, int64_t ts,
		  const char *msgid);
void rfc5424_param(struct outbuf *b, const char *name, struct bytes value);
void rfc5424_message(struct outbuf *b, struct bytes text);

#endif
