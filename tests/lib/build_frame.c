/* build_frame.c - TCP and IP headers of a segment, in either family, whole or in two fragments;
 * what stands before them comes from wire.c. */
#include "lib/build_frame.h"

#include "lib/capfile.h"
#include "lib/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Nobody speaks SMTP there. */
enum { PORT_DISCARD = 9 };

enum {
	FRAGMENT_FIRST = 24,
	PLAIN_HEADERS = 54,
	TCP_HEADER = 20,
	TCP_OPTIONS = 24,
	TCP_QUOTED = 8,
	ICMP_HEADER = 8
};
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_ICMP6 = 58 };

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_SLL = 113,
	LINK_PKTAP = 258,
	LINK_SLL2 = 276
};

/* 108 bytes: length, type, link type, interface, flags, family, header and trailer of the link,
 * process. */
#define PKTAP                                                                                      \
	"=6c0000000100000001000000 =656e30000000000000000000000000000000000000000000 "             \
	"=00000000020000000e00000000000000 =2a000000 "                                             \
	"=6d61696c00000000000000000000000000000000 =0000000006000000 =2a000000 "                   \
	"=6d61696c00000000000000000000000000000000"

const struct wrapping wrappings[] = {
	{"ipv4", LINK_ETHERNET, 0, "eth:800"},
	{"ipv6", LINK_ETHERNET, WRAPPING_V6, "eth:86dd"},
	{"vlan", LINK_ETHERNET, 0, "eth:8100 =002a0800"},
	{"qinq", LINK_ETHERNET, WRAPPING_V6, "eth:88a8 =03ef8100 =002a86dd"},
	{"fragments", LINK_ETHERNET, WRAPPING_FRAGMENTS, "eth:800"},
	{"fragments-v6", LINK_ETHERNET, WRAPPING_V6 | WRAPPING_FRAGMENTS, "eth:86dd"},
	{"offload", LINK_ETHERNET, WRAPPING_OFFLOAD, "eth:800"},
	{"mpls", LINK_ETHERNET, 0, "eth:8847 =03e8113f"},
	{"pppoe", LINK_ETHERNET, 0, "eth pppoe:21"},
	{"ipip", LINK_ETHERNET, 0, "eth ip4:4"},
	{"6in4", LINK_ETHERNET, WRAPPING_V6, "eth ip4:29"},
	{"gre", LINK_ETHERNET, 0, "eth vlan:2a ip4:2f =00000800"},
	{"vxlan", LINK_ETHERNET, 0, "eth ip4 udp:12b5 =0800000000004d00 eth:800"},
	{"geneve", LINK_ETHERNET, WRAPPING_V6, "eth ip4 udp:17c1 =000086dd00004d00"},
	{"vntag", LINK_ETHERNET, 0, "eth:8926 =00010002 =8100 =002a0800"},
	{"etag", LINK_ETHERNET, WRAPPING_V6, "eth:893f =a00100020304 =86dd"},
	{"cmd", LINK_ETHERNET, 0, "eth:8100 =002a8909 =010100010064 =0800"},
	{"ttag", LINK_ETHERNET, WRAPPING_V6, "eth:8988 =0102030405ff =86dd"},
	{"ttag-one-way", LINK_ETHERNET, WRAPPING_ONE_WAY, "eth:8988 =01020304 =0800"},
	{"tzsp", LINK_ETHERNET, 0, "eth ip4 udp:9090 =0100000101 eth:800"},
	{"hp-erm", LINK_ETHERNET, 0,
	 "eth ip4 udp:1efc =00112233445566778899aabb eth:8100 =002a0800"},
	{"pktap", LINK_PKTAP, 0, PKTAP " eth:800"},
	{"arista", LINK_ETHERNET, 0, "eth:d28b =000100100000000100000002 =0800"},
	{"fabricpath", LINK_ETHERNET, 0, "eth:8903 =0402 eth:8100 =002a0800"},
	{"pbb", LINK_ETHERNET, WRAPPING_V6, "eth:88a8 =03ef88e7 =00123456 eth:86dd"},
	{"rtag", LINK_ETHERNET, 0, "eth:f1c1 =00000007 =0800"},
	{"hsr", LINK_ETHERNET, 0, "eth:892f =00420007 =0800"},
	{"raw", LINK_RAW, 0, NULL},
	{"any", LINK_SLL, 0, "=000000010006020000000001 =00000800"},
	{"any2", LINK_SLL2, WRAPPING_V6, "=86dd0000 =00000003 =0001 =0006 =0200000000010000"},
	{"loopback", LINK_NULL, WRAPPING_V6, "=1e000000"},
	{NULL, 0, 0, NULL},
};

