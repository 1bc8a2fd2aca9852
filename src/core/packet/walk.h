/* walk.h - the internals of the packet decoder: the walk from header to header. Only files of
 * src/core/packet include this header. */
#ifndef SMTPWATCH_CORE_PACKET_WALK_H
#define SMTPWATCH_CORE_PACKET_WALK_H

#include "smtpwatch/packet.h"

/* The position of the decoder, and the facts from the headers above. cap is at most len. Nothing is
 * cleared between headers: an inner IP header overwrites the facts of the outer one. */
struct walk {
	const uint8_t *p;  /* the header to read next */
	uint32_t cap, len; /* from p on: bytes captured, and bytes on the wire */
	uint32_t number;   /* of the header at p, in its space */
	uint8_t space;     /* enum packet_space: the table in decode.c in which it is looked up */
	/* The tool that truncated the frame did not record the frame's length. len is then a lower
	 * bound, and a length in a header is believed. */
	bool open;
	bool insist; /* a wrong TCP checksum is PACKET_CHECKSUM */
	bool v6;     /* of the IP header last read, as all that follow */
	bool df;
	uint8_t ttl;
	uint8_t addr_n; /* length of each address: 4, or 16 */
	uint8_t vlans;
	uint16_t vlan[PACKET_VLANS];
	uint16_t ip_id;
	const uint8_t *src, *dst;
	const struct port_set *ports;
	union packet_decoded *out;
	int64_t ts;
};

/* Result of a decode function if another header follows: w is at the next header; space and number
 * say which. */
#define WALK_ON PACKET_KINDS

struct walk_row {
	uint32_t number;
	enum packet_kind (*read)(struct walk *w);
};

/* Expands to a table and its length, as two arguments or members. */
#define WALK_ROWS(table) (table), sizeof(table) / sizeof((table)[0])

/* Returns the row of a number, or NULL. Rows are in order of frequency, so that the usual frame
 * meets the first. */
static inline const struct walk_row *walk_row_find(const struct walk_row *rows, size_t n,
						   uint32_t number)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static inline uint16_t walk_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t walk_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Returns why n bytes are not captured (w->cap < n): PACKET_CUT if the snaplen has cut them, else
 * PACKET_MALFORMED. */
static inline enum packet_kind walk_short(const struct walk *w, uint32_t n)
{
	return n <= w->len || w->open ? PACKET_CUT : PACKET_MALFORMED;
}

/* Steps over n bytes, which must have been captured. */
static inline void walk_skip(struct walk *w, uint32_t n)
{
	w->p += n;
	w->cap -= n;
	w->len -= n;
}

/* Limits the rest to n bytes from p on, as a header states: what follows is padding. Returns false
 * if there are fewer bytes. */
static inline bool walk_trim(struct walk *w, uint32_t n)
{
	if (n > w->len && !w->open)
		return false;
	w->len = n;
	w->cap = w->cap < n ? w->cap : n;
	w->open = false;
	return true;
}

/* Call if no header states a length: the rest ends with the frame, or, if w->open, with the
 * captured bytes. */
static inline void walk_trim_none(struct walk *w)
{
	w->len = w->open ? w->cap : w->len;
}

static inline enum packet_kind walk_next(struct walk *w, enum packet_space space, uint32_t number)
{
	w->space = space;
	w->number = number;
	return WALK_ON;
}

/* The decode functions, by file. Each reads the header at w->p and steps over it. */

/* link.c: the headers of a LINKTYPE_ */
enum packet_kind packet_read_null(struct walk *w);
enum packet_kind packet_read_ppp(struct walk *w);
enum packet_kind packet_read_chdlc(struct walk *w);
enum packet_kind packet_read_sll(struct walk *w);
enum packet_kind packet_read_sll2(struct walk *w);
enum packet_kind packet_read_pflog(struct walk *w);
enum packet_kind packet_read_nflog(struct walk *w);
enum packet_kind packet_read_wlan(struct walk *w);
enum packet_kind packet_read_radiotap(struct walk *w);
enum packet_kind packet_read_pktap(struct walk *w);

/* ether.c: Ethernet, and the headers of an ethertype */
enum packet_kind packet_read_ethernet(struct walk *w);
enum packet_kind packet_read_llc(struct walk *w);
enum packet_kind packet_read_vlan(struct walk *w);
enum packet_kind packet_read_vntag(struct walk *w);
enum packet_kind packet_read_etag(struct walk *w);
enum packet_kind packet_read_rtag(struct walk *w);
enum packet_kind packet_read_hsr(struct walk *w);
enum packet_kind packet_read_cmd(struct walk *w);
enum packet_kind packet_read_ttag(struct walk *w);
enum packet_kind packet_read_arista(struct walk *w);
enum packet_kind packet_read_fabricpath(struct walk *w);
enum packet_kind packet_read_pbb(struct walk *w);
enum packet_kind packet_read_mpls(struct walk *w);
enum packet_kind packet_read_pppoe(struct walk *w);
enum packet_kind packet_read_ppp_protocol(struct walk *w);

/* ip.c: a raw IP packet of either version, IPv4, IPv6 and its extension headers, AH */
enum packet_kind packet_read_ip(struct walk *w);
enum packet_kind packet_read_ipv4(struct walk *w);
enum packet_kind packet_read_ipv6(struct walk *w);
enum packet_kind packet_read_extensions(struct walk *w);
enum packet_kind packet_read_ah(struct walk *w);

/* tunnel.c: protocols over IP that carry frames or packets */
enum packet_kind packet_read_gre(struct walk *w);
enum packet_kind packet_read_udp(struct walk *w);

/* tcp.c: the end of the walk */
enum packet_kind packet_read_tcp(struct walk *w);

/* Returns true if one of the ports in the TCP header at p is watched. ports NULL: all are. */
static inline bool walk_monitored(const struct port_set *ports, const uint8_t *p)
{
	return !ports || port_set_has(ports, walk_be16(p + 2)) || port_set_has(ports, walk_be16(p));
}

/* decode.c: decodes any frame by the tables. fast_path.c decodes the usual frame, with the same
 * result in a third of the time. */
enum packet_kind packet_read_frame(const struct packet_decoder *d, const struct frame *f,
				   union packet_decoded *out);

/* icmp.c */
enum packet_kind packet_read_icmp(struct walk *w);
enum packet_kind packet_read_icmp6(struct walk *w);

/* Returns the Internet checksum (RFC 1071) of n bytes at p, continued from sum, folded to 16 bits.
 * The result is 0xffff if the bytes include their own correct checksum. */
uint32_t packet_sum(const uint8_t *p, size_t n, uint64_t sum);

/* Sets *a from an address of n bytes (4 or 16) at p; IPv4 in its mapped form. */
static inline void packet_addr_set(struct ip_addr *a, const uint8_t *p, size_t n)
{
	if (n == 16) {
		memcpy(a->b, p, 16);
		return;
	}
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	memcpy(a->b, mapped, 12);
	memcpy(a->b + 12, p, 4);
}

#endif
