/* tcp.c - the TCP header, its options and its checksum: the end of the walk that everybody
 * waits for. */
#include "core/packet/tcp.h"

enum {
	TCP_HEADER = WALK_TCP,
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_WSCALE = 3,
	OPTION_TS = 8,
	OPTION_MD5 = 19,
	OPTION_AO = 29
};

/* Eight bytes at a time: one's complement sums may be split and swapped at will (RFC 1071 2), so
 * byte order only matters at the end. */
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

/* The layout of nearly every SYN: MSS, SACK permitted, timestamps, NOP, window scale. */
static bool syn_options_read(struct packet *out, const uint8_t *p, const uint8_t *end)
{
	if (end - p != 20 || walk_be16(p) != 0x0204 || walk_be32(p + 4) != 0x0402080a ||
	    walk_be32(p + 16) >> 8 != 0x010303)
		return false;
	out->mss = walk_be16(p + 2);
	packet_tcp_times(out, p + 6);
	out->has_wscale = true;
	out->wscale = p[19] < WSCALE_MAX ? p[19] : WSCALE_MAX;
	return true;
}

/* A length that fits no option's rule makes it none; one that runs over the end, or is 0, ends the
 * list. */
void packet_tcp_options(struct packet *out, const uint8_t *p, const uint8_t *end)
{
	if (syn_options_read(out, p, end))
		return;
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
			packet_tcp_times(out, p);
		else if ((*p == OPTION_MD5 && p[1] == 18) || (*p == OPTION_AO && p[1] >= 4))
			out->marks |= MARK_SIGNED;
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

/* A header cut in its options is still a segment: what the connection needs stands in the first 20
 * bytes. */
enum packet_kind packet_read_tcp(struct walk *w)
{
	const uint8_t *p = w->p;
	if (w->cap < 4)
		return walk_short(w, TCP_HEADER);
	if (!walk_monitored(w->ports, p))
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
	packet_tcp_fill(out, p, captured);
	out->marks |= captured < header ? MARK_CUT : 0;
	return PACKET_TCP;
}
