/* default_filter.h - what the kernel is asked for: all frames that the core can make something of,
 * and no others. */
#ifndef SMTPWATCH_CAPTURE_DEFAULT_FILTER_H
#define SMTPWATCH_CAPTURE_DEFAULT_FILTER_H

#include "smtpwatch/packet.h"

/*
 * The libpcap expression for frames of this DLT_: TCP of the watched ports (NULL: any), and what
 * may hold it or tell of it: fragments, VLAN tags, tunnels, ICMP errors. user: the operator's
 * expression, which narrows it; NULL: none. To be freed by the caller; NULL where there is no
 * memory.
 *
 * It does without libpcap's keywords `vlan`, `mpls` and the like, because each of them moves the
 * offsets of all that follows, even behind an `or`, and so also of the operator's expression.
 */
char *default_filter(int dlt, const struct port_set *ports, const char *user);

#endif
