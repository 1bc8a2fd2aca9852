/* wire.c - frames for the tests of the decoder, built from the inside out. */
#include "lib/wire.h"

#include <assert.h>
#include <stdlib.h>

const struct ip_addr wire_src4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
const struct ip_addr wire_dst4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 2}};
const struct ip_addr wire_src6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
const struct ip_addr wire_dst6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 2}};

enum { ARG_NONE = -1 };

struct word;

/* What a word means to the header before it, and how it is written. number: after the colon, or
 * what the word below says of itself, in the column that suits. */
struct word {
	const char *name;
	long ethertype, protocol;
	void (*write)(struct wire *w, long arg, const struct word *below);
};

void wire_start(struct wire *w)
{
	w->at = WIRE_MAX;
	w->payload = bytes_str("EHLO x\r\n");
	w->options = bytes_of(NULL, 0);
	w->flags = TCP_PSH | TCP_ACK;
	w->fragment = 0;
}

struct bytes wire_bytes(const struct wire *w)
{
	return bytes_of(w->b + w->at, WIRE_MAX - w->at);
}

struct frame wire_frame(const struct wire *w, int link)
{
	uint32_t n = (uint32_t)(WIRE_MAX - w->at);
	return (struct frame){
		.data = w->b + w->at, .caplen = n, .len = n, .ts = 1234567890, .link = link};
}

static uint8_t *front(struct wire *w, size_t n)
{
	assert(w->at >= n);
	w->at -= n;
	memset(w->b + w->at, 0, n);
	return w->b + w->at;
}

void wire_put_bytes(struct wire *w, struct bytes bytes)
{
	if (bytes.n)
		memcpy(front(w, bytes.n), bytes.p, bytes.n);
}

