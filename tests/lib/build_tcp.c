/* build_tcp.c - each segment acknowledges what its sender has got; pure ACKs come for every second
 * segment that finds no answer. */
#include "lib/build_tcp.h"

#include <stdlib.h>

#define TCP_START (INT64_C(1767607200) * FRAME_SECOND) /* 2026-01-05 10:00:00 UTC */
#define TCP_HOP   FRAME_MS                             /* between a segment and the next */
#define TCP_RTO   (300 * FRAME_MS) /* before the first retransmission; doubles */

void tcp_begin(struct tcp *t)
{
	*t = (struct tcp){.now = TCP_START, .longest = TCP_MSS};
	for (unsigned i = 0; i < SCENARIO_SCENES; i++) {
		struct connection *c = &t->conn[i];
		c->last = c->last_bytes = SIZE_MAX;
		c->end[CLIENT] = (struct end){.next = 0x1a2b3c00 + i * 0x01020304,
					      .ttl = 64,
					      .window = 64240,
					      .ip_id = (uint16_t)(1000 + 100 * i),
					      .clock = 4000000 + i * 7919};
		c->end[SERVER] = (struct end){.next = 0x8f3e5d00 + i * 0x03050709,
					      .ttl = 57,
					      .window = 65160,
					      .ip_id = (uint16_t)(30000 + 100 * i),
					      .clock = 910000000 + i * 104729};
	}
}

void tcp_end(struct tcp *t)
{
	for (unsigned i = 0; i < SCENARIO_SCENES; i++)
		for (int side = 0; side < 2; side++) {
			free(t->conn[i].end[side].last.data);
			trace_free(&t->conn[i].end[side].lost);
		}
}

static void capture_order(struct tcp *t, struct connection *c)
{
	if (t->late && --t->late == 0 && c->last != SIZE_MAX)
		trace_swap(&t->trace, c->last, t->trace.n - 1);
	if (t->swap && --t->swap == 0 && c->last_bytes != SIZE_MAX)
		trace_swap(&t->trace, c->last_bytes, t->trace.n - 1);
}

/* Whether the capture has this segment. Pure ACKs are not counted by "lose". */
static bool is_captured(struct tcp *t, struct connection *c, const struct segment *g)
{
	struct end *me = &c->end[g->side];
	bool lost = !segment_pure_ack(g) && me->lose > 0;
	if (lost)
		me->lose--;
	bool kept = !lost && !t->off && !(c->one_way && c->only != g->side);
	t->flawed |= !kept;
	return kept;
}

static void capture(struct tcp *t, const struct segment *g, const uint8_t *data, size_t n)
{
	struct connection *c = &t->conn[g->scene];
	if (!is_captured(t, c, g))
		return;
	trace_add(&t->trace, g, data, n);
	size_t at = t->trace.n - 1;
	if (!segment_pure_ack(&t->trace.segment[at])) {
		capture_order(t, c);
		c->last_bytes = at;
		if (t->dup) {
			struct segment again = t->trace.segment[at];
			again.ts = t->now += FRAME_MS / 100;
			trace_add(&t->trace, &again, again.data, again.n);
			t->dup = false;
		}
	}
	c->last = t->trace.n - 1;
}

/* A segment with everything filled in that the state of its sender tells. */
static struct segment segment_of(struct tcp *t, unsigned scene, enum side side, uint8_t flags)
{
	struct end *me = &t->conn[scene].end[side];
	t->now += TCP_HOP;
	return (struct segment){
		.ts = t->now,
		.scene = scene,
		.side = side,
		.seq = me->next,
		.ack = flags & TCP_ACK ? me->had : 0,
		.flags = flags,
		.ttl = me->ttl,
		.window = me->window,
		.ip_id = me->ip_id++,
		.snap = t->snap,
		.stamped = t->conn[scene].stamps,
		.tsval = me->clock + (uint32_t)((t->now - TCP_START) / FRAME_MS),
		.tsecr = flags & TCP_ACK ? me->heard : 0,
	};
}

static void ack_send(struct tcp *t, unsigned scene, enum side side)
{
	struct end *me = &t->conn[scene].end[side];
	struct segment g = segment_of(t, scene, side, TCP_ACK);
	me->told = me->had;
	me->owed = 0;
	t->conn[scene].end[side_other(side)].heard = g.tsval;
	capture(t, &g, NULL, 0);
}

/* The segment's ack number: what its sender has got, or what it had told before, if the two
 * segments cross. */
static void ack_put(struct tcp *t, struct segment *g, struct end *me)
{
	if (t->crossing && (g->flags & TCP_ACK)) {
		g->ack = me->told;
		t->crossing = false;
		return;
	}
	me->told = me->had;
	me->owed = 0;
}

/* The peer gets a segment: the next one, one that it has, or one behind a hole. False: it does not.
 */
