/* filters.h - the filter of a live run, compiled once for each link type. */
#ifndef SMTPWATCH_CAPTURE_FILTERS_H
#define SMTPWATCH_CAPTURE_FILTERS_H

#include "smtpwatch/packet.h"

#define FILTERS_WHY 512

/*
 * An interface that comes back is opened when nothing may be asked of the network any more, and not
 * much of the system; but libpcap looks names up when it compiles, those of ports too. So what was
 * compiled is kept, and filters_prepare compiles what an interface may need that is not there yet.
 */
struct filters;
struct pcap;
struct bpf_program;

/* user: the operator's expression, ports: those of the default filter; NULL: none, and any.
 * Borrowed. NULL where there is no memory. */
struct filters *filters_new(const char *user, const struct port_set *ports);
void filters_free(struct filters *f);

/* Before the system calls are filtered, and after the interfaces that are there have been opened.
 */
void filters_prepare(struct filters *f);

/* For an interface that is open. Owned by f. NULL with a sentence in why. */
struct bpf_program *filters_get(struct filters *f, struct pcap *p, char why[FILTERS_WHY]);

/* Whether the operator's expression compiles, asked where there is no interface. False, with a
 * sentence in why. */
bool filters_check(const char *user, char why[FILTERS_WHY]);

#endif
