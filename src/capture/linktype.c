/* linktype.c - the link types whose LINKTYPE_ and DLT_ differ, and those with numbers in host byte
 * order. */
#include "capture/linktype.h"

#include <pcap/pcap.h>
#include <stddef.h>
#include <string.h>

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
	return link == DLT_NULL || link == DLT_NFLOG || link == DLT_PFLOG;
}

static uint32_t number32(const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof v);
	return v;
}

static void swap32(uint8_t *at)
{
	uint32_t v = __builtin_bswap32(number32(at));
	memcpy(at, &v, sizeof v);
}

static uint16_t swap16(uint8_t *at)
{
	uint16_t v;
	memcpy(&v, at, sizeof v);
	v = __builtin_bswap16(v);
	memcpy(at, &v, sizeof v);
	return v;
}

/* A family is a small number. */
static void null_to_host(uint8_t *frame, uint32_t n)
{
	if (n >= 4 && number32(frame) > 0xffff)
		swap32(frame);
}

/* Lengths and types of the attributes (tcpdump.org/linktypes/LINKTYPE_NFLOG.html). */
static void nflog_to_host(uint8_t *frame, uint32_t n)
{
	enum { HEADER = 4, ATTRIBUTE = 4 };
	if (n < HEADER || frame[1] != 0)
		return;
	for (uint32_t at = HEADER; n - at >= ATTRIBUTE;) {
		uint32_t size = swap16(frame + at);
		swap16(frame + at + 2);
		size = (size + 3) & ~3u;
		if (size < ATTRIBUTE || size > n - at)
			return;
		at += size;
	}
}

/* The numbers of users and processes. */
static void pflog_to_host(uint8_t *frame, uint32_t n)
{
	enum { FIRST = 44, END = 60 };
	for (uint32_t at = FIRST; at < END && n >= at + 4 && frame[0] >= at + 4; at += 4)
		swap32(frame + at);
}

void linktype_to_host(int link, bool swapped, uint8_t *frame, uint32_t n)
{
	if (link == DLT_NULL)
		null_to_host(frame, n);
	else if (swapped && link == DLT_NFLOG)
		nflog_to_host(frame, n);
	else if (swapped && link == DLT_PFLOG)
		pflog_to_host(frame, n);
}

const char *linktype_name(int link)
{
	const char *name = pcap_datalink_val_to_name(linktype_to_dlt(link));
	return name ? name : "unnamed";
}
