/* role.h - which side of a session the watched host itself is. */
#ifndef SMTPWATCH_POLICY_ROLE_H
#define SMTPWATCH_POLICY_ROLE_H

#include "smtpwatch/stream.h"

/* NONE: not asked (offline: a capture may come from anywhere). UNKNOWN: neither side, as on a
 * mirror port. BOTH: it talks to itself. */
enum role { ROLE_NONE, ROLE_UNKNOWN, ROLE_SERVER, ROLE_CLIENT, ROLE_BOTH, ROLES };

/* "none", "unknown", "server", "client", "both" */
const char *role_name(enum role r);

/* The addresses of this host at the time of the call: asking for them later would need a socket
 * that the program may no longer have. */
struct role_addrs;

/* NULL where the system does not tell them, or there is no memory. */
struct role_addrs *role_addrs_new(void);

/* The same from a list, which is copied. */
struct role_addrs *role_addrs_of(const struct ip_addr *all, size_t n);
void role_addrs_free(struct role_addrs *a);

/* By the addresses of the two sides; never ROLE_NONE. */
enum role role_of(const struct role_addrs *a, const struct conn *conn);

#endif
