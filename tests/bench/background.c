/* background.c - flows without an end, of which each packet is drawn: nobody is to follow them,
 * only to pass over them. */
#include "bench/background.h"

#include <stdlib.h>

enum { FLOWS = 5000, HTTPS = 443, DNS = 53 };

struct flow {
	uint32_t client, server, seq[2];
	uint16_t port;
	bool v6;
};

struct background {
	struct chance chance;
	struct flow flows[FLOWS];
};

/* What a packet is, in permille of all. */
enum shape {
	TCP_FULL = 380,
	TCP_ACK = TCP_FULL + 300,
	TCP_SMALL = TCP_ACK + 100,
	QUIC_FULL = TCP_SMALL + 120,
	QUIC_SMALL = QUIC_FULL + 60
};

struct background *background_new(uint64_t seed)
{
	struct background *b = malloc(sizeof *b);
	if (!b)
		return NULL;
	b->chance = (struct chance){seed};
	for (int i = 0; i < FLOWS; i++)
		b->flows[i] = (struct flow){
			.client = 0x0a800000 + chance_below(&b->chance, 60000),
			.server = 0x2d000000 + chance_below(&b->chance, 400),
			.seq = {(uint32_t)chance_next(&b->chance),
				(uint32_t)chance_next(&b->chance)},
			.port = (uint16_t)chance_between(&b->chance, 32768, 60999),
			.v6 = chance_permille(&b->chance, 250),
		};
	return b;
}

static void packet_put(struct flow *f, struct wire *w, const struct mail *mail,
		       struct wire_packet *p, bool down, uint32_t n)
{
	p->v6 = f->v6;
	p->src = down ? f->server : f->client;
	p->dst = down ? f->client : f->server;
	uint16_t service = p->dst_port;
	p->src_port = down ? service : f->port;
	p->dst_port = down ? f->port : service;
	p->ttl = down ? 57 : 64;
	p->seq = f->seq[down];
	p->ack = f->seq[!down];
	f->seq[down] += p->udp ? 0 : n;
	mail_copy(&mail->records, p->seq % mail->records.n, 0, wire_begin(w, p, n), n);
	wire_end(w);
}

void background_put(struct background *b, struct wire *w, const struct mail *mail, int64_t now)
{
	struct chance *c = &b->chance;
	struct flow *f = &b->flows[chance_below(c, FLOWS)];
	uint32_t shape = chance_below(c, 1000), clock = (uint32_t)(now / 1000000);
	struct wire_packet p = {.ts = now,
				.dst_port = HTTPS,
				.ip_id = (uint16_t)chance_next(c),
				.flags = WIRE_ACK,
				.window = 501,
				.tsval = clock,
				.tsecr = clock};
	p.udp = shape >= TCP_SMALL;
	if (shape < TCP_FULL)
		packet_put(f, w, mail, &p, true, f->v6 ? WIRE_MSS_V6 : WIRE_MSS_V4);
	else if (shape < TCP_ACK)
		packet_put(f, w, mail, &p, false, 0);
	else if (shape < TCP_SMALL)
		packet_put(f, w, mail, &p, chance_permille(c, 500), chance_between(c, 30, 500));
	else if (shape < QUIC_FULL)
		packet_put(f, w, mail, &p, true, 1250);
	else if (shape < QUIC_SMALL)
		packet_put(f, w, mail, &p, false, chance_between(c, 30, 60));
	else {
		p.dst_port = DNS;
		packet_put(f, w, mail, &p, chance_permille(c, 500), chance_between(c, 30, 200));
	}
}

void background_free(struct background *b)
{
	free(b);
}
