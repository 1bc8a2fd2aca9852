/* default_filter.c - the expression for the kernel, spelled out in offsets, once for each VLAN tag
 * that may stand before the IP header. */
#include "capture/default_filter.h"

#include "core/packet/numbers.h"

#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* As many tags as the core remembers are looked behind; a frame with more of them is taken as it
 * is. */
enum { TAGS = PACKET_VLANS, PORTS_NAMED = 64 };

/* Where a link type has its ethertype, and where the header behind it begins. The kernel has taken
 * the first tag out of the frame, where the card did not. */
static const struct link_place {
	int dlt;
	unsigned type, next;
} places[] = {{DLT_EN10MB, 12, 14}, {DLT_LINUX_SLL, 14, 16}, {DLT_LINUX_SLL2, 0, 20}};

/* An IP header: libpcap's name for what its offsets count from ("ether", "ip", "ip6"), and where it
 * begins. */
struct level {
	const char *base;
	unsigned at;
};

__attribute__((format(printf, 2, 3))) static void put(FILE *f, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
}

/* "(B[at]=1 or B[at]=2)", for a field of so many bytes. */
static void put_any_of(FILE *f, const char *base, unsigned at, unsigned size,
		       const unsigned *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(f, "%s%s[%u:%u]=%u", i == 0 ? "(" : " or ", base, at, size, values[i]);
	put(f, ")");
}

#define PUT_ANY_OF(f, base, at, size, ...)                                                         \
	put_any_of(f, base, at, size, (const unsigned[]){__VA_ARGS__},                             \
		   sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

/* The numbers of a list of numbers.h. */
#define NUMBER(number, name) number,

#define PUT_LIST(f, base, at, size, list)                                                          \
	put_any_of(f, base, at, size, (const unsigned[]){list(NUMBER)},                            \
		   sizeof((const unsigned[]){list(NUMBER)}) / sizeof(unsigned))

static unsigned ports_count(const struct port_set *ports)
{
	unsigned n = 0;
	for (size_t i = 0; i < sizeof ports->bits / sizeof *ports->bits; i++)
		n += (unsigned)__builtin_popcountll(ports->bits[i]);
	return n;
}

/* The segment's ports; at: the TCP header. So many ports that the kernel would refuse the program
 * are left to the core. */
static void put_ports(FILE *f, const char *base, unsigned at, const struct port_set *ports)
{
	if (!ports || ports_count(ports) > PORTS_NAMED)
		return;
	put(f, " and (0=1");
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		if (port_set_has(ports, (uint16_t)port))
			put(f, " or %s[%u:2]=%u or %s[%u:2]=%u", base, at, port, base, at + 2,
			    port);
	put(f, ")");
}

/* What all IP versions carry; protocol: where its number stands. Tunnels in UDP are told by their
 * destination port. */
static void put_transport(FILE *f, const char *base, unsigned protocol, unsigned at,
			  const struct port_set *ports)
{
	put(f, "(%s[%u]=17 and ", base, protocol);
	PUT_LIST(f, base, at + 2, 2, PACKET_UDP_PORTS);
	put(f, ") or (%s[%u]=6", base, protocol);
	put_ports(f, base, at, ports);
	put(f, ")");
}

/*
 * Fragments are taken whole, whatever they carry: the ports stand in the first only, and one that
 * is never completed counts as trouble. So are the few headers with options: an offset that has to
 * be computed comes out wrong where libpcap turns a program for cooked frames into the kernel's
 * terms (fix_offset in its pcap-linux.c, 1.10).
 */
static void put_ipv4(FILE *f, struct level l, const struct port_set *ports)
{
	unsigned at = l.at + 20;
	put(f, "((%s[%u:2]&0x3fff)!=0 or (%s[%u]&15)!=5 or ", l.base, l.at + 6, l.base, l.at);
	PUT_LIST(f, l.base, l.at + 9, 1, PACKET_PROTOCOLS);
	put(f, " or (%s[%u]=1 and ", l.base, l.at + 9);
	PUT_ANY_OF(f, l.base, at, 1, 3, 4, 11, 12);
	put(f, ") or ");
	put_transport(f, l.base, l.at + 9, at, ports);
	put(f, ")");
}

/*
 * Behind extension headers (0, 43, 44, 60) a classic BPF program cannot follow; such frames are
 * few, and taken as they are. But for multicast listener reports, which are on every net: options
 * (0) of eight bytes and then ICMPv6 that is no error.
 */
static void put_ipv6(FILE *f, struct level l, const struct port_set *ports)
{
	unsigned at = l.at + 40;
	put(f, "((%s[%u]=0 and not (%s[%u:2]=0x3a00 and %s[%u]>=128)) or ", l.base, l.at + 6,
	    l.base, at, l.base, at + 8);
	PUT_LIST(f, l.base, l.at + 6, 1, PACKET_EXTENSIONS);
	put(f, " or ");
	PUT_LIST(f, l.base, l.at + 6, 1, PACKET_PROTOCOLS);
	put(f, " or (%s[%u]=58 and %s[%u]>=1 and %s[%u]<=4) or ", l.base, l.at + 6, l.base, at,
	    l.base, at);
	put_transport(f, l.base, l.at + 6, at, ports);
	put(f, ")");
}

/* LLC with SNAP, in which IP also travels. */
static void put_snap(FILE *f, unsigned type, unsigned next)
{
	put(f, " or ((ether[%u:2]<0x600 or ether[%u:2]=0x8870) and ether[%u:4]=0xaaaa0300)", type,
	    type, next);
}

/* What may stand behind an ethertype field; tags: so many more may follow. */
static void put_typed(FILE *f, unsigned type, unsigned next, unsigned tags,
		      const struct port_set *ports)
{
	struct level l = {"ether", next};
	put(f, "((ether[%u:2]=0x800 and ", type);
	put_ipv4(f, l, ports);
	put(f, ") or (ether[%u:2]=0x86dd and ", type);
	put_ipv6(f, l, ports);
	put(f, ") or ");
	PUT_LIST(f, "ether", type, 2, PACKET_ETHERTYPES);
	put_snap(f, type, next);
	put(f, " or (");
	PUT_LIST(f, "ether", type, 2, PACKET_VLAN_TAGS);
	if (tags > 0) {
		put(f, " and ");
		put_typed(f, next + 2, next + 4, tags - 1, ports);
	}
	put(f, "))");
}

/* Other link types have no ethertype at a fixed place, or none at all: libpcap knows where their IP
 * header begins. */
static void put_untyped(FILE *f, const struct port_set *ports)
{
	put(f, "((ip and ");
	put_ipv4(f, (struct level){"ip", 0}, ports);
	put(f, ") or (ip6 and ");
	put_ipv6(f, (struct level){"ip6", 0}, ports);
	put(f, "))");
}

char *default_filter(int dlt, const struct port_set *ports, const char *user)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	const struct link_place *place = NULL;
	if (!f)
		return NULL;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].dlt == dlt)
			place = &places[i];
	if (place)
		put_typed(f, place->type, place->next, TAGS, ports);
	else
		put_untyped(f, ports);
	if (user)
		put(f, " and (%s)", user);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
