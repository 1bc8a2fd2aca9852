/* fast_path.c - the short way through nearly all frames: TCP over IP without options over
 * Ethernet, with one VLAN tag or none. */
#include "core/packet/tcp.h"

enum {
	LINK_ETHERNET = 1,
	ETHER = 14,
	TAG = 4,
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	IPV4 = 20,
	IPV6 = 40
};

/* p: where IP begins, n bytes of which were captured. */
static inline bool ipv4_plain(const uint8_t *p, uint32_t n)
{
	return n >= IPV4 + WALK_TCP && p[0] == 0x45 && p[9] == 6 && !(walk_be16(p + 6) & 0x3fff);
}

/* An address whose first byte is not 0 is no mapped one. */
static inline bool ipv6_plain(const uint8_t *p, uint32_t n)
{
	return n >= IPV6 + WALK_TCP && p[0] >> 4 == 6 && p[6] == 6 && p[8] != 0 && p[24] != 0;
}

static inline void ipv4_fill(struct packet *restrict out, const uint8_t *restrict p)
{
	packet_addr_set(&out->src, p + 12, 4);
	packet_addr_set(&out->dst, p + 16, 4);
	out->ttl = p[8];
	out->ip_id = walk_be16(p + 4);
	out->df = p[6] >> 6 & 1;
}

static inline void ipv6_fill(struct packet *restrict out, const uint8_t *restrict p)
{
	packet_addr_set(&out->src, p + 8, 16);
	packet_addr_set(&out->dst, p + 24, 16);
	out->ttl = p[7];
	out->ip_id = 0;
	out->df = true;
}

/*
 * Lengths that do not fit, and headers that are cut, are left to the tables' way, which knows why.
 * All of it stands in one function, because what is known of the frame then never leaves the
 * registers.
 */
static inline enum packet_kind plain_read(const struct packet_decoder *d, const struct frame *f,
					  struct packet *restrict out)
{
	if (f->link != LINK_ETHERNET || f->caplen < ETHER + TAG || d->insist_checksum)
		return WALK_ON;
	uint32_t type = walk_be16(f->data + ETHER - 2), ip = ETHER, vlan = 0;
	if (type == TYPE_VLAN && (vlan = walk_be16(f->data + ETHER) & 0x0fff)) {
		ip = ETHER + TAG;
		type = walk_be16(f->data + ip - 2);
	}
	const uint8_t *p = f->data + ip;
	uint32_t cap = f->caplen - ip, len = f->len > f->caplen ? f->len - ip : cap, header = IPV4,
		 length;
	bool v4 = type == TYPE_IPV4;
	if (v4 && ipv4_plain(p, cap)) {
		length = walk_be16(p + 2);
	} else if (type == TYPE_IPV6 && ipv6_plain(p, cap)) {
		header = IPV6;
		length = walk_be16(p + 4) + (uint32_t)IPV6;
	} else {
		return WALK_ON;
	}
	if (length > len || length < header + WALK_TCP)
		return WALK_ON;
	const uint8_t *tcp = p + header;
	if (!walk_monitored(d->ports, tcp))
		return PACKET_UNWATCHED;
	uint32_t offset = (tcp[12] >> 4) * 4u;
	header += offset;
	cap = cap < length ? cap : length;
	if (offset < WALK_TCP || header > cap)
		return WALK_ON;
	if (v4)
		ipv4_fill(out, p);
	else
		ipv6_fill(out, p);
	out->vlans = vlan > 0;
	out->vlan[0] = (uint16_t)vlan;
	out->vlan[1] = 0;
	out->ts = f->ts;
	out->payload = p + header;
	out->payload_len = length - header;
	out->payload_cap = cap - header;
	packet_tcp_fill(out, tcp, offset);
	return PACKET_TCP;
}

enum packet_kind packet_decode(const struct packet_decoder *d, const struct frame *f,
			       union packet_decoded *out)
{
	enum packet_kind kind = plain_read(d, f, &out->tcp);
	return kind == WALK_ON ? packet_read_frame(d, f, out) : kind;
}
