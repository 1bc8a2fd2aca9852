/* weather.c - a table of weathers, and the turns that they are made of. */
#include "lib/weather.h"

#include <stdlib.h>

/* Segments that lie farther apart are no neighbours: nothing overtakes them, nothing is merged with
 * them. */
#define WEATHER_NEAR (10 * FRAME_MS)

enum { SMALL_SEGMENT = 400, COALESCED_MAX = 60000, ECHOES = 16 };

static bool is_near(const struct segment *a, const struct segment *b)
{
	return b->ts - a->ts <= WEATHER_NEAR;
}

/* Time that the parts of a segment may take: until the next one, at most a millisecond. */
static int64_t time_behind(const struct trace *w, size_t i)
{
	int64_t gap = i + 1 < w->n ? w->segment[i + 1].ts - w->segment[i].ts : FRAME_MS;
	return gap < FRAME_MS ? gap : FRAME_MS;
}

/*
 * What a sender cuts or repeats has IP IDs of its own, and what it sends then has later ones: else
 * no RST would have the number that is due, and each would look forged. latest: the number of what
 * each side sent last; more: what was added to it.
 */
struct ids {
	uint16_t latest[SCENARIO_SCENES][2], more[SCENARIO_SCENES][2];
};

static void id_move(struct ids *ids, struct segment *g)
{
	if (g->forged || g->icmp)
		return;
	g->ip_id += ids->more[g->scene][g->side];
	ids->latest[g->scene][g->side] = g->ip_id;
}

static void id_another(struct ids *ids, struct segment *g)
{
	ids->more[g->scene][g->side]++;
	g->ip_id = ++ids->latest[g->scene][g->side];
}

/* A part of a segment. FIN and PSH go with the last. */
static void part_add(struct trace *out, const struct segment *whole, uint32_t from, uint32_t n,
		     int64_t ts, struct ids *ids)
{
	struct segment part = *whole;
	part.seq += from;
	part.ts = ts;
	if (from == 0)
		id_move(ids, &part);
	else
		id_another(ids, &part);
	if (from + n < whole->n)
		part.flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	trace_add(out, &part, whole->data + from, n);
}

/* Cuts a segment into parts of at most `most` bytes. What the snaplen has cut stays whole: parts
 * would show more of it. */
static void split(const struct trace *in, size_t i, struct trace *out, struct dice *d,
		  uint32_t most, struct ids *ids)
{
	const struct segment *g = &in->segment[i];
	if (g->n < 2 || g->snap || g->flags & TCP_SYN) {
		struct segment whole = *g;
		id_move(ids, &whole);
		trace_add(out, &whole, g->data, g->n);
		return;
	}
	for (uint32_t at = 0, n; at < g->n; at += n) {
		n = 1 + dice_roll(d, most);
		if (n > g->n - at)
			n = g->n - at;
		part_add(out, g, at, n, g->ts + time_behind(in, i) * at / g->n, ids);
	}
}

static void turn_bytes(const struct trace *in, struct trace *out, struct dice *d)
{
	struct ids ids = {.more = {{0}}};
	for (size_t i = 0; i < in->n; i++)
		split(in, i, out, d, in->segment[i].n < SMALL_SEGMENT ? 1 : 7, &ids);
}

static void turn_cut(const struct trace *in, struct trace *out, struct dice *d)
{
	struct ids ids = {.more = {{0}}};
	for (size_t i = 0; i < in->n; i++)
		split(in, i, out, d, in->segment[i].n / 2 + 1, &ids);
}

/* What a receiving card would merge (GRO): the next bytes of the same side, with nothing said by
 * the other between them. */
static bool may_merge(const struct segment *super, const struct segment *g)
{
	const uint8_t never = TCP_SYN | TCP_RST | TCP_URG;
	return super->n && g->n && !((super->flags | g->flags) & never) &&
	       !(super->flags & TCP_FIN) && !super->snap && !g->snap &&
	       g->seq == super->seq + super->n && g->ack == super->ack && g->ttl == super->ttl &&
	       is_near(super, g) && super->n + g->n <= COALESCED_MAX;
}

static void merge(struct segment *super, const struct segment *g)
{
	super->data = realloc(super->data, super->n + g->n);
	memcpy(super->data + super->n, g->data, g->n);
	super->n += g->n;
	super->flags |= g->flags;
	super->window = g->window;
}

static void turn_coalesce(const struct trace *in, struct trace *out, struct dice *d)
{
	size_t super[SCENARIO_SCENES];
	(void)d;
	memset(super, 0xff, sizeof super);
	for (size_t i = 0; i < in->n; i++) {
		const struct segment *g = &in->segment[i];
		size_t *last = &super[g->scene];
		bool other = *last != SIZE_MAX && out->segment[*last].side != g->side;
		if (*last != SIZE_MAX && !other && may_merge(&out->segment[*last], g)) {
			merge(&out->segment[*last], g);
			continue;
		}
		trace_add(out, g, g->data, g->n);
		if (!other || !segment_pure_ack(g))
			*last = out->n - 1;
	}
}

