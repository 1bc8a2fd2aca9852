/* hostport.h - a host and a port as people write them: "host:25", "192.0.2.1:25",
 * "[2001:db8::1]:25". */
#ifndef SMTPWATCH_TEXT_HOSTPORT_H
#define SMTPWATCH_TEXT_HOSTPORT_H

#include <stdbool.h>

struct hostport {
	char host[256], port[6];
};

/* Nothing is looked up. host, port: what it is where it is not said; NULL: it must be said. A
 * number alone is a port, where the host need not be said. False: it is none. */
bool hostport_read(struct hostport *h, const char *text, const char *host, const char *port);

#endif
