/* build_frame.c - headers are put in front of what is there already, from TCP outwards, so that each knows the length of what it holds. */
#include "lib/build_frame.h"

#include <stdio.h>
#include <stdlib.h>

/* Room in front of the TCP segment for all other headers. */
enum { HEADROOM = 256, FRAGMENT_FIRST = 24, PLAIN_HEADERS = 54 };

struct frame_writer {
	uint8_t *p;     /* the first byte so far */
	size_t n;       /* bytes from there on */
	unsigned type;  /* ethertype of what is there */
	enum side side; /* the sender */
};

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

/* Room for a header of n bytes, all zero. */
static uint8_t *front(struct frame_writer *w, size_t n)
{
	w->p -= n;
	w->n += n;
	return memset(w->p, 0, n);
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return n & 1 ? sum + (uint32_t)(p[n - 1] << 8) : sum;
}

static unsigned checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void put_ether(struct frame_writer *w)
{
	uint8_t *p = front(w, 14);
	p[0] = p[6] = 2;
	p[5] = w->side == CLIENT ? 0x19 : 0x01;
	p[11] = w->side == CLIENT ? 0x01 : 0x19;
	put16(p + 12, w->type);
}

static void put_tag(struct frame_writer *w)
{
	put16(put16(front(w, 4), 42), w->type);
	w->type = 0x8100;
}

static void put_service_tag(struct frame_writer *w)
{
	put16(put16(front(w, 4), 1007), w->type);
	w->type = 0x88a8;
}

static void put_mpls(struct frame_writer *w)
{
	put32(front(w, 4), 16001u << 12 | 1 << 8 | 63);
	w->type = 0x8847;
}

static void put_pppoe(struct frame_writer *w)
{
	unsigned length = (unsigned)w->n + 2;
	uint8_t *p = put16(front(w, 8), 0x1100);
	p = put16(put16(p, 0x0017), length);
	put16(p, w->type == 0x86dd ? 0x0057 : 0x0021);
	w->type = 0x8864;
}

/* The outer header of a tunnel. */
static void put_outer(struct frame_writer *w, uint8_t protocol)
{
	static const uint8_t ends[2][4] = {{203, 0, 113, 1}, {203, 0, 113, 2}};
	unsigned length = (unsigned)w->n + 20;
	uint8_t *p = front(w, 20);
	put16(p, 0x4500);
	put16(p + 2, length);
	p[8] = 63;
	p[9] = protocol;
	memcpy(p + 12, ends[w->side], 4);
	memcpy(p + 16, ends[side_other(w->side)], 4);
	put16(p + 10, checksum(sum16(p, 20, 0)));
	w->type = 0x0800;
}

static void put_ipip(struct frame_writer *w)
{
	put_outer(w, w->type == 0x86dd ? 41 : 4);
}

static void put_gre(struct frame_writer *w)
{
	put16(front(w, 4) + 2, w->type);
	put_outer(w, 47);
}

static void put_udp(struct frame_writer *w, unsigned port)
{
	unsigned length = (unsigned)w->n + 8;
	put16(put16(put16(front(w, 8), 51234), port), length);
	put_outer(w, 17);
}

static void put_vxlan(struct frame_writer *w)
{
	put_ether(w);
	put32(put32(front(w, 8), 0x08000000), 77u << 8);
	put_udp(w, 4789);
}

static void put_geneve(struct frame_writer *w)
{
	put32(put32(front(w, 8), w->type), 77u << 8);
	put_udp(w, 6081);
}

static void put_sll(struct frame_writer *w)
{
	uint8_t *p = front(w, 16);
	put16(put16(put16(p, w->side == CLIENT ? 4 : 0), 1), 6);
	put16(p + 14, w->type);
}

static void put_sll2(struct frame_writer *w)
{
	uint8_t *p = front(w, 20);
	put16(p, w->type);
	put16(put32(p + 4, 3), 1);
	p[10] = w->side == CLIENT ? 4 : 0;
	p[11] = 6;
}

static void put_null(struct frame_writer *w)
{
	front(w, 4)[0] = w->type == 0x86dd ? 10 : 2;
}

enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101, LINK_SLL = 113, LINK_SLL2 = 276 };

