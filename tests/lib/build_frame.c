/* build_frame.c - TCP and IP headers of a segment, in either family, whole or in two fragments; what stands before them comes from wire.c. */
#include "lib/build_frame.h"

#include "lib/capfile.h"
#include "lib/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAGMENT_FIRST = 24, PLAIN_HEADERS = 54, TCP_HEADER = 20, SYN_OPTIONS = 12 };
enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101, LINK_SLL = 113, LINK_SLL2 = 276 };

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

/* The session's addresses; the IPv6 ones hold the IPv4 ones in their last bytes. */
static size_t put_address(uint8_t *p, const struct scene *t, enum side side, bool v6)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	size_t n = v6 ? sizeof prefix : 0;
	memcpy(p, prefix, n);
	memcpy(p + n, t->addr[side], 4);
	return n + 4;
}

static uint32_t pseudo_sum(const struct scene *t, bool v6)
{
	uint8_t both[32];
	size_t n = put_address(both, t, CLIENT, v6);
	n += put_address(both + n, t, SERVER, v6);
	return sum16(bytes_of(both, n), 6);
}

/* The TCP segment, with its bytes. */
static void put_tcp(struct wire *w, const struct segment *g, const struct scene *t, unsigned bits)
{
	static const uint8_t options[SYN_OPTIONS] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7, 1, 1, 4, 2};
	uint8_t head[TCP_HEADER + SYN_OPTIONS] = {0}, *p = head;
	size_t n = g->flags & TCP_SYN ? sizeof head : TCP_HEADER;
	p = put16(put16(p, t->port[g->side]), t->port[side_other(g->side)]);
	p = put32(put32(p, g->seq), g->ack);
	p[0] = (uint8_t)(n / 4 << 4);
	p[1] = g->flags;
	put16(p + 2, g->window);
	memcpy(head + TCP_HEADER, options, n - TCP_HEADER);
	uint32_t sum = pseudo_sum(t, bits & WRAPPING_V6) + (uint32_t)(n + g->n);
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

/* Where a part of a datagram belongs; a whole one has offset 0 and no more. */
struct part {
	unsigned offset;
	bool more;
};

static void put_ipv4(struct wire *w, const struct segment *g, const struct scene *t, struct part part)
{
	bool fragment = part.offset || part.more;
	uint8_t head[20] = {0x45}, *p = head + 2;
	p = put16(put16(p, ip_length(wire_bytes(w).n + sizeof head)), g->ip_id);
	p = put16(p, (fragment ? 0 : 0x4000u) | (part.more ? 0x2000u : 0) | part.offset / 8);
	p[0] = g->ttl;
	p[1] = 6;
	p += 4;
	p += put_address(p, t, g->side, false);
	put_address(p, t, side_other(g->side), false);
	put16(head + 10, checksum(sum16(bytes_of(head, sizeof head), 0)));
	wire_put_bytes(w, bytes_of(head, sizeof head));
}

static void put_ipv6(struct wire *w, const struct segment *g, const struct scene *t, struct part part)
{
	bool fragment = part.offset || part.more;
	uint8_t head[40] = {0x60}, extension[8] = {6}, *p = head + 8;
	put32(put16(extension + 2, part.offset | part.more), g->ip_id);
	wire_put_bytes(w, bytes_of(extension, fragment ? sizeof extension : 0));
	put16(head + 4, ip_length(wire_bytes(w).n));
	head[6] = fragment ? 44 : 6;
	head[7] = g->ttl;
	p += put_address(p, t, g->side, true);
	put_address(p, t, side_other(g->side), true);
	wire_put_bytes(w, bytes_of(head, sizeof head));
}

/* Takes the finished frame. A snaplen is counted as if the frame were plain Ethernet and IPv4: it then cuts the same bytes in every wrapping. */
static void frames_add(struct frames *f, const struct wire *w, const struct segment *g, int link)
{
	struct frame frame = wire_frame(w, link);
	uint32_t keep = g->snap ? g->snap + frame.len - g->n - PLAIN_HEADERS : frame.len;
	f->frame = realloc(f->frame, (f->n + 1) * sizeof *f->frame);
	f->data = realloc(f->data, (f->n + 1) * sizeof *f->data);
	/* A block of its own and of its very size: the sanitizer then sees who reads beyond a frame. */
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

static void wrap(struct wrapper *r, struct bytes tcp, struct part part)
{
	wire_start(r->wire);
	wire_put_bytes(r->wire, tcp);
	(r->how->bits & WRAPPING_V6 ? put_ipv6 : put_ipv4)(r->wire, r->segment, r->scene, part);
	if (r->how->words)
		wire_put(r->wire, r->how->words);
	frames_add(r->frames, r->wire, r->segment, r->how->link);
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

struct frames frames_build(const struct scenario *s, const struct trace *t, const struct wrapping *how)
{
	struct frames f = {0};
	struct wrapper r = {.frames = &f, .wire = malloc(sizeof *r.wire), .how = how};
	for (size_t i = 0; i < t->n; i++) {
		r.segment = &t->segment[i];
		r.scene = &s->scene[r.segment->scene];
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
