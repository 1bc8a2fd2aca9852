/* default_filter.h - the filter expression for the kernel. It accepts every frame that the core can
 * use, and rejects most others. */
#ifndef SMTPWATCH_CAPTURE_DEFAULT_FILTER_H
#define SMTPWATCH_CAPTURE_DEFAULT_FILTER_H

#include "smtpwatch/packet.h"

/*
 * Returns a libpcap expression for frames of link type dlt (DLT_). It accepts TCP of the monitored
 * ports, fragments, tunnels and ICMP errors; on Ethernet and cooked captures also VLAN tags. ports:
 * NULL: all ports; more than 64 ports are not filtered either. user: the operator's expression,
 * which must hold too; NULL: none. Caller frees. Returns NULL if memory is exhausted.
 *
 * libpcap's keywords `vlan`, `mpls` and the like are not used. Each of them shifts the offsets of
 * all later terms, even behind an `or`, and so also of the operator's expression.
 */
char *default_filter(int dlt, const struct port_set *ports, const char *user);

#endif
