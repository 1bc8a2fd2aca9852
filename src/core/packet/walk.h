/* walk.h - inside the packet decoder: the walk from header to header. Only
 * src/core/packet include it. */
#ifndef SMTPWATCH_CORE_PACKET_WALK_H
#define SMTPWATCH_CORE_PACKET_WALK_H

#include "smtpwatch/packet.h"

/*
 * Where the decoder stands, and what it knows from the headers above. cap is never more than len.
 * Nothing is cleared between headers: an inner IP header overwrites what the outer one said.
 */
struct walk {
	const uint8_t *p;  /* the header at hand */
	uint32_t cap, len; /* from p on: bytes captured, and bytes on the wire */
	uint32_t number;   /* of the header at p, in its space */
	uint8_t space;     /* enum packet_space: the table in decode.c in which it is looked up */
	bool open;   /* who truncated the frame did not say how long it was: len only means "at
			least", a length in a header is believed */
	bool insist; /* on checksums */
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

/* The answer of a decode function that is not the last: w stands at the next header, and space and
 * number say what that is. */
#define WALK_ON PACKET_KINDS

struct walk_row {
	uint32_t number;
	enum packet_kind (*read)(struct walk *w);
};

/* A table and its length, as two arguments or members. */
#define WALK_ROWS(table) (table), sizeof(table) / sizeof((table)[0])

/* The row of a number, or NULL. Rows stand in order of frequency: the usual frame meets the first.
 */
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

/* Why n bytes are not there (w->cap < n): the snaplen took them, or they never were. */
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

/* Takes a header's word that n bytes are left from p on: what follows is padding. False if there
 * are fewer. */
static inline bool walk_trim(struct walk *w, uint32_t n)
{
	if (n > w->len && !w->open)
		return false;
	w->len = n;
	w->cap = w->cap < n ? w->cap : n;
	w->open = false;
	return true;
}

/* The frame's end is the only word there is; where that is open too, what was captured. */
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

/* The decode functions, by file. Each stands at its header, reads it, and steps over it. */

/* link.c: what a LINKTYPE_ begins with */
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

/* ether.c: Ethernet, and what an ethertype begins with */
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

/* tunnel.c: what carries frames or packets on top of IP */
enum packet_kind packet_read_gre(struct walk *w);
enum packet_kind packet_read_udp(struct walk *w);

/* tcp.c: the end of the walk */
enum packet_kind packet_read_tcp(struct walk *w);

/* One of the ports at the beginning of the TCP header p is watched. */
static inline bool walk_watched(const struct port_set *ports, const uint8_t *p)
{
	return !ports || port_set_has(ports, walk_be16(p + 2)) || port_set_has(ports, walk_be16(p));
}

/* decode.c: any frame, by the tables. fast_path.c has the short way for the usual one, which
 * comes to no other result in a third of the time. */
enum packet_kind packet_read_frame(const struct packet_decoder *d, const struct frame *f,
				   union packet_decoded *out);

/* icmp.c */
enum packet_kind packet_read_icmp(struct walk *w);
enum packet_kind packet_read_icmp6(struct walk *w);

/* The Internet checksum (RFC 1071) over p, continued from sum, folded to 16 bits: 0xffff where the
 * bytes hold their own right checksum. */
uint32_t packet_sum(const uint8_t *p, size_t n, uint64_t sum);

/* An address of n (4 or 16) bytes, in the one form. */
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
