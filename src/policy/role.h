/* role.h - the side of a session that the watched host has. */
#ifndef SMTPWATCH_POLICY_ROLE_H
#define SMTPWATCH_POLICY_ROLE_H

#include "smtpwatch/stream.h"

/* NONE: not asked, as offline, where a capture may come from anywhere. UNKNOWN: neither side, as
 * on a mirror port. BOTH: the host talks to itself. */
enum role { ROLE_NONE, ROLE_UNKNOWN, ROLE_SERVER, ROLE_CLIENT, ROLE_BOTH, ROLES };

/* Returns "none", "unknown", "server", "client" or "both". */
const char *role_name(enum role r);

/* The addresses of this host at the time of role_addrs_new: the program may have no socket to ask
 * for them later. */
struct role_addrs;

/* Returns NULL if the system does not report the addresses, or memory is exhausted. */
struct role_addrs *role_addrs_new(void);

/* Makes the same from a list of n addresses, which is copied. role_addrs_free frees either. */
struct role_addrs *role_addrs_of(const struct ip_addr *all, size_t n);
void role_addrs_free(struct role_addrs *a);

/* Returns the host's role in conn, by the addresses of the two sides; never ROLE_NONE. */
enum role role_of(const struct role_addrs *a, const struct conn *conn);

#endif