static void put16(uint8_t *p, unsigned long v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, unsigned long v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* By the book (RFC 1071 4.1), so that it shares no mistake with the decoder's. */
static uint16_t checksum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void eth_write(struct wire *w, long arg, const struct word *below)
{
	uint8_t *p = front(w, 14);
	memcpy(p, "\x02\x00\x5e\x00\x00\x01\x02\x00\x5e\x00\x00\x02", 12);
	put16(p + 12, (unsigned long)(arg == ARG_NONE ? below->ethertype : arg));
}

static void eth8023_write(struct wire *w, long arg, const struct word *below)
{
	(void)arg;
	eth_write(w, (long)(WIRE_MAX - w->at), below);
}

static void vlan_write(struct wire *w, long arg, const struct word *below)
{
	uint8_t *p = front(w, 4);
	put16(p, (unsigned long)arg | 0xa000); /* a priority, which is no part of the ID */
	put16(p + 2, (unsigned long)below->ethertype);
}

static void ip4_write(struct wire *w, long arg, const struct word *below)
{
	size_t n = WIRE_MAX - w->at + 20;
	uint8_t *p = front(w, 20);
	p[0] = 0x45;
	put16(p + 2, n);
	put16(p + 4, 0x1234);
	put16(p + 6, w->fragment);
	p[8] = 61;
	p[9] = (uint8_t)(arg == ARG_NONE ? below->protocol : arg);
	memcpy(p + 12, wire_src4.b + 12, 4);
	memcpy(p + 16, wire_dst4.b + 12, 4);
	put16(p + 10, checksum(p, 20, 0));
}

static void ip6_write(struct wire *w, long arg, const struct word *below)
{
	size_t n = WIRE_MAX - w->at;
	uint8_t *p = front(w, 40);
	p[0] = 0x60;
	put16(p + 4, n);
	p[6] = (uint8_t)(arg == ARG_NONE ? below->protocol : arg);
	p[7] = 62;
	memcpy(p + 8, wire_src6.b, 16);
	memcpy(p + 24, wire_dst6.b, 16);
}

/* The checksum is IPv4's; tcp6 writes the other. */
static void tcp_segment(struct wire *w, const uint8_t *src, const uint8_t *dst, size_t n)
{
	wire_put_bytes(w, w->payload);
	wire_put_bytes(w, w->options);
	uint8_t *p = front(w, 20);
	put16(p, WIRE_SRC_PORT);
	put16(p + 2, WIRE_DST_PORT);
	put32(p + 4, WIRE_SEQ);
	put32(p + 8, WIRE_ACK);
	p[12] = (uint8_t)((20 + w->options.n) / 4 << 4);
	p[13] = w->flags;
	put16(p + 14, 512);
	size_t length = 20 + w->options.n + w->payload.n;
	uint32_t sum = 6 + (uint32_t)length;
	sum += (uint16_t)~checksum(src, n, 0);
	sum += (uint16_t)~checksum(dst, n, 0);
	put16(p + 16, checksum(p, length, sum));
}

static void tcp_write(struct wire *w, long arg, const struct word *below)
{
	(void)arg, (void)below;
	tcp_segment(w, wire_src4.b + 12, wire_dst4.b + 12, 4);
}

static void tcp6_write(struct wire *w, long arg, const struct word *below)
{
	(void)arg, (void)below;
	tcp_segment(w, wire_src6.b, wire_dst6.b, 16);
}

static void udp_write(struct wire *w, long arg, const struct word *below)
{
	(void)below;
	size_t n = WIRE_MAX - w->at + 8;
	uint8_t *p = front(w, 8);
	put16(p, 50000);
	put16(p + 2, (unsigned long)arg);
	put16(p + 4, n);
}

static void pppoe_write(struct wire *w, long arg, const struct word *below)
{
	(void)below;
	size_t n = WIRE_MAX - w->at + 2;
	uint8_t *p = front(w, 8);
	p[0] = 0x11;
	put16(p + 2, 0x4242);
	put16(p + 4, n);
	put16(p + 6, (unsigned long)arg);
}

/* A packet header attribute of 8 bytes, a prefix of 5 with its padding, the payload. */
static void nflog_write(struct wire *w, long arg, const struct word *below)
{
	(void)arg, (void)below;
	size_t n = WIRE_MAX - w->at + 4;
	uint8_t *p = front(w, 4 + 8 + 8 + 4);
	memcpy(p,
	       "\x02\x00\x00\x05\x08\x00\x01\x00\x08\x00\x01\x00\x05\x00\x0a\x00\x00\x00\x00\x00",
	       20);
	p[20] = (uint8_t)n;
	p[21] = (uint8_t)(n >> 8);
	p[22] = 9;
}

static void nflogbe_write(struct wire *w, long arg, const struct word *below)
{
	(void)arg, (void)below;
	size_t n = WIRE_MAX - w->at + 4;
	uint8_t *p = front(w, 4 + 8 + 8 + 4);
	memcpy(p,
	       "\x02\x00\x00\x05\x00\x08\x00\x01\x00\x08\x00\x01\x00\x05\x00\x0a\x00\x00\x00\x00",
	       20);
	put16(p + 20, n);
	put16(p + 22, 9);
}

static const struct word words[] = {
	{"eth", 0x6558, ARG_NONE, eth_write},
	{"eth8023", 0x6558, ARG_NONE, eth8023_write},
	{"vlan", 0x8100, ARG_NONE, vlan_write},
	{"svlan", 0x88a8, ARG_NONE, vlan_write},
	{"qvlan", 0x9100, ARG_NONE, vlan_write},
	{"ip4", 0x0800, 4, ip4_write},
	{"ip6", 0x86dd, 41, ip6_write},
	{"tcp", ARG_NONE, 6, tcp_write},
	{"tcp6", ARG_NONE, 6, tcp6_write},
	{"udp", ARG_NONE, 17, udp_write},
	{"pppoe", 0x8864, ARG_NONE, pppoe_write},
	{"nflog", ARG_NONE, ARG_NONE, nflog_write},
	{"nflogbe", ARG_NONE, ARG_NONE, nflogbe_write},
};

size_t wire_hex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], '\0'}, NULL, 16);
	return n;
}

static const struct word *word_put(struct wire *w, char *text, const struct word *below)
{
	if (*text == '=') {
		wire_hex(text + 1, front(w, strlen(text + 1) / 2));
		return below;
	}
	char *colon = strchr(text, ':');
	long arg = colon ? strtol(colon + 1, NULL, 16) : ARG_NONE;
	if (colon)
		*colon = '\0';
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].name, text) != 0)
			continue;
		words[i].write(w, arg, below);
		return &words[i];
	}
	assert(!"a word that wire.c knows");
	return NULL;
}

void wire_put(struct wire *w, const char *text)
{
	char copy[512];
	assert(strlen(text) < sizeof copy);
	strcpy(copy, text);
	const struct word *below = NULL;
	for (char *blank; (blank = strrchr(copy, ' ')); *blank = '\0')
		below = word_put(w, blank + 1, below);
	word_put(w, copy, below);
}

enum packet_kind wire_decode(const struct packet_decoder *d, const struct frame *f,
			     union packet_decoded *out)
{
	static uint8_t *copy;
	free(copy);
	copy = malloc(f->caplen ? f->caplen : 1);
	assert(copy);
	memcpy(copy, f->data, f->caplen);
	struct frame exact = *f;
	exact.data = f->caplen ? copy : copy + 1;
	memset(out, 0xa5, sizeof *out);
	return packet_decode(d, &exact, out);
}