/* A SYN stays where it is: before it there is no session that could be out of order. Nor does a
 * side overtake its own SYN. */
static bool may_overtake(const struct segment *a, const struct segment *b)
{
	bool first = (a->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ||
		     (b->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	bool own = a->scene == b->scene && a->side == b->side && a->flags & TCP_SYN;
	return !first && !own && is_near(a, b);
}

/* Neighbours change places, at most three times each. */
static void turn_reorder(const struct trace *in, struct trace *out, struct dice *d)
{
	for (size_t i = 0; i < in->n; i++)
		trace_add(out, &in->segment[i], in->segment[i].data, in->segment[i].n);
	for (unsigned pass = 0; pass < 3; pass++)
		for (size_t i = 0; i + 1 < out->n; i++) {
			if (!may_overtake(&out->segment[i], &out->segment[i + 1]) ||
			    dice_roll(d, 3))
				continue;
			trace_swap(out, i, i + 1);
			i++;
		}
}

/* Copies that come some segments later. */
struct echo {
	struct segment g; /* borrows its bytes from the trace that is read */
	unsigned due;
};

/* Sends what is due; a segment that the sender itself repeats has its latest ack number and an IP
 * ID of its own. */
static void echoes_send(struct echo *echoes, unsigned *n, const struct segment *now,
			struct trace *out, struct ids *by_sender)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < *n; i++) {
		struct echo *e = &echoes[i];
		if (by_sender && now->scene == e->g.scene && now->side == e->g.side &&
		    now->flags & TCP_ACK)
			e->g.ack = now->ack;
		if (!is_near(&e->g, now))
			continue;
		if (e->due-- > 0) {
			echoes[kept++] = *e;
			continue;
		}
		e->g.ts = now->ts;
		if (by_sender)
			id_another(by_sender, &e->g);
		trace_add(out, &e->g, e->g.data, e->g.n);
	}
	*n = kept;
}

static void turn_duplicate(const struct trace *in, struct trace *out, struct dice *d)
{
	struct echo echoes[ECHOES];
	unsigned n = 0;
	for (size_t i = 0; i < in->n; i++) {
		const struct segment *g = &in->segment[i];
		trace_add(out, g, g->data, g->n);
		echoes[n++] = (struct echo){*g, dice_roll(d, 3)};
		echoes_send(echoes, &n, g, out, NULL);
	}
}

/* Nobody repeats what an RST has ended. */
static void echoes_forget(struct echo *echoes, unsigned *n, unsigned scene)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < *n; i++)
		if (echoes[i].g.scene != scene)
			echoes[kept++] = echoes[i];
	*n = kept;
}

static void turn_retransmit(const struct trace *in, struct trace *out, struct dice *d)
{
	struct echo echoes[ECHOES];
	struct ids ids = {.more = {{0}}};
	unsigned n = 0;
	for (size_t i = 0; i < in->n; i++) {
		struct segment g = in->segment[i];
		id_move(&ids, &g);
		trace_add(out, &g, g.data, g.n);
		if (g.flags & TCP_RST)
			echoes_forget(echoes, &n, g.scene);
		echoes_send(echoes, &n, &g, out, &ids);
		if (segment_span(&g) && !(g.flags & (TCP_SYN | TCP_RST)) && n < ECHOES &&
		    dice_roll(d, 3) == 0)
			echoes[n++] = (struct echo){g, dice_roll(d, 4)};
	}
}

/* Moves the sequence numbers so that they pass through zero in the first session's first lines;
 * sessions of one tuple keep apart. */
static void turn_wrap(const struct trace *in, struct trace *out, struct dice *d)
{
	uint32_t shift[SCENARIO_SCENES][2] = {{0}};
	bool known[SCENARIO_SCENES][2] = {{false}};
	uint32_t before = 20 + dice_roll(d, 100);
	for (size_t i = 0; i < in->n; i++) {
		const struct segment *g = &in->segment[i];
		if (!known[g->scene][g->side])
			shift[g->scene][g->side] = g->scene * 0x01000000 - before - g->seq;
		known[g->scene][g->side] = true;
	}
	for (size_t i = 0; i < in->n; i++) {
		struct segment g = in->segment[i];
		g.seq += shift[g.scene][g.side];
		if (g.flags & TCP_ACK)
			g.ack += shift[g.scene][side_other(g.side)];
		trace_add(out, &g, g.data, g.n);
	}
}

