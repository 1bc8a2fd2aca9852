/* segments.c - a sender of TCP segments without a network: the numbers and times are those of two
 * well-behaved hosts. */
#include "lib/segments.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Below what libnids queues in one direction (64 KB with its own overhead on each segment). */
enum { BURST = 24 << 10, SEGMENT = 1460 };

struct dice dice_new(const char *test, uint64_t seed)
{
	const char *text = getenv("SMTPWATCH_SEED");
	if (text)
		seed = strtoull(text, NULL, 0);
	printf("%s: SMTPWATCH_SEED=%" PRIu64 "\n", test, seed);
	return (struct dice){seed};
}

uint32_t dice_roll(struct dice *d, uint32_t sides)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) % sides);
}

static void *must(void *p)
{
	assert(p);
	return p;
}

void segments_free(struct segments *w)
{
	for (size_t i = 0; i < w->payload_count; i++)
		free(w->payloads[i]);
	free(w->payloads);
	free(w->packets);
	*w = (struct segments){0};
}

static void segments_grow(struct segments *w)
{
	if (w->n < w->capacity)
		return;
	w->capacity = w->capacity ? 2 * w->capacity : 64;
	w->packets = must(realloc(w->packets, w->capacity * sizeof *w->packets));
}

static void segments_keep(struct segments *w, uint8_t *payload)
{
	w->payloads = must(realloc(w->payloads, (w->payload_count + 1) * sizeof *w->payloads));
	w->payloads[w->payload_count++] = payload;
}

struct packet *segments_add(struct segments *w, const struct packet *p)
{
	segments_grow(w);
	struct packet *added = &w->packets[w->n++];
	*added = *p;
	if (p->payload_cap > 0) {
		/* A block of exactly this size: a sanitizer sees a read beyond it. */
		uint8_t *copy = must(malloc(p->payload_cap));
		memcpy(copy, p->payload, p->payload_cap);
		segments_keep(w, copy);
		added->payload = copy;
	}
	return added;
}

void segments_move(struct segments *w, size_t from, size_t to)
{
	int64_t ts = w->packets[to].ts;
	struct packet moved = w->packets[from];
	if (from < to)
		memmove(&w->packets[from], &w->packets[from + 1], (to - from) * sizeof moved);
	else
		memmove(&w->packets[to + 1], &w->packets[to], (from - to) * sizeof moved);
	moved.ts = ts;
	w->packets[to] = moved;
}

void segments_drop(struct segments *w, size_t at)
{
	w->n--;
	memmove(&w->packets[at], &w->packets[at + 1], (w->n - at) * sizeof *w->packets);
}

void segments_repeat(struct segments *w, size_t at)
{
	segments_grow(w);
	memmove(&w->packets[at + 1], &w->packets[at], (w->n - at) * sizeof *w->packets);
	w->n++;
}

void segments_merge(struct segments *w, struct segments *more, struct dice *d)
{
	struct packet *both = must(malloc((w->n + more->n + 1) * sizeof *both));
	size_t n = w->n + more->n, a = 0, b = 0;
	for (size_t i = 0; i < n; i++)
		both[i] = b == more->n || (a < w->n && dice_roll(d, (uint32_t)(n - i)) < w->n - a)
				  ? w->packets[a++]
				  : more->packets[b++];
	/* Time must not run backwards where they meet. */
	for (size_t i = 1; i < n; i++)
		if (both[i].ts < both[i - 1].ts)
			both[i].ts = both[i - 1].ts;
	for (size_t i = 0; i < more->payload_count; i++)
		segments_keep(w, more->payloads[i]);
	more->payload_count = 0;
	segments_free(more);
	free(w->packets);
	w->packets = both;
	w->n = n;
	w->capacity = n + 1;
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port &&
	       ip_addr_equal(&a->src, &b->src) && ip_addr_equal(&a->dst, &b->dst);
}

static bool may_move(const struct packet *p)
{
	return p->payload_len > 0 && !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

void segments_shuffle(struct segments *w, struct dice *d, unsigned reorder, unsigned repeat)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t run = i;
		while (run + 1 < w->n && run - i < 6 && may_move(&w->packets[run + 1]) &&
		       same_flow(&w->packets[i], &w->packets[run + 1]))
			run++;
		if (run > i && may_move(&w->packets[i]) && dice_roll(d, 100) < reorder)
			segments_move(w, i, i + 1 + dice_roll(d, (uint32_t)(run - i)));
		if (dice_roll(d, 100) < repeat)
			segments_repeat(w, i++);
	}
}

