/* linktype.h - the two numberings of link types: LINKTYPE_ in files, DLT_ in libpcap's calls on
 * this system. */
#ifndef SMTPWATCH_CAPTURE_LINKTYPE_H
#define SMTPWATCH_CAPTURE_LINKTYPE_H

#include <stdbool.h>

/* The DLT_ to compile a filter for. */
int linktype_to_dlt(int link);

/* The LINKTYPE_ of what pcap_datalink says; also puts right a file whose writer put its system's
 * DLT_ into the header. */
int linktype_of_dlt(int dlt);

/* True if the frames hold numbers in the byte order of the machine that captured them, which
 * libpcap turns where the file's order is not ours. */
bool linktype_host_order(int link);

/* libpcap's name, "unnamed" if it has none. */
const char *linktype_name(int link);

#endif