const struct weather weathers[] = {
	{"fair", {NULL}, "ipv4", 1, false},
	{"batch-7", {NULL}, "ipv4", 7, false},
	{"batch-64", {NULL}, "ipv4", 64, false},
	{"bytes", {turn_bytes}, "ipv4", 64, false},
	{"cut", {turn_cut}, "ipv4", 7, false},
	{"coalesced", {turn_coalesce}, "ipv4", 1, false},
	{"reordered", {turn_reorder}, "ipv4", 1, false},
	{"duplicated", {turn_duplicate}, "ipv4", 7, false},
	{"retransmitted", {turn_retransmit}, "ipv4", 7, false},
	{"wrapped", {turn_wrap}, "ipv4", 7, false},
	{"storm", {turn_cut, turn_reorder, turn_retransmit, turn_duplicate}, "ipv6", 64, false},
	{"ipv6", {NULL}, "ipv6", 7, false},
	{"vlan", {NULL}, "vlan", 7, false},
	{"qinq", {turn_wrap}, "qinq", 7, false},
	{"fragments", {turn_coalesce}, "fragments", 1, false},
	{"fragments-v6", {turn_cut}, "fragments-v6", 64, false},
	{"mpls", {NULL}, "mpls", 7, false},
	{"pppoe", {NULL}, "pppoe", 7, false},
	{"ipip", {NULL}, "ipip", 7, false},
	{"6in4", {NULL}, "6in4", 7, false},
	{"gre", {NULL}, "gre", 7, false},
	{"vxlan", {NULL}, "vxlan", 7, false},
	{"geneve", {NULL}, "geneve", 7, false},
	{"vntag", {NULL}, "vntag", 7, false},
	{"etag", {NULL}, "etag", 64, false},
	{"cmd", {NULL}, "cmd", 7, false},
	{"ttag", {NULL}, "ttag", 64, false},
	{"ttag-one-way", {NULL}, "ttag-one-way", 7, false},
	{"tzsp", {NULL}, "tzsp", 7, false},
	{"hp-erm", {NULL}, "hp-erm", 64, false},
	{"pktap", {NULL}, "pktap", 7, false},
	{"raw", {NULL}, "raw", 7, false},
	{"offload", {turn_coalesce}, "offload", 7, false},
	{"any", {turn_duplicate}, "any", 7, false},
	{"any2", {turn_coalesce}, "any2", 7, false},
	{"loopback", {turn_coalesce}, "loopback", 7, false},
	{"nids", {NULL}, "ipv4", 1, true},
	{"nids-bytes", {turn_bytes}, "ipv4", 64, true},
	{"nids-cut", {turn_cut}, "vlan", 7, true},
	{"nids-coalesced", {turn_coalesce}, "ipv4", 7, true},
	{"nids-duplicated", {turn_duplicate}, "ipv4", 7, true},
	{NULL, {NULL}, NULL, 0, false},
};

const struct weather *weather_find(const char *name)
{
	const struct weather *row = weathers;
	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

bool weather_repeats(const struct weather *how)
{
	bool any = false;
	for (unsigned i = 0; i < WEATHER_TURNS; i++)
		any |= how->turn[i] == turn_retransmit;
	return any;
}

/* What bars a weather bars all that do the same to the segments: "not reordered" bars the storm
 * too, and "not ipv6" all of IPv6. */
static bool is_akin(const struct weather *how, const struct weather *barred)
{
	for (unsigned i = 0; i < WEATHER_TURNS; i++)
		if (how->turn[i] && how->turn[i] == barred->turn[0])
			return true;
	bool six[2] = {wrapping_find(how->wrapping)->bits & WRAPPING_V6,
		       wrapping_find(barred->wrapping)->bits & WRAPPING_V6};
	return how == barred || (barred->nids && how->nids) ||
	       (!barred->turn[0] && six[0] && six[1]) ||
	       (strncmp(barred->name, "fragments", 9) == 0 &&
		strncmp(how->name, "fragments", 9) == 0);
}

bool weather_suits(const struct scenario *s, const struct trace *w, const struct weather *how)
{
	if (how->nids && !w->whole)
		return false;
	if (s->fair_only)
		return how == weathers;
	for (const struct weather *row = weathers; row->name; row++)
		if (scenario_bars(s, row->name) && is_akin(how, row))
			return false;
	return true;
}

struct frames weather_frames(const struct scenario *s, const struct trace *w,
			     const struct weather *how, uint64_t seed)
{
	struct dice dice = {seed};
	struct trace now = {0};
	const struct trace *in = w;
	for (unsigned i = 0; i < WEATHER_TURNS && how->turn[i]; i++) {
		struct trace next = {0};
		how->turn[i](in, &next, &dice);
		trace_free(&now);
		now = next;
		in = &now;
	}
	struct frames f = frames_build(s, in, wrapping_find(how->wrapping));
	trace_free(&now);
	return f;
}