static struct talk talk_new(struct segments *w, unsigned n)
{
	struct talk t = {.out = w,
			 .port = {(uint16_t)(20000 + n % 40000), 25},
			 .window = 65535,
			 .mss = SEGMENT,
			 .step = FRAME_MS};
	struct dice d = {n + 1};
	for (int side = CLIENT; side <= SERVER; side++) {
		/* One in eight wraps around early. */
		t.isn[side] = dice_roll(&d, 8) ? dice_roll(&d, UINT32_MAX)
					       : UINT32_MAX - dice_roll(&d, 3000);
		t.next[side] = t.isn[side] + 1;
		t.ip_id[side] = (uint16_t)dice_roll(&d, 65536);
	}
	t.now = w->n ? w->packets[w->n - 1].ts + t.step : 1700000000 * FRAME_SECOND;
	return t;
}

struct talk talk_v4(struct segments *w, unsigned n)
{
	struct talk t = talk_new(w, n);
	for (int side = CLIENT; side <= SERVER; side++) {
		const uint8_t mapped[16] = {0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0xff,
					    0xff,
					    192,
					    0,
					    side == CLIENT ? 2 : 3,
					    (uint8_t)(n % 251)};
		memcpy(t.addr[side].b, mapped, 16);
	}
	return t;
}

struct talk talk_v6(struct segments *w, unsigned n)
{
	struct talk t = talk_new(w, n);
	for (int side = CLIENT; side <= SERVER; side++) {
		const uint8_t address[16] = {
			0x20, 0x01, 0x0d, 0xb8, [13] = (uint8_t)side, [15] = (uint8_t)(n % 251)};
		memcpy(t.addr[side].b, address, 16);
	}
	return t;
}

struct packet *talk_raw(struct talk *t, enum side from, uint8_t flags, uint32_t seq,
			struct bytes payload)
{
	enum side to = side_other(from);
	bool v4 = ip_addr_is_v4(&t->addr[from]);
	struct packet p = {
		.src = t->addr[from],
		.dst = t->addr[to],
		.src_port = t->port[from],
		.dst_port = t->port[to],
		.seq = seq,
		.ack = flags & TCP_ACK ? t->heard[from] : 0,
		.window = t->window,
		.flags = flags,
		.ttl = from == CLIENT ? 64 : 57,
		.ip_id = v4 ? ++t->ip_id[from] : 0,
		.df = true,
		.mss = flags & TCP_SYN ? t->mss : 0,
		.payload = payload.p,
		.payload_len = (uint32_t)payload.n,
		.payload_cap = (uint32_t)payload.n,
		.ts = t->now,
	};
	t->now += t->step;
	return segments_add(t->out, &p);
}

struct packet *talk_syn(struct talk *t)
{
	struct packet *p = talk_raw(t, CLIENT, TCP_SYN, t->isn[CLIENT], bytes_of(NULL, 0));
	t->heard[SERVER] = t->isn[CLIENT] + 1;
	return p;
}

struct packet *talk_syn_ack(struct talk *t)
{
	struct packet *p =
		talk_raw(t, SERVER, TCP_SYN | TCP_ACK, t->isn[SERVER], bytes_of(NULL, 0));
	t->heard[CLIENT] = t->isn[SERVER] + 1;
	return p;
}

void talk_handshake(struct talk *t)
{
	talk_syn(t);
	talk_syn_ack(t);
	talk_ack(t, CLIENT);
}

void talk_handshake_scaled(struct talk *t, uint8_t wscale)
{
	struct packet *p = talk_syn(t);
	p->has_wscale = true;
	p->wscale = wscale;
	p = talk_syn_ack(t);
	p->has_wscale = true;
	p->wscale = wscale;
	talk_ack(t, CLIENT);
}

struct packet *talk_send(struct talk *t, enum side from, struct bytes payload)
{
	struct packet *p = talk_raw(t, from, TCP_ACK | TCP_PSH, t->next[from], payload);
	t->next[from] += (uint32_t)payload.n;
	t->heard[side_other(from)] = t->next[from];
	return p;
}

struct packet *talk_say(struct talk *t, enum side from, const char *text)
{
	return talk_send(t, from, bytes_str(text));
}

struct packet *talk_ack(struct talk *t, enum side from)
{
	return talk_raw(t, from, TCP_ACK, t->next[from], bytes_of(NULL, 0));
}

struct packet *talk_fin(struct talk *t, enum side from)
{
	struct packet *p = talk_raw(t, from, TCP_ACK | TCP_FIN, t->next[from], bytes_of(NULL, 0));
	t->next[from]++;
	t->heard[side_other(from)] = t->next[from];
	return p;
}

struct packet *talk_rst(struct talk *t, enum side from)
{
	return talk_raw(t, from, TCP_ACK | TCP_RST, t->next[from], bytes_of(NULL, 0));
}

void talk_close(struct talk *t, enum side first)
{
	talk_fin(t, first);
	talk_fin(t, side_other(first));
	talk_ack(t, first);
}

