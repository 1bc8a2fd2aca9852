/* linktype.h - the two numberings of link types: LINKTYPE_ in files, DLT_ in libpcap's functions on
 * this system. And the link types with numbers in host byte order. */
#ifndef SMTPWATCH_CAPTURE_LINKTYPE_H
#define SMTPWATCH_CAPTURE_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the DLT_ for which a filter must be compiled. */
int linktype_to_dlt(int link);

/* Returns the LINKTYPE_ for a value of pcap_datalink. Also corrects files whose writer put a DLT_
 * of its system into the header. */
int linktype_of_dlt(int dlt);

/* Returns true if the frames contain numbers in the byte order of the capturing machine. */
bool linktype_host_order(int link);

/*
 * Swaps these numbers of a frame to the byte order of this machine, which filters expect and in
 * which dump.h writes. link: one for which linktype_host_order returns true. swapped: the file has
 * the other byte order. n: bytes of the frame that are there. The address family of DLT_NULL is
 * swapped by its value: other programs have converted such files without it.
 */
void linktype_to_host(int link, bool swapped, uint8_t *frame, uint32_t n);

/* Returns libpcap's name of a LINKTYPE_, or "unnamed". Lives as long as the program. */
const char *linktype_name(int link);

#endif