const struct wrapping *wrapping_find(const char *name)
{
	const struct wrapping *row = wrappings;
	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

static uint8_t *put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

/* The sum of RFC 1071, not yet folded. */
static uint32_t sum16(struct bytes b, uint32_t sum)
{
	for (size_t i = 0; i < b.n; i++)
		sum += i % 2 ? b.p[i] : (uint32_t)b.p[i] << 8;
	return sum;
}

static unsigned checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Where a part of a datagram belongs; a whole one has offset 0 and no more. */
struct part {
	unsigned offset;
	bool more;
};

/* What an IP header says. The IPv6 addresses hold the IPv4 ones in their last bytes. */
struct ip {
	const uint8_t *from, *to;
	uint8_t protocol, ttl;
	uint16_t id;
	struct part part;
	size_t absent; /* bytes of the datagram that are not in the frame: it is a quotation */
};

static size_t put_address(uint8_t *p, const uint8_t addr[4], bool v6)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	size_t n = v6 ? sizeof prefix : 0;
	memcpy(p, prefix, n);
	memcpy(p + n, addr, 4);
	return n + 4;
}

static uint32_t pseudo_sum(const struct ip *ip, bool v6)
{
	uint8_t both[32];
	size_t n = put_address(both, ip->from, v6);
	n += put_address(both + n, ip->to, v6);
	return sum16(bytes_of(both, n), ip->protocol);
}

/* What stands behind the TCP header; a multiple of four bytes. */
static size_t put_options(uint8_t *p, const struct segment *g)
{
	static const uint8_t syn[] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7, 1, 1, 4, 2},
			     stamps[] = {1, 1, 8, 10};
	uint8_t *q = p;
	if (g->flags & TCP_SYN) {
		memcpy(q, syn, sizeof syn);
		q += sizeof syn;
	}
	if (g->stamped) {
		memcpy(q, stamps, sizeof stamps);
		q = put32(put32(q + sizeof stamps, g->tsval), g->tsecr);
	}
	return (size_t)(q - p);
}

static struct ip ip_of(const struct segment *g, const struct scene *t)
{
	return (struct ip){.from = t->addr[g->side],
			   .to = t->addr[side_other(g->side)],
			   .protocol = PROTOCOL_TCP,
			   .ttl = g->ttl,
			   .id = g->ip_id};
}

/* The TCP segment, with its bytes. */
static void put_tcp(struct wire *w, const struct segment *g, const struct scene *t, unsigned bits)
{
	uint8_t head[TCP_HEADER + TCP_OPTIONS] = {0}, *p = head;
	size_t n = TCP_HEADER + put_options(head + TCP_HEADER, g);
	struct ip ip = ip_of(g, t);
	p = put16(put16(p, t->port[g->side]), t->port[side_other(g->side)]);
	p = put32(put32(p, g->seq), g->ack);
	p[0] = (uint8_t)(n / 4 << 4);
	p[1] = g->flags;
	put16(p + 2, g->window);
	uint32_t sum = pseudo_sum(&ip, bits & WRAPPING_V6) + (uint32_t)(n + g->n);
	sum = sum16(bytes_of(g->data, g->n), sum16(bytes_of(head, n), sum));
	put16(head + 16, bits & WRAPPING_OFFLOAD ? 0x0bad : checksum(sum));
	wire_put_bytes(w, bytes_of(g->data, g->n));
	wire_put_bytes(w, bytes_of(head, n));
}