void talk_mail(struct talk *t)
{
	talk_handshake(t);
	talk_say(t, SERVER, "220 mx\r\n");
	talk_say(t, CLIENT, "EHLO a\r\n");
	talk_say(t, SERVER, "250 mx\r\n");
	talk_say(t, CLIENT, "QUIT\r\n");
	talk_say(t, SERVER, "221 bye\r\n");
}

/* One write of one side, in segments cut at random; the other side acknowledges some of them. */
static void talk_write(struct talk *t, struct dice *d, enum side from)
{
	static uint8_t text[BURST];
	uint32_t n = dice_roll(d, 4) ? 1 + dice_roll(d, 200) : 1 + dice_roll(d, BURST);
	for (uint32_t i = 0; i < n; i++)
		text[i] = (uint8_t)dice_roll(d, 256);
	for (uint32_t done = 0; done < n;) {
		uint32_t piece = dice_roll(d, 3) ? SEGMENT : 1 + dice_roll(d, SEGMENT);
		if (piece > n - done)
			piece = n - done;
		talk_send(t, from, bytes_of(text + done, piece));
		done += piece;
		if (dice_roll(d, 6) == 0)
			talk_ack(t, side_other(from));
	}
	if (dice_roll(d, 2))
		talk_ack(t, side_other(from));
}

static void talk_crossed(struct talk *t)
{
	uint32_t heard = t->heard[SERVER];
	talk_fin(t, CLIENT);
	t->heard[SERVER] = heard;
	talk_fin(t, SERVER);
	t->heard[SERVER] = t->next[CLIENT];
	talk_ack(t, CLIENT);
	talk_ack(t, SERVER);
}

static void talk_end(struct talk *t, struct dice *d, enum talk_ending ending)
{
	enum side side = dice_roll(d, 2) ? CLIENT : SERVER;
	switch (ending) {
	case TALK_CLIENT_FIN:
		talk_close(t, CLIENT);
		break;
	case TALK_SERVER_FIN:
		talk_close(t, SERVER);
		break;
	case TALK_CROSSED_FINS:
		talk_crossed(t);
		break;
	case TALK_HALF_CLOSE:
		talk_fin(t, side);
		talk_ack(t, side_other(side));
		talk_write(t, d, side_other(side));
		talk_fin(t, side_other(side));
		talk_ack(t, side);
		break;
	case TALK_RST_AFTER_FIN:
		talk_fin(t, side);
		talk_rst(t, side_other(side));
		break;
	case TALK_CLIENT_RST:
		talk_rst(t, CLIENT);
		break;
	case TALK_SERVER_RST:
		talk_rst(t, SERVER);
		break;
	default:
		break;
	}
}

enum talk_ending talk_random(struct talk *t, struct dice *d)
{
	talk_handshake(t);
	uint32_t turns = dice_roll(d, 12);
	for (uint32_t i = 0; i < turns; i++)
		talk_write(t, d, i % 2 ? CLIENT : SERVER);
	enum talk_ending ending = (enum talk_ending)dice_roll(d, TALK_ENDINGS);
	talk_end(t, d, ending);
	return ending;
}

static void absurd_segment(struct talk *t, struct dice *d)
{
	static const uint8_t payload[600];
	enum side from = dice_roll(d, 2) ? CLIENT : SERVER;
	uint32_t seq = t->next[from] + dice_roll(d, 2000) - 200;
	uint8_t flags = (uint8_t)(dice_roll(d, 12) ? TCP_ACK : dice_roll(d, 64));
	t->heard[from] = t->next[side_other(from)] + dice_roll(d, 1500) - 200;
	t->window = (uint16_t)dice_roll(d, 65536);
	struct packet *p =
		talk_raw(t, from, flags, seq,
			 bytes_of(payload, dice_roll(d, 8) ? dice_roll(d, sizeof payload) : 0));
	t->next[from] += dice_roll(d, 3) ? p->payload_len : 0;
	p->payload_cap -= dice_roll(d, 20) ? 0 : dice_roll(d, p->payload_cap + 1);
	t->now += dice_roll(d, 30) ? 0 : (int64_t)dice_roll(d, 1000) * FRAME_SECOND;
	t->now -= dice_roll(d, 50) ? 0 : (int64_t)dice_roll(d, 1000) * FRAME_SECOND;
}

void talk_absurd(struct segments *s, struct dice *d, unsigned n)
{
	struct talk t = n % 2 ? talk_v4(s, n) : talk_v6(s, n);
	if (dice_roll(d, 3))
		talk_handshake(&t);
	for (uint32_t left = dice_roll(d, 40); left > 0; left--)
		absurd_segment(&t, d);
}