const struct wrapping wrappings[] = {
	{"ipv4", LINK_ETHERNET, false, 0, {put_ether}},
	{"ipv6", LINK_ETHERNET, true, 0, {put_ether}},
	{"vlan", LINK_ETHERNET, false, 0, {put_tag, put_ether}},
	{"qinq", LINK_ETHERNET, true, 0, {put_tag, put_service_tag, put_ether}},
	{"fragments", LINK_ETHERNET, false, WRAPPING_FRAGMENTS, {put_ether}},
	{"fragments-v6", LINK_ETHERNET, true, WRAPPING_FRAGMENTS, {put_ether}},
	{"mpls", LINK_ETHERNET, false, 0, {put_mpls, put_ether}},
	{"pppoe", LINK_ETHERNET, false, 0, {put_pppoe, put_ether}},
	{"ipip", LINK_ETHERNET, false, 0, {put_ipip, put_ether}},
	{"6in4", LINK_ETHERNET, true, 0, {put_ipip, put_ether}},
	{"gre", LINK_ETHERNET, false, 0, {put_gre, put_tag, put_ether}},
	{"vxlan", LINK_ETHERNET, false, 0, {put_vxlan, put_ether}},
	{"geneve", LINK_ETHERNET, true, 0, {put_geneve, put_ether}},
	{"offload", LINK_ETHERNET, false, WRAPPING_OFFLOAD, {put_ether}},
	{"raw", LINK_RAW, false, 0, {NULL}},
	{"any", LINK_SLL, false, 0, {put_sll}},
	{"any2", LINK_SLL2, true, 0, {put_sll2}},
	{"loopback", LINK_NULL, true, 0, {put_null}},
	{NULL, 0, false, 0, {NULL}},
};

const struct wrapping *wrapping_find(const char *name)
{
	const struct wrapping *row = wrappings;
	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

/* Addresses of the session; the IPv6 ones hold the IPv4 ones in their last bytes. */
static void put_address(uint8_t *p, const struct scene *t, enum side side, bool v6)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	if (v6)
		memcpy(p, prefix, 12);
	memcpy(p + (v6 ? 12 : 0), t->addr[side], 4);
}

static void put_syn_options(uint8_t *p)
{
	static const uint8_t options[12] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7, 1, 1, 4, 2};
	memcpy(p, options, sizeof options);
}

static void put_tcp_checksum(const struct frame_writer *w, const struct scene *t)
{
	uint8_t pseudo[8] = {0};
	memcpy(pseudo, t->addr[CLIENT], 4);
	memcpy(pseudo + 4, t->addr[SERVER], 4);
	uint32_t sum = sum16(pseudo, 8, 6 + (uint32_t)w->n);
	/* Both IPv6 addresses begin with 2001:db8, which IPv4's do not. */
	if (w->type == 0x86dd)
		sum += 2 * (0x2001 + 0x0db8);
	put16(w->p + 16, checksum(sum16(w->p, w->n, sum)));
}

/* The TCP segment at the end of the writer's room. */
static void put_tcp(struct frame_writer *w, const struct segment *g, const struct scene *t)
{
	size_t options = g->flags & TCP_SYN ? 12 : 0;
	if (g->n)
		memcpy(front(w, g->n), g->data, g->n);
	uint8_t *p = front(w, 20 + options);
	put16(put16(p, t->port[g->side]), t->port[side_other(g->side)]);
	put32(put32(p + 4, g->seq), g->ack);
	p[12] = (uint8_t)((5 + options / 4) << 4);
	p[13] = g->flags;
	put16(p + 14, g->window);
	if (options)
		put_syn_options(p + 20);
	put_tcp_checksum(w, t);
}

/* A super-segment that no length field can tell of has 0 there (TSO on the capturing host). */
static unsigned ip_length(size_t n)
{
	return n > UINT16_MAX ? 0 : (unsigned)n;
}

/* offset: of this fragment, in bytes; more: others follow. A whole datagram has neither. */
static void put_ipv4(struct frame_writer *w, const struct segment *g, const struct scene *t, unsigned offset, bool more)
{
	unsigned length = ip_length(w->n + 20);
	uint8_t *p = front(w, 20);
	put16(put16(put16(p, 0x4500), length), g->ip_id);
	put16(p + 6, (offset || more ? 0 : 0x4000) | (more ? 0x2000 : 0) | offset / 8);
	p[8] = g->ttl;
	p[9] = 6;
	put_address(p + 12, t, g->side, false);
	put_address(p + 16, t, side_other(g->side), false);
	put16(p + 10, checksum(sum16(p, 20, 0)));
}