/* A super-segment that no length field can tell of has 0 there (TSO on the capturing host). */
static unsigned ip_length(size_t n)
{
	return n > UINT16_MAX ? 0 : (unsigned)n;
}

static void put_ipv4(struct wire *w, const struct ip *ip)
{
	bool fragment = ip->part.offset || ip->part.more;
	uint8_t head[20] = {0x45}, *p = head + 2;
	p = put16(put16(p, ip_length(wire_bytes(w).n + sizeof head + ip->absent)), ip->id);
	p = put16(p,
		  (fragment ? 0 : 0x4000u) | (ip->part.more ? 0x2000u : 0) | ip->part.offset / 8);
	p[0] = ip->ttl;
	p[1] = ip->protocol;
	p += 4;
	p += put_address(p, ip->from, false);
	put_address(p, ip->to, false);
	put16(head + 10, checksum(sum16(bytes_of(head, sizeof head), 0)));
	wire_put_bytes(w, bytes_of(head, sizeof head));
}

static void put_ipv6(struct wire *w, const struct ip *ip)
{
	bool fragment = ip->part.offset || ip->part.more;
	uint8_t head[40] = {0x60}, extension[8] = {ip->protocol}, *p = head + 8;
	put32(put16(extension + 2, ip->part.offset | ip->part.more), ip->id);
	wire_put_bytes(w, bytes_of(extension, fragment ? sizeof extension : 0));
	put16(head + 4, ip_length(wire_bytes(w).n + ip->absent));
	head[6] = fragment ? 44 : ip->protocol;
	head[7] = ip->ttl;
	p += put_address(p, ip->from, true);
	put_address(p, ip->to, true);
	wire_put_bytes(w, bytes_of(head, sizeof head));
}

static void put_ip(struct wire *w, const struct ip *ip, bool v6)
{
	(v6 ? put_ipv6 : put_ipv4)(w, ip);
}

/* A router between the two tells a sender what became of its segment: as little of that is quoted
 * as RFC 792 allows. */
static void put_icmp(struct wire *w, const struct segment *g, const struct scene *t, bool v6)
{
	static const uint8_t router[4] = {203, 0, 113, 1};
	struct ip quoted = ip_of(g, t),
		  ip = {.from = router, .to = t->addr[g->side], .ttl = 62, .id = g->ip_id};
	uint8_t tcp[TCP_QUOTED], head[ICMP_HEADER] = {3, 1};
	bool too_big = g->icmp == ICMP_TOO_BIG;
	bool elsewhere = g->icmp == ICMP_ELSEWHERE;
	uint16_t from = elsewhere ? PORT_DISCARD : t->port[g->side],
		 to = elsewhere ? PORT_DISCARD : t->port[side_other(g->side)];
	put32(put16(put16(tcp, from), to), g->seq);
	wire_put_bytes(w, bytes_of(tcp, sizeof tcp));
	quoted.absent = TCP_HEADER - TCP_QUOTED + g->quoted;
	put_ip(w, &quoted, v6);
	head[0] = v6 ? (too_big ? 2 : 1) : 3;
	head[1] = v6 ? (too_big ? 0 : 3) : (too_big ? 4 : 1);
	put16(head + 6, g->mtu);
	ip.protocol = v6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP;
	uint32_t sum = v6 ? pseudo_sum(&ip, true) + (uint32_t)(sizeof head + wire_bytes(w).n) : 0;
	put16(head + 2, checksum(sum16(wire_bytes(w), sum16(bytes_of(head, sizeof head), sum))));
	wire_put_bytes(w, bytes_of(head, sizeof head));
	put_ip(w, &ip, v6);
}

/* Takes the finished frame. A snaplen is counted as if the frame were plain Ethernet and IPv4: it
 * then cuts the same bytes in every wrapping. */
