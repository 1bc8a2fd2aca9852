/* syslog.h - writes syslog messages (RFC 5424, section 6). */
#ifndef SMTPWATCH_FORMAT_SYSLOG_H
#define SMTPWATCH_FORMAT_SYSLOG_H

#include "smtpwatch/severity.h"
#include "text/buffer.h"
#include "text/timestamp.h"

/* MAIL: the facility of all messages (6.2.1). MAX: bytes of a message at most; a receiver should
 * accept 2048 (6.1). */
enum { RFC5424_MAIL = 2, RFC5424_MAX = 2048 };

/* Returns the severity as syslog counts it (6.2.1): 2 for SEVERITY_CRITICAL, 7 for SEVERITY_NONE.
 */
unsigned rfc5424_severity(enum severity s);

/* The values that all messages of a run share. */
struct rfc5424 {
	struct stamp stamp;
	char host[256]; /* HOSTNAME; "-" if the name is unknown or not printable ASCII */
	long pid;
};

/* Reads the host name and the process id. Call again in a new process. */
void rfc5424_init(struct rfc5424 *f);

/*
 * Order of calls for one message: rfc5424_head, rfc5424_param any number of times, rfc5424_message.
 * b contains that message alone: rfc5424_head empties b.
 *
 * ts: nanoseconds since the epoch. msgid: 1 to 32 printable ASCII characters. value and text: valid
 * UTF-8 without control bytes (escape.h).
 *
 * A parameter is left out whole if it would take the room that is reserved for text. A text that
 * does not fit into RFC5424_MAX is cut between two characters.
 */
void rfc5424_head(struct rfc5424 *f, struct outbuf *b, enum severity severity, int64_t ts,
		  const char *msgid);
void rfc5424_param(struct outbuf *b, const char *name, struct bytes value);
void rfc5424_message(struct outbuf *b, struct bytes text);

#endif
