/* packet_tcp.c - the TCP header, its options and its checksum: the end of the walk that everybody waits for. */
#include "core/packet_walk.h"

enum { TCP_HEADER = 20, OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_WSCALE = 3, OPTION_TS = 8, WSCALE_MAX = 14 };

static inline bool tcp_watched(const struct walk *w, uint16_t src, uint16_t dst)
{
	return !w->ports || port_set_has(w->ports, dst) || port_set_has(w->ports, src);
}

/* Eight bytes at a time: one's complement sums may be split and swapped at will (RFC 1071 2), so byte order only matters at the end. */
uint32_t packet_sum(const uint8_t *p, size_t n, uint64_t sum)
{
	uint64_t native = 0;
	for (; n >= 4; n -= 4, p += 4) {
		uint32_t word;
		memcpy(&word, p, 4);
		native += word;
	}
	uint8_t tail[4] = {0};
	memcpy(tail, p, n);
	uint32_t last;
	memcpy(&last, tail, 4);
	native += last;
	while (native >> 16)
		native = (native & 0xffff) + (native >> 16);
	uint16_t folded = (uint16_t)native;
	sum += walk_be16((const uint8_t *)&folded);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* The pseudo-header needs no case for mapped addresses: the ff ff before them sums to nothing. */
static bool checksum_holds(const struct walk *w)
{
	uint64_t sum = packet_sum(w->src, w->addr_n, 6 + (uint64_t)w->len);
	return packet_sum(w->p, w->len, packet_sum(w->dst, w->addr_n, sum)) == 0xffff;
}

static inline void timestamps_read(struct packet *out, const uint8_t *option)
{
	out->has_tsopt = true;
	out->tsval = walk_be32(option + 2);
	out->tsecr = walk_be32(option + 6);
}

/* A length that fits no option's rule makes it none; one that runs over the end, or is 0, ends the list. */
static void tcp_options_read(struct packet *out, const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return;
		if (*p == OPTION_MSS && p[1] == 4)
			out->mss = walk_be16(p + 2);
		else if (*p == OPTION_WSCALE && p[1] == 3) {
			out->has_wscale = true;
			out->wscale = p[2] < WSCALE_MAX ? p[2] : WSCALE_MAX;
		} else if (*p == OPTION_TS && p[1] == 10)
			timestamps_read(out, p);
		p += p[1];
	}
}

static inline void packet_fill(struct packet *restrict out, const struct walk *restrict w)
{
	packet_addr_set(&out->src, w->src, w->addr_n);
	packet_addr_set(&out->dst, w->dst, w->addr_n);
	out->ttl = w->ttl;
	out->ip_id = w->ip_id;
	out->df = w->df;
	out->vlans = w->vlans;
	memcpy(out->vlan, w->vlan, sizeof out->vlan);
	out->ts = w->ts;
}

static inline void header_fill(struct packet *restrict out, const uint8_t *restrict p)
{
	out->src_port = walk_be16(p);
	out->dst_port = walk_be16(p + 2);
	out->seq = walk_be32(p + 4);
	out->ack = walk_be32(p + 8);
	out->flags = p[13] & 0x3f;
	out->window = walk_be16(p + 14);
	out->mss = 0;
	out->wscale = 0;
	out->has_wscale = out->has_tsopt = false;
	out->tsval = out->tsecr = 0;
}

/*
 * A header cut in its options is still a segment: what the connection needs stands in the first 20 bytes. Inlined by force into the plain way below, because no
 * compiler does it unasked.
 */
