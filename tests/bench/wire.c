/* wire.c - frames from the link header up, with true checksums, into a classic pcap file. */
#include "bench/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4 << 20, FRAME_MAX = 2048, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, WINDOW_SCALE = 7 };

struct wire {
	int fd;
	bool broken;
	size_t used;
	uint64_t packets, bytes;
	uint8_t *frame, *ip, *transport, *end; /* of the packet under way */
	bool v6, udp;
	uint8_t block[BLOCK];
};

static void put_host32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, sizeof v);
}

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static void wire_flush(struct wire *w)
{
	size_t done = 0;
	while (done < w->used && !w->broken) {
		ssize_t n = write(w->fd, w->block + done, w->used - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			w->broken = true;
	}
	w->used = 0;
}

struct wire *wire_new(const char *path)
{
	struct wire *w = malloc(sizeof *w);
	if (!w)
		return NULL;
	memset(w, 0, offsetof(struct wire, block));
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	/* pcap 2.4 in the machine's byte order, microseconds, Ethernet. */
	const uint32_t header[6] = {0xa1b2c3d4, (uint32_t)4 << 16 | 2, 0, 0, 65535, 1};
	memcpy(w->block, header, sizeof header);
	w->used = sizeof header;
	w->bytes = sizeof header;
	return w;
}

static void put_addr(uint8_t *at, bool v6, uint32_t number)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	if (v6)
		memcpy(at, prefix, sizeof prefix);
	put32(at + (v6 ? sizeof prefix : 0), number);
}

static uint8_t *put_ethernet(uint8_t *at, bool v6)
{
	static const uint8_t macs[12] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
	memcpy(at, macs, sizeof macs);
	put16(at + 12, v6 ? 0x86dd : 0x0800);
	return at + 14;
}

/* n: bytes behind the IP header. */
static uint8_t *put_ip(uint8_t *at, const struct wire_packet *p, size_t n)
{
	uint8_t protocol = p->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
	if (p->v6) {
		put32(at, (uint32_t)6 << 28);
		put16(at + 4, (uint32_t)n);
		at[6] = protocol;
		at[7] = p->ttl;
		put_addr(at + 8, true, p->src);
		put_addr(at + 24, true, p->dst);
		return at + 40;
	}
	put16(at, 0x4500);
	put16(at + 2, (uint32_t)n + 20);
	put16(at + 4, p->ip_id);
	put16(at + 6, 0x4000);
	at[8] = p->ttl;
	at[9] = protocol;
	put16(at + 10, 0);
	put_addr(at + 12, false, p->src);
	put_addr(at + 16, false, p->dst);
	return at + 20;
}

/* The options as Linux orders them; an RST has none. */
static size_t put_options(uint8_t *at, const struct wire_packet *p)
{
	static const uint8_t syn[20] = {2, 4, 0, 0, 4, 2, 8, 10, 0, 0,
					0, 0, 0, 0, 0, 0, 1, 3,  3, WINDOW_SCALE};
	static const uint8_t usual[12] = {1, 1, 8, 10};
	if (p->flags & WIRE_RST)
		return 0;
	bool first = p->flags & WIRE_SYN;
	memcpy(at, first ? syn : usual, first ? sizeof syn : sizeof usual);
	if (first)
		put16(at + 2, p->v6 ? 1440 : 1460);
	put32(at + (first ? 8 : 4), p->tsval);
	put32(at + (first ? 12 : 8), p->tsecr);
	return first ? sizeof syn : sizeof usual;
}

static size_t transport_size(const struct wire_packet *p)
{
	if (p->udp)
		return 8;
	return p->flags & WIRE_RST ? 20 : p->flags & WIRE_SYN ? 40 : 32;
}

static uint8_t *put_transport(uint8_t *at, const struct wire_packet *p, size_t n)
{
	put16(at, p->src_port);
	put16(at + 2, p->dst_port);
	if (p->udp) {
		put16(at + 4, (uint32_t)n + 8);
		put16(at + 6, 0);
		return at + 8;
	}
	put32(at + 4, p->seq);
	put32(at + 8, p->flags & WIRE_ACK ? p->ack : 0);
	size_t size = 20 + put_options(at + 20, p);
	at[12] = (uint8_t)(size / 4 << 4);
	at[13] = p->flags;
	put16(at + 14, p->window);
	put32(at + 16, 0);
	return at + size;
}

uint8_t *wire_begin(struct wire *w, const struct wire_packet *p, size_t n)
{
	if (w->used + FRAME_MAX > BLOCK)
		wire_flush(w);
	uint8_t *record = w->block + w->used;
	size_t transport = transport_size(p), len = 14 + (p->v6 ? 40 : 20) + transport + n;
	put_host32(record, (uint32_t)(p->ts / 1000000000));
	put_host32(record + 4, (uint32_t)(p->ts % 1000000000 / 1000));
	put_host32(record + 8, (uint32_t)len);
	put_host32(record + 12, (uint32_t)len);
	w->v6 = p->v6;
	w->udp = p->udp;
	w->frame = record + 16;
	w->end = w->frame + len;
	w->ip = put_ethernet(w->frame, p->v6);
	w->transport = put_ip(w->ip, p, transport + n);
	w->used += 16 + len;
	w->packets++;
	w->bytes += 16 + len;
	return put_transport(w->transport, p, n);
}

/* RFC 1071 2: the sum may be taken in the machine's own order. */
static uint64_t sum(const uint8_t *p, size_t n, uint64_t so_far)
{
	for (; n >= 4; n -= 4, p += 4) {
		uint32_t word;
		memcpy(&word, p, sizeof word);
		so_far += word;
	}
	uint32_t rest = 0;
	memcpy(&rest, p, n);
	return so_far + rest;
}

static void sum_put(uint8_t *at, uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	uint16_t folded = (uint16_t)~total;
	memcpy(at, &folded, sizeof folded);
}

void wire_end(struct wire *w)
{
	size_t n = (size_t)(w->end - w->transport);
	uint8_t pseudo[4] = {0, w->udp ? PROTOCOL_UDP : PROTOCOL_TCP};
	put16(pseudo + 2, (uint32_t)n);
	uint64_t total = w->v6 ? sum(w->ip + 8, 32, 0) : sum(w->ip + 12, 8, 0);
	total = sum(w->transport, n, sum(pseudo, sizeof pseudo, total));
	sum_put(w->transport + (w->udp ? 6 : 16), total);
	if (!w->v6)
		sum_put(w->ip + 10, sum(w->ip, 20, 0));
}

uint64_t wire_packets(const struct wire *w)
{
	return w->packets;
}

uint64_t wire_bytes(const struct wire *w)
{
	return w->bytes;
}

const char *wire_address(bool v6, uint32_t number, char out[40])
{
	uint8_t b[4];
	put32(b, number);
	if (v6)
		snprintf(out, 40, "2001:db8::%x:%x", number >> 16, number & 0xffff);
	else
		snprintf(out, 40, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	return out;
}

bool wire_close(struct wire *w)
{
	wire_flush(w);
	bool fine = close(w->fd) == 0 && !w->broken;
	free(w);
	return fine;
}
