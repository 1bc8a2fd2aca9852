/* build.c - plays a scenario's steps on two TCP stacks. */
#include "lib/build.h"

#include "lib/build_tcp.h"

#include <stdio.h>
#include <stdlib.h>

#define BUILD_DELAYED_ACK (40 * FRAME_MS)

struct builder {
	const struct scenario *s;
	struct tcp tcp;
	bool open[SCENARIO_SCENES]; /* the close is not completed */
};

static void play_connect(struct builder *b, const struct step *step)
{
	tcp_connect(&b->tcp, step->scene, (enum connect)step->choice);
}

/* Lines and raw bytes, with the steps that go on in the same segment; the number of steps used. */
static size_t play_bytes(struct builder *b, size_t at)
{
	const struct step *first = &b->s->steps[at], *end = b->s->steps + b->s->n;
	uint8_t *data = NULL, flags = 0;
	size_t n = 0, used = 0;
	for (const struct step *s = first; s < end && (s == first || s->joined); s++, used++) {
		flags |= s->flags;
		if (!s->n)
			continue;
		data = realloc(data, n + s->n);
		memcpy(data + n, s->data, s->n);
		n += s->n;
	}
	if (flags & TCP_RST) {
		tcp_send(&b->tcp, first->scene, first->side, flags & TCP_FIN, data, n);
		tcp_reset(&b->tcp, first->scene, first->side, &(struct forgery){0});
	} else {
		tcp_send(&b->tcp, first->scene, first->side, flags, data, n);
	}
	free(data);
	return used;
}

/* Body lines of 76 characters; the last one is as short as it must be. */
static void play_bulk(struct builder *b, const struct step *step)
{
	size_t n = (size_t)step->number;
	uint8_t *data = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)(i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'a' + i / 78 % 26);
	if (n > 1)
		memcpy(data + n - 2, "\r\n", 2);
	tcp_send(&b->tcp, step->scene, step->side, 0, data, n);
	free(data);
}

static void play_flags(struct builder *b, const struct step *step)
{
	if (step->flags & TCP_RST)
		tcp_reset(&b->tcp, step->scene, step->side, &step->forgery);
	else
		tcp_send(&b->tcp, step->scene, step->side, step->flags, NULL, 0);
}

static void play_gap(struct builder *b, const struct step *step)
{
	bool off = b->tcp.off;
	b->tcp.off = b->tcp.flawed = true;
	play_bulk(b, step);
	b->tcp.off = off;
}

/* Whoever owes an ACK sends it before the silence. */
static void play_wait(struct builder *b, const struct step *step)
{
	int64_t then = b->tcp.now + step->number;
	if (step->number > BUILD_DELAYED_ACK) {
		b->tcp.now += BUILD_DELAYED_ACK;
		for (unsigned i = 0; i < b->s->scenes; i++)
			tcp_settle(&b->tcp, i);
	}
	if (b->tcp.now < then)
		b->tcp.now = then;
}

static void play_join(struct builder *b)
{
	bool whole = b->tcp.trace.n == 0;
	trace_free(&b->tcp.trace);
	for (unsigned i = 0; i < SCENARIO_SCENES; i++)
		b->tcp.conn[i].last = b->tcp.conn[i].last_bytes = SIZE_MAX;
	b->tcp.flawed |= !whole;
}

static void play_sight(struct builder *b, const struct step *step)
{
	b->tcp.conn[step->scene].one_way = true;
	b->tcp.conn[step->scene].only = step->side;
}

