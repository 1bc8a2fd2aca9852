/* linktype.c - the link types whose LINKTYPE_ and DLT_ differ. */
#include "capture/linktype.h"

#include <pcap/pcap.h>
#include <stddef.h>

/*
 * All other link types have one number. DLT_ values up to 103 came from each system's own headers
 * and disagree between systems. Therefore files got a numbering of their own
 * (tcpdump.org/linktypes.html). The first row of a link type is that of this system's libpcap;
 * further rows are what other systems wrote.
 */
static const struct linktype {
	int link, dlt;
} linktypes[] = {
	{101, DLT_RAW},
	{101, 12},
	{101, 14}, /* OpenBSD */
	{100, DLT_ATM_RFC1483},
	{102, DLT_SLIP_BSDOS},
	{103, DLT_PPP_BSDOS},
	{106, DLT_ATM_CLIP},
	{246, DLT_PFSYNC},
};

enum { LINKTYPES = sizeof linktypes / sizeof *linktypes };

int linktype_to_dlt(int link)
{
	for (size_t i = 0; i < LINKTYPES; i++)
		if (linktypes[i].link == link)
			return linktypes[i].dlt;
	return link;
}

int linktype_of_dlt(int dlt)
{
	for (size_t i = 0; i < LINKTYPES; i++)
		if (linktypes[i].dlt == dlt)
			return linktypes[i].link;
	return dlt;
}

bool linktype_host_order(int link)
{
	return link == DLT_NFLOG || link == DLT_PFLOG;
}

const char *linktype_name(int link)
{
	const char *name = pcap_datalink_val_to_name(linktype_to_dlt(link));
	return name ? name : "unnamed";
}