static bool arrive(struct tcp *t, const struct segment *g, uint32_t span)
{
	struct end *me = &t->conn[g->scene].end[g->side],
		   *peer = &t->conn[g->scene].end[side_other(g->side)];
	uint32_t end = g->seq + span;
	bool lost = t->no_ack || peer->vanished || (me->mtu && g->n > me->mtu);
	t->no_ack = false;
	t->flawed |= lost;
	if (lost)
		return false;
	if (g->flags & TCP_SYN)
		peer->had = peer->top = g->seq;
	if ((int32_t)(end - peer->top) > 0)
		peer->top = end;
	peer->had = me->lost.n ? me->lost.segment[0].seq : peer->top;
	peer->heard = g->tsval;
	peer->owed++;
	return true;
}

static void remember(struct end *me, const struct segment *g, const uint8_t *data, size_t n)
{
	free(me->last.data);
	me->last = *g;
	me->last.n = (uint32_t)n;
	me->last.data = n ? malloc(n) : NULL;
	if (n)
		memcpy(me->last.data, data, n);
}

/* "overlap": puts the last bytes of the side's last segment before these; the answer belongs to the
 * caller. */
static uint8_t *overlap_take(struct tcp *t, const struct end *me, struct segment *g,
			     const uint8_t *data, size_t *n)
{
	size_t more = t->overlap < me->last.n ? t->overlap : me->last.n;
	uint8_t *joined = malloc(more + *n + 1);
	if (more)
		memcpy(joined, me->last.data + me->last.n - more, more);
	if (*n)
		memcpy(joined + more, data, *n);
	g->seq -= (uint32_t)more;
	*n += more;
	t->overlap = 0;
	return joined;
}

/* One segment with bytes, SYN or FIN. */
static void segment_send(struct tcp *t, unsigned scene, enum side side, uint8_t flags,
			 const uint8_t *data, size_t n)
{
	struct connection *c = &t->conn[scene];
	struct end *me = &c->end[side], *peer = &c->end[side_other(side)];
	if (peer->owed > 1 && !peer->vanished)
		ack_send(t, scene, side_other(side));
	struct segment g = segment_of(t, scene, side, flags);
	uint8_t *joined = overlap_take(t, me, &g, data, &n);
	g.n = (uint32_t)n;
	ack_put(t, &g, me);
	remember(me, &g, joined, n);
	capture(t, &g, joined, n);
	free(joined);
	me->next = g.seq + segment_span(&g);
	me->fin |= (flags & TCP_FIN) != 0;
	if (!arrive(t, &g, segment_span(&g)))
		trace_add(&me->lost, &me->last, me->last.data, me->last.n);
}

void tcp_send(struct tcp *t, unsigned scene, enum side side, uint8_t flags, const uint8_t *data,
	      size_t n)
{
	for (; n > t->longest; n -= t->longest, data += t->longest)
		segment_send(t, scene, side, TCP_ACK, data, t->longest);
	segment_send(t, scene, side, (uint8_t)(TCP_ACK | (n ? TCP_PSH : 0) | flags), data, n);
}

static bool is_forged(const struct forgery *f)
{
	return f->ttl || f->shift || f->has_ip_id || f->has_window || f->stamped || f->unstamped;
}

void tcp_reset(struct tcp *t, unsigned scene, enum side side, const struct forgery *forgery)
{
	struct connection *c = &t->conn[scene];
	struct segment g =
		segment_of(t, scene, side, forgery->without_ack ? TCP_RST : TCP_RST | TCP_ACK);
	if (!forgery->without_ack)
		ack_put(t, &g, &c->end[side]);
	g.seq += (uint32_t)forgery->shift;
	g.window = forgery->has_window ? forgery->window : 0;
	g.ttl = forgery->ttl ? forgery->ttl : g.ttl;
	g.forged = forgery->has_ip_id;
	g.ip_id = forgery->has_ip_id ? forgery->ip_id : g.ip_id;
	g.stamped = (g.stamped || forgery->stamped) && !forgery->unstamped;
	capture(t, &g, NULL, 0);
	t->flawed |= is_forged(forgery);
	c->dead |= forgery->shift == 0 || g.seq == c->end[side_other(side)].had;
}

void tcp_icmp(struct tcp *t, unsigned scene, enum side side, enum icmp icmp, uint16_t mtu)
{
	const struct end *me = &t->conn[scene].end[side];
	struct segment g = {.ts = t->now += TCP_HOP,
			    .scene = scene,
			    .side = side,
			    .seq = me->last.seq,
			    .snap = t->snap};
	g.icmp = (uint8_t)icmp;
	g.mtu = mtu;
	g.quoted = me->last.n;
	if (!t->off)
		trace_add(&t->trace, &g, NULL, 0);
}

