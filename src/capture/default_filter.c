/* default_filter.c - writes the expression for the kernel with explicit offsets, once for each VLAN
 * tag that may precede the IP header. */
#include "capture/default_filter.h"

#include "core/packet/numbers.h"

#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* TAGS: the filter looks behind as many VLAN tags as the core remembers, and accepts every frame
 * with more tags. PORTS_NAMED: the most ports in an expression. */
enum { TAGS = PACKET_VLANS, PORTS_NAMED = 64 };

/* Offsets of the ethertype and of the header behind it, for link types with an ethertype. If the
 * network card did not remove the first VLAN tag, the kernel has. */
static const struct link_place {
	int dlt;
	unsigned type, next;
} places[] = {{DLT_EN10MB, 12, 14}, {DLT_LINUX_SLL, 14, 16}, {DLT_LINUX_SLL2, 0, 20}};

/* An IP header. base: the libpcap name that offsets count from ("ether", "ip", "ip6"). at: the
 * offset of the header. */
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

/* Writes "(B[at:size]=1 or B[at:size]=2)". size: bytes of the field. */
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

/* Expands a list of numbers.h to its numbers. */
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

/* Writes a condition for the ports of a segment. at: offset of the TCP header. The kernel refuses
 * long programs: above PORTS_NAMED ports, only the core filters by port. */
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

/* Writes the condition for TCP and for tunnels in UDP, for both IP versions. protocol: offset of
 * the protocol number. The destination port identifies a tunnel in UDP. */
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
 * Accepts all fragments: only the first one has ports, and an incomplete datagram is counted as
 * trouble. Also accepts all headers with options. For cooked frames libpcap's fix_offset
 * (pcap-linux.c, 1.10) translates a computed offset wrongly.
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
 * A classic BPF program cannot follow extension headers (0, 43, 44, 60): such frames are few, and
 * are accepted. Exception: multicast listener reports, which occur in every network, are rejected.
 * They have hop-by-hop options (0) of eight bytes and then ICMPv6 that is no error.
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

/* Writes the condition for an ethertype field and its header. tags: how many more VLAN tags may
 * follow. */
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
	/* LLC with SNAP can also carry IP. */
	put(f, " or ((ether[%u:2]<0x600 or ether[%u:2]=0x8870) and ether[%u:4]=0xaaaa0300)", type,
	    type, next);
	put(f, " or (");
	PUT_LIST(f, "ether", type, 2, PACKET_VLAN_TAGS);
	if (tags > 0) {
		put(f, " and ");
		put_typed(f, next + 2, next + 4, tags - 1, ports);
	}
	put(f, "))");
}

/* Other link types have no ethertype at a fixed offset: libpcap finds their IP header. */
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
