/* linktype.h - the two numberings of link types: LINKTYPE_ in files, DLT_ in libpcap's functions on
 * this system. */
#ifndef SMTPWATCH_CAPTURE_LINKTYPE_H
#define SMTPWATCH_CAPTURE_LINKTYPE_H

#include <stdbool.h>

/* Returns the DLT_ for which a filter must be compiled. */
int linktype_to_dlt(int link);

/* Returns the LINKTYPE_ for a value of pcap_datalink. Also corrects files whose writer put a DLT_
 * of its system into the header. */
int linktype_of_dlt(int dlt);

/* Returns true if the frames contain numbers in the byte order of the capturing machine. libpcap
 * swaps these numbers if the file has the other byte order. */
bool linktype_host_order(int link);

/* Returns libpcap's name of a LINKTYPE_, or "unnamed". Lives as long as the program. */
const char *linktype_name(int link);

#endif
