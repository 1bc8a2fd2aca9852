/* hostport.h - a host and a port as text: "host:25", "192.0.2.1:25", "[2001:db8::1]:25". */
#ifndef SMTPWATCH_TEXT_HOSTPORT_H
#define SMTPWATCH_TEXT_HOSTPORT_H

#include <stdbool.h>

/* A host without brackets, and a port in decimal. */
struct hostport {
	char host[256], port[6];
};

/* Reads "HOST:PORT", "HOST" or ":PORT" into *h. Resolves no names. host, port: defaults for the
 * missing part; NULL: that part is required. If host is not NULL, a number alone is a port. Returns
 * false if text has another form, or if the port is not 1 to 65535; *h is then undefined. */
bool hostport_read(struct hostport *h, const char *text, const char *host, const char *port);

#endif