/* What a directive does to the capture, or to the next segment. */
static void play_directive(struct builder *b, const struct step *step)
{
	struct tcp *t = &b->tcp;
	switch (step->kind) {
	case STEP_LOSE:
		t->conn[step->scene].end[step->side].lose += (unsigned)step->number;
		break;
	case STEP_DUP:
		t->dup = true;
		break;
	case STEP_SWAP:
		t->swap = 2;
		break;
	case STEP_LATE:
		t->late = 1;
		break;
	case STEP_MTU:
		t->conn[step->scene].end[step->side].mtu = (uint32_t)step->number;
		break;
	case STEP_OVERLAP:
		t->overlap = (uint32_t)step->number;
		break;
	case STEP_NO_ACK:
		t->no_ack = true;
		break;
	case STEP_CROSSING:
		t->crossing = true;
		break;
	case STEP_VANISH:
		t->conn[step->scene].end[step->side].vanished = t->flawed = true;
		break;
	case STEP_OPEN:
		b->open[step->scene] = t->flawed = true;
		break;
	case STEP_CUT:
		t->off = t->flawed = true;
		break;
	case STEP_SEGMENT:
		t->longest = step->number > 0 ? (uint32_t)step->number : TCP_MSS;
		break;
	case STEP_SNAP:
		t->snap = (uint32_t)step->number;
		t->flawed = true;
		break;
	default:
		fprintf(stderr, "%s:%u: this step has no meaning\n", b->s->name, step->line);
		abort();
	}
}

/* True for what puts segments of its own on the wire. */
static bool play_segments(struct builder *b, const struct step *step)
{
	switch (step->kind) {
	case STEP_BULK:
		play_bulk(b, step);
		return true;
	case STEP_FLAGS:
		play_flags(b, step);
		return true;
	case STEP_GAP:
		play_gap(b, step);
		return true;
	case STEP_RETRANSMIT:
		tcp_retransmit(&b->tcp, step->scene, step->side, (unsigned)step->number, step->data,
			       step->n);
		return true;
	case STEP_KEEPALIVE:
		tcp_keepalive(&b->tcp, step->scene, step->side);
		return true;
	case STEP_ICMP:
		tcp_icmp(&b->tcp, step->scene, step->side, (enum icmp)(step->choice + 1),
			 (uint16_t)step->number);
		return true;
	case STEP_WINDOW:
		tcp_window(&b->tcp, step->scene, step->side, (uint16_t)step->number);
		return true;
	default:
		return false;
	}
}

/* Steps that are told before the handshake, or bring it about. */
static bool is_early(enum step_kind kind)
{
	return kind == STEP_CONNECT || kind == STEP_WAIT || kind == STEP_ONLY ||
	       kind == STEP_SNAP || kind == STEP_JOIN || kind == STEP_CUT || kind == STEP_OPEN ||
	       kind == STEP_SEGMENT || kind == STEP_SWAP || kind == STEP_LATE || kind == STEP_DUP;
}

/* Plays the step at `at`; the number of steps used. */
static size_t play(struct builder *b, size_t at)
{
	const struct step *step = &b->s->steps[at];
	if (!b->tcp.conn[step->scene].up && !is_early(step->kind))
		tcp_connect(&b->tcp, step->scene, CONNECT_WHOLE);
	if (step->kind == STEP_LINE || step->kind == STEP_RAW)
		return play_bytes(b, at);
	if (step->kind == STEP_CONNECT)
		play_connect(b, step);
	else if (step->kind == STEP_WAIT)
		play_wait(b, step);
	else if (step->kind == STEP_JOIN)
		play_join(b);
	else if (step->kind == STEP_ONLY)
		play_sight(b, step);
	else if (!play_segments(b, step))
		play_directive(b, step);
	return 1;
}

/* The last step of each session; what comes behind it is the close. */
static bool is_last(const struct scenario *s, size_t next, unsigned scene)
{
	for (size_t i = next; i < s->n; i++)
		if (s->steps[i].scene == scene)
			return false;
	return true;
}

struct trace build_trace(const struct scenario *s)
{
	struct builder b = {.s = s};
	tcp_begin(&b.tcp);
	for (unsigned i = 0; i < s->scenes; i++)
		b.tcp.conn[i].stamps = s->scene[i].timestamps;
	for (size_t i = 0, used; i < s->n; i += used) {
		used = play(&b, i);
		unsigned scene = s->steps[i].scene;
		if (is_last(s, i + used, scene) && !b.open[scene])
			tcp_close(&b.tcp, scene);
	}
	tcp_end(&b.tcp);
	b.tcp.trace.whole = !b.tcp.flawed;
	return b.tcp.trace;
}