static inline __attribute__((always_inline)) enum packet_kind tcp_read(struct walk *w)
{
	const uint8_t *p = w->p;
	if (w->cap < 4)
		return walk_short(w, TCP_HEADER);
	if (!tcp_watched(w, walk_be16(p), walk_be16(p + 2)))
		return PACKET_UNWATCHED;
	if (w->cap < TCP_HEADER)
		return walk_short(w, TCP_HEADER);
	uint32_t header = (p[12] >> 4) * 4u;
	if (header < TCP_HEADER || header > w->len)
		return PACKET_MALFORMED;
	if (w->insist && w->cap == w->len && !checksum_holds(w))
		return PACKET_CHECKSUM;
	uint32_t captured = w->cap < header ? w->cap : header;
	struct packet *out = &w->out->tcp;
	out->payload = p + captured;
	out->payload_len = w->len - header;
	out->payload_cap = w->cap - captured;
	packet_fill(out, w);
	header_fill(out, p);
	/* The layout of nearly every segment in the middle of a connection (RFC 7323 appendix A). */
	if (captured == 32 && walk_be32(p + TCP_HEADER) == 0x0101080a)
		timestamps_read(out, p + 22);
	else if (captured > TCP_HEADER)
		tcp_options_read(out, p + TCP_HEADER, p + captured);
	return PACKET_TCP;
}

enum packet_kind packet_read_tcp(struct walk *w)
{
	return tcp_read(w);
}

enum { LINK_ETHERNET = 1, ETHER = 14, TAG = 4, PLAIN_IPV4 = 20, PLAIN_IPV6 = 40 };

/* n: bytes captured from p, where IP begins. Returns the length on the wire, 0 where anything is unusual. */
static inline uint32_t plain_ipv4(struct walk *w, const uint8_t *p, uint32_t n)
{
	if (n < PLAIN_IPV4 + TCP_HEADER || p[0] != 0x45 || p[9] != 6 || walk_be16(p + 6) & 0x3fff)
		return 0;
	w->p = p + PLAIN_IPV4;
	w->addr_n = 4;
	w->src = p + 12;
	w->dst = p + 16;
	w->ttl = p[8];
	w->df = p[6] & 0x40;
	w->ip_id = walk_be16(p + 4);
	return walk_be16(p + 2);
}

/* An address whose first byte is not 0 is no mapped one. */
static inline uint32_t plain_ipv6(struct walk *w, const uint8_t *p, uint32_t n)
{
	if (n < PLAIN_IPV6 + TCP_HEADER || p[0] >> 4 != 6 || p[6] != 6 || p[8] == 0 || p[24] == 0)
		return 0;
	w->p = p + PLAIN_IPV6;
	w->addr_n = 16;
	w->src = p + 8;
	w->dst = p + 24;
	w->ttl = p[7];
	w->df = true;
	w->ip_id = 0;
	return walk_be16(p + 4) + (uint32_t)PLAIN_IPV6;
}

static inline uint32_t plain_ip(struct walk *w, uint32_t type, const uint8_t *p, uint32_t n)
{
	if (type == 0x0800)
		return plain_ipv4(w, p, n);
	return type == 0x86dd ? plain_ipv6(w, p, n) : 0;
}

/*
 * It stands in this file because the walk then never leaves the registers: nothing that is called takes its address. Lengths that do not fit are left to the
 * tables' way, which knows why.
 */
enum packet_kind packet_read_plain(const struct packet_decoder *d, const struct frame *f, union packet_decoded *out)
{
	if (f->link != LINK_ETHERNET || f->caplen < ETHER + TAG || d->insist_checksum)
		return WALK_ON;
	struct walk w = {.ports = d->ports, .out = out, .ts = f->ts};
	uint32_t type = walk_be16(f->data + ETHER - 2), ip = ETHER;
	if (type == 0x8100 && (w.vlan[0] = walk_be16(f->data + ETHER) & 0x0fff)) {
		w.vlans = 1;
		ip = ETHER + TAG;
		type = walk_be16(f->data + ip - 2);
	}
	uint32_t cap = f->caplen - ip, len = f->len > f->caplen ? f->len - ip : cap;
	uint32_t length = plain_ip(&w, type, f->data + ip, cap);
	if (length == 0 || length > len)
		return WALK_ON;
	uint32_t header = (uint32_t)(w.p - f->data) - ip;
	if (length < header + TCP_HEADER)
		return WALK_ON;
	w.len = length - header;
	w.cap = (cap < length ? cap : length) - header;
	return tcp_read(&w);
}