/* A SYN is tried again after 1, 3, 7 ... seconds, like Linux does. */
static void connect_unanswered(struct tcp *t, unsigned scene)
{
	struct end *me = &t->conn[scene].end[CLIENT];
	uint32_t isn = me->next;
	for (unsigned i = 0; i < 7; i++) {
		me->next = isn;
		segment_send(t, scene, CLIENT, TCP_SYN, NULL, 0);
		t->now += FRAME_SECOND << i;
	}
}

static void connect_refused(struct tcp *t, unsigned scene)
{
	struct connection *c = &t->conn[scene];
	segment_send(t, scene, CLIENT, TCP_SYN, NULL, 0);
	struct segment g = segment_of(t, scene, SERVER, TCP_RST | TCP_ACK);
	g.seq = 0;
	g.window = 0;
	capture(t, &g, NULL, 0);
	c->dead = true;
}

static void syn_send(struct tcp *t, unsigned scene, enum side side, bool lost)
{
	struct connection *c = &t->conn[scene];
	c->end[side].lose = lost;
	segment_send(t, scene, side, side == SERVER ? TCP_SYN | TCP_ACK : TCP_SYN, NULL, 0);
	c->end[side].window = side == SERVER ? 509 : 502;
}

void tcp_connect(struct tcp *t, unsigned scene, enum connect how)
{
	struct connection *c = &t->conn[scene];
	bool off = t->off;
	c->up = true;
	c->end[SERVER].vanished = how == CONNECT_UNANSWERED;
	if (how == CONNECT_UNANSWERED) {
		connect_unanswered(t, scene);
		return;
	}
	if (how == CONNECT_REFUSED) {
		connect_refused(t, scene);
		return;
	}
	syn_send(t, scene, CLIENT, how == CONNECT_WITHOUT_SYN);
	syn_send(t, scene, SERVER, how == CONNECT_WITHOUT_SYN_ACK);
	t->flawed |= how != CONNECT_WHOLE;
	if (how == CONNECT_HALF) {
		c->end[CLIENT].owed = 0;
		return;
	}
	t->off |= how == CONNECT_WITHOUT_ACK;
	ack_send(t, scene, CLIENT);
	t->off = off;
}

/* What is sent again has another chance; what lay behind it need not be sent again. */
static bool lost_arrives(struct tcp *t, const struct segment *g)
{
	struct trace *lost = &t->conn[g->scene].end[g->side].lost;
	struct segment first = lost->n ? lost->segment[0] : (struct segment){0};
	if (lost->n)
		memmove(lost->segment, lost->segment + 1, --lost->n * sizeof *lost->segment);
	if (arrive(t, g, segment_span(g))) {
		free(first.data);
		return true;
	}
	if (first.flags) {
		memmove(lost->segment + 1, lost->segment, lost->n++ * sizeof *lost->segment);
		lost->segment[0] = first;
	}
	return false;
}

void tcp_retransmit(struct tcp *t, unsigned scene, enum side side, unsigned times,
		    const uint8_t *data, size_t n)
{
	struct end *me = &t->conn[scene].end[side];
	for (unsigned i = 0; i < times; i++) {
		const struct segment *again = me->lost.n ? &me->lost.segment[0] : &me->last;
		t->now += TCP_RTO << i;
		struct segment g = segment_of(t, scene, side, again->flags);
		g.seq = again->seq;
		ack_put(t, &g, me);
		g.n = again->n;
		capture(t, &g, n ? data : again->data, n ? n : again->n);
		if (lost_arrives(t, &g))
			ack_send(t, scene, side_other(side));
	}
}

void tcp_window(struct tcp *t, unsigned scene, enum side side, uint16_t window)
{
	t->conn[scene].end[side].window = window;
	t->flawed |= window == 0;
	ack_send(t, scene, side);
}

void tcp_keepalive(struct tcp *t, unsigned scene, enum side side)
{
	struct segment g = segment_of(t, scene, side, TCP_ACK);
	g.seq--;
	capture(t, &g, (const uint8_t[]){0}, 1);
	if (!t->conn[scene].end[side_other(side)].vanished)
		ack_send(t, scene, side_other(side));
}

void tcp_settle(struct tcp *t, unsigned scene)
{
	struct connection *c = &t->conn[scene];
	for (int side = 0; side < 2; side++)
		if (c->end[side].owed && !c->dead && !c->end[side].vanished)
			ack_send(t, scene, (enum side)side);
}

void tcp_close(struct tcp *t, unsigned scene)
{
	struct connection *c = &t->conn[scene];
	for (int side = 0; side < 2; side++)
		if (c->end[side_other((enum side)side)].fin && !c->end[side].fin &&
		    !c->end[side].vanished && !c->dead)
			segment_send(t, scene, (enum side)side, TCP_FIN | TCP_ACK, NULL, 0);
	tcp_settle(t, scene);
	t->flawed |= c->up && !c->dead && !(c->end[CLIENT].fin && c->end[SERVER].fin);
}