static void frames_add(struct frames *f, const struct wire *w, const struct segment *g, int link)
{
	struct frame frame = wire_frame(w, link);
	uint32_t keep = g->snap ? g->snap + frame.len - g->n - PLAIN_HEADERS : frame.len;
	/* Doubled at each power of two. */
	if ((f->n & (f->n - 1)) == 0) {
		f->frame = realloc(f->frame, (2 * f->n + 1) * sizeof *f->frame);
		f->data = realloc(f->data, (2 * f->n + 1) * sizeof *f->data);
	}
	/* A block of its own and of its very size: the sanitizer then sees who reads beyond a
	 * frame. */
	frame.caplen = keep < frame.len ? keep : frame.len;
	frame.ts = g->ts;
	frame.data = f->data[f->n] = malloc(frame.caplen);
	memcpy(f->data[f->n], wire_bytes(w).p, frame.caplen);
	f->frame[f->n++] = frame;
}

struct wrapper {
	struct frames *frames;
	struct wire *wire;
	const struct segment *segment;
	const struct scene *scene;
	const struct wrapping *how;
};

/* The link layer and its tunnels, before a datagram. Where a mirror tags one direction, the
 * client's frames are plain. */
static void wrap_link(struct wrapper *r)
{
	bool plain = r->how->bits & WRAPPING_ONE_WAY && r->segment->side == CLIENT;
	if (r->how->words)
		wire_put(r->wire, plain ? wrappings->words : r->how->words);
	frames_add(r->frames, r->wire, r->segment, r->how->link);
}

static void wrap(struct wrapper *r, struct bytes tcp, struct part part)
{
	struct ip ip = ip_of(r->segment, r->scene);
	ip.part = part;
	wire_start(r->wire);
	wire_put_bytes(r->wire, tcp);
	put_ip(r->wire, &ip, r->how->bits & WRAPPING_V6);
	wrap_link(r);
}

static void icmp_wrap(struct wrapper *r)
{
	wire_start(r->wire);
	put_icmp(r->wire, r->segment, r->scene, r->how->bits & WRAPPING_V6);
	wrap_link(r);
}

/* Half of it, but no less than the TCP header with its ports and flags. */
static size_t fragment_first(size_t n)
{
	size_t first = (n / 2 + 7) & ~(size_t)7;
	return first < FRAGMENT_FIRST ? FRAGMENT_FIRST : first;
}

static void segment_wrap(struct wrapper *r)
{
	wire_start(r->wire);
	put_tcp(r->wire, r->segment, r->scene, r->how->bits);
	struct bytes tcp = wire_bytes(r->wire);
	size_t first = fragment_first(tcp.n);
	uint8_t *copy = malloc(tcp.n);
	memcpy(copy, tcp.p, tcp.n);
	tcp = bytes_of(copy, tcp.n);
	if (r->how->bits & WRAPPING_FRAGMENTS && tcp.n > first) {
		wrap(r, bytes_first(tcp, first), (struct part){0, true});
		wrap(r, bytes_from(tcp, first), (struct part){(unsigned)first, false});
	} else {
		wrap(r, tcp, (struct part){0, false});
	}
	free(copy);
}

struct frames frames_build(const struct scenario *s, const struct trace *t,
			   const struct wrapping *how)
{
	struct frames f = {0};
	struct wrapper r = {.frames = &f, .wire = malloc(sizeof *r.wire), .how = how};
	for (size_t i = 0; i < t->n; i++) {
		r.segment = &t->segment[i];
		r.scene = &s->scene[r.segment->scene];
		if (r.segment->icmp)
			icmp_wrap(&r);
		else
			segment_wrap(&r);
	}
	free(r.wire);
	return f;
}

void frames_free(struct frames *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->data[i]);
	free(f->data);
	free(f->frame);
	*f = (struct frames){0};
}

bool frames_save(const struct frames *f, int link, const char *path)
{
	const struct capfile_format *format = &capfile_formats[2];
	assert(format->magic == 0xa1b23c4d && !format->big);
	struct capfile m = {0};
	capfile_begin(&m, format, (uint32_t)link);
	for (size_t i = 0; i < f->n; i++)
		capfile_record(&m, format, &f->frame[i]);
	FILE *out = fopen(path, "wb");
	bool good = out && fwrite(m.p, 1, m.n, out) == m.n;
	good = out && fclose(out) == 0 && good;
	capfile_free(&m);
	return good;
}