static void put_ipv6(struct frame_writer *w, const struct segment *g, const struct scene *t, unsigned offset, bool more)
{
	bool fragment = offset || more;
	if (fragment) {
		uint8_t *p = front(w, 8);
		p[0] = 6;
		put16(p + 2, offset | more);
		put32(p + 4, g->ip_id);
	}
	unsigned length = ip_length(w->n);
	uint8_t *p = front(w, 40);
	p[0] = 0x60;
	put16(p + 4, length);
	p[6] = fragment ? 44 : 6;
	p[7] = g->ttl;
	put_address(p + 8, t, g->side, true);
	put_address(p + 24, t, side_other(g->side), true);
}

/* Takes the finished frame. A snaplen is counted as if the frame were plain Ethernet and IPv4: it then cuts the same bytes in every wrapping. */
static void frames_add(struct frames *f, const struct frame_writer *w, const struct segment *g, int link)
{
	uint32_t headers = (uint32_t)(w->n - g->n), len = (uint32_t)w->n;
	uint32_t keep = g->snap ? g->snap + headers - PLAIN_HEADERS : len;
	f->frame = realloc(f->frame, (f->n + 1) * sizeof *f->frame);
	f->data = realloc(f->data, (f->n + 1) * sizeof *f->data);
	uint8_t *copy = malloc(w->n);
	memcpy(copy, w->p, w->n);
	f->data[f->n] = copy;
	f->frame[f->n++] = (struct frame){.data = copy, .caplen = keep < len ? keep : len, .len = len, .ts = g->ts, .link = link};
}

static void wrap(struct frames *f, struct frame_writer *w, const struct segment *g, const struct scene *t,
		 const struct wrapping *how, unsigned offset, bool more)
{
	w->type = how->v6 ? 0x86dd : 0x0800;
	(how->v6 ? put_ipv6 : put_ipv4)(w, g, t, offset, more);
	for (unsigned i = 0; i < BUILD_LAYERS && how->layer[i]; i++)
		how->layer[i](w);
	frames_add(f, w, g, how->link);
}

static void segment_wrap(struct frames *f, const struct segment *g, const struct scene *t, const struct wrapping *how)
{
	size_t room = HEADROOM + g->n;
	uint8_t *block = malloc(room);
	struct frame_writer w = {.p = block + room, .type = how->v6 ? 0x86dd : 0x0800, .side = g->side};
	put_tcp(&w, g, t);
	if (how->bits & WRAPPING_OFFLOAD)
		put16(w.p + 16, 0x0bad);
	size_t n = w.n, first = ((n / 2) + 7) & ~(size_t)7;
	if (first < FRAGMENT_FIRST)
		first = FRAGMENT_FIRST;
	if (!(how->bits & WRAPPING_FRAGMENTS) || n <= first) {
		wrap(f, &w, g, t, how, 0, false);
	} else {
		/* The second part goes into a block of its own: the headers of the first would be written over it. */
		uint8_t *other = malloc(HEADROOM + n);
		struct frame_writer rest = {.p = other + HEADROOM, .n = n - first, .side = g->side};
		memcpy(rest.p, w.p + first, n - first);
		w.n = first;
		wrap(f, &w, g, t, how, 0, true);
		wrap(f, &rest, g, t, how, (unsigned)first, false);
		free(other);
	}
	free(block);
}

struct frames frames_build(const struct scenario *s, const struct wire *w, const struct wrapping *how)
{
	struct frames f = {0};
	for (size_t i = 0; i < w->n; i++)
		segment_wrap(&f, &w->segment[i], &s->scene[w->segment[i].scene], how);
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
	FILE *out = fopen(path, "wb");
	if (!out)
		return false;
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snaplen, link;
	} head = {0xa1b23c4d, 2, 4, 0, 0, 262144, (uint32_t)link};
	bool good = fwrite(&head, sizeof head, 1, out) == 1;
	for (size_t i = 0; i < f->n; i++) {
		const struct frame *g = &f->frame[i];
		const uint32_t record[4] = {(uint32_t)(g->ts / FRAME_SECOND), (uint32_t)(g->ts % FRAME_SECOND), g->caplen, g->len};
		good &= fwrite(record, sizeof record, 1, out) == 1 && fwrite(g->data, 1, g->caplen, out) == g->caplen;
	}
	return fclose(out) == 0 && good;
}
