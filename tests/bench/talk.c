/* talk.c - walks a course and turns its steps into segments. */
#include "bench/talk.h"

#include "bench/text.h"

#include <string.h>

#define MILLISECOND INT64_C(1000000)

/* How many clients and servers there are; a client's port then tells its sessions apart. */
enum { CLIENTS = 4001, SERVERS = 40, FIRST_PORT = 20000, SUBMISSION = 587, SMTP = 25 };

struct talk_ends talk_ends(const struct talk_plan *plan)
{
	uint32_t client = plan->number % CLIENTS, server = (uint32_t)(plan->seed >> 40) % SERVERS;
	return (struct talk_ends){.addr = {0x0a000101 + client, 0xc6336401 + server},
				  .port = {(uint16_t)(FIRST_PORT + plan->number / CLIENTS),
					   plan->submission ? SUBMISSION : SMTP}};
}

static enum party other(enum party p)
{
	return p == CLIENT ? SERVER : CLIENT;
}

static bool ends_at(const struct talk *t, uint8_t place)
{
	return t->plan.ending && t->plan.ending->at == place && t->messages <= 1;
}

static const struct mail_block *block_of(const struct talk *t, const struct mail *mail)
{
	return t->plan.course == COURSE_TLS ? &mail->records : &mail->text;
}

static void message_choose(struct talk *t, const struct mail *mail)
{
	t->size = chance_size(&t->chance, t->plan.min, t->plan.max);
	t->from = mail_choose(block_of(t, mail), &t->chance, &t->size);
}

void talk_begin(struct talk *t, const struct talk_plan *plan, const struct mail *mail)
{
	*t = (struct talk){.plan = *plan,
			   .chance = {plan->seed},
			   .course = courses[plan->course],
			   .messages = plan->messages,
			   .rcpts = plan->rcpts};
	for (int side = CLIENT; side <= SERVER; side++) {
		t->seq[side] = (uint32_t)chance_next(&t->chance);
		t->ip_id[side] = (uint16_t)chance_next(&t->chance);
		t->tsval[side] = (uint32_t)chance_next(&t->chance) >> 1;
	}
	message_choose(t, mail);
}

static uint32_t mss_of(const struct talk *t)
{
	return t->plan.v6 ? WIRE_MSS_V6 : WIRE_MSS_V4;
}

static struct wire_packet packet_of(struct talk *t, enum party from, uint8_t flags, int64_t now)
{
	struct talk_ends ends = talk_ends(&t->plan);
	uint32_t clock = (uint32_t)(now / MILLISECOND);
	t->ack_due = false;
	return (struct wire_packet){
		.ts = now,
		.v6 = t->plan.v6,
		.src = ends.addr[from],
		.dst = ends.addr[other(from)],
		.src_port = ends.port[from],
		.dst_port = ends.port[other(from)],
		.ttl = from == CLIENT ? 64 : 52,
		.ip_id = t->ip_id[from]++,
		.seq = t->seq[from],
		.ack = t->had[from],
		.tsval = t->tsval[from] + clock,
		.tsecr = flags & WIRE_ACK ? t->tsval[other(from)] + clock : 0,
		.window = from == CLIENT ? 502 : 509,
		.flags = flags,
	};
}

static void flags_send(struct talk *t, const struct talk_world *world, enum party from,
		       uint8_t flags)
{
	struct wire_packet p = packet_of(t, from, flags, world->now);
	if (flags & WIRE_SYN)
		p.window = 64240;
	wire_begin(world->wire, &p, 0);
	wire_end(world->wire);
	if (flags & (WIRE_SYN | WIRE_FIN))
		t->seq[from]++;
	if (flags & (WIRE_SYN | WIRE_FIN | WIRE_RST))
		t->had[other(from)] = t->seq[from];
	t->unacked = 0;
}

/* The texts before and behind the content are made anew for each segment that has a part of them:
 * no session needs to keep any. */
static size_t text_before(const struct talk *t, char out[TEXT_MAX])
{
	return text_make(&t->plan, &steps[t->step], t->plan.messages - t->messages, t->size,
			 t->content, out);
}

/* Puts n bytes of the turn from `at` on into a packet. */
static void turn_copy(const struct talk *t, const struct mail *mail, uint32_t at, uint8_t *to,
		      uint32_t n)
{
	if (at < t->before) {
		char text[TEXT_MAX];
		text_before(t, text);
		uint32_t part = n < t->before - at ? n : t->before - at;
		memcpy(to, text + at, part);
		at += part, to += part, n -= part;
	}
	uint32_t content_end = t->before + t->content;
	if (n > 0 && at < content_end) {
		uint32_t part = n < content_end - at ? n : content_end - at;
		mail_copy(block_of(t, mail), t->from, t->skipped + at - t->before, to, part);
		at += part, to += part, n -= part;
	}
	if (n > 0)
		memcpy(to, steps[t->step].after + (at - content_end), n);
}

/* `at` of the turn goes on the wire. What is behind a lost segment leaves the acknowledgement where
 * it was. */
static void segment_send(struct talk *t, const struct talk_world *world, uint32_t at, uint32_t n)
{
	const struct step *step = &steps[t->step];
	enum party from = step->party;
	bool last = at + n == t->total;
	uint8_t flags = (uint8_t)(WIRE_ACK | (last ? WIRE_PSH | step->flags : 0));
	struct wire_packet p = packet_of(t, from, flags, world->now);
	p.seq = t->seq[from] + at;
	turn_copy(t, world->mail, at, wire_begin(world->wire, &p, n), n);
	wire_end(world->wire);
}

/* Now and then one segment is lost behind the place of capture and comes again, or is lost before
 * it and comes late. */
static bool late_choose(struct talk *t, uint32_t n)
{
	if (t->late_in > 0 || t->plan.late == 0 || t->at + n >= t->total ||
	    !chance_permille(&t->chance, t->plan.late))
		return false;
	t->late_at = t->at;
	t->late_n = n;
	t->late_in = (uint8_t)chance_between(&t->chance, 1, 3);
	t->lost = chance_permille(&t->chance, 500);
	return t->lost;
}

static void turn_acked(struct talk *t)
{
	enum party to = other(steps[t->step].party);
	bool hole = t->late_in > 0 && t->lost;
	t->had[to] = t->seq[steps[t->step].party] + (hole ? t->late_at : t->at);
	t->unacked++;
	/* RFC 5681 4.2: every second segment, and at once where one is missing. */
	if (hole || t->unacked >= 2) {
		t->ack_due = true;
		t->unacked = 0;
	}
}

static void turn_end(struct talk *t)
{
	const struct step *step = &steps[t->step];
	t->seq[step->party] += t->total + !!(step->flags & WIRE_FIN);
	t->had[other(step->party)] = t->seq[step->party];
	t->skipped += t->content;
	t->turning = false;
	if (!(step->flags & WIRE_FIN) && chance_permille(&t->chance, 850))
		t->ack_due = false; /* the answer carries it */
}

static void turn_late(struct talk *t, const struct talk_world *world)
{
	segment_send(t, world, t->late_at, t->late_n);
	t->late_in = 0;
	t->unacked = 1;
	turn_acked(t);
}

static void turn_step(struct talk *t, const struct talk_world *world)
{
	if (t->at < t->total && t->late_in != 1) {
		uint32_t rest = t->total - t->at, n = rest < mss_of(t) ? rest : mss_of(t);
		if (late_choose(t, n)) {
			t->at += n;
			rest = t->total - t->at;
			n = rest < mss_of(t) ? rest : mss_of(t);
		} else if (t->late_in > 1) {
			t->late_in--;
		}
		segment_send(t, world, t->at, n);
		t->at += n;
		turn_acked(t);
	} else {
		turn_late(t, world);
	}
	if (t->at == t->total && t->late_in == 0)
		turn_end(t);
	else if (t->at == t->total)
		t->late_in = 1;
}

/* How much of the message the step sends. */
static uint32_t content_of(const struct talk *t, const struct step *step)
{
	switch (step->kind) {
	case STEP_BODY:
		return ends_at(t, AT_CONTENT) ? t->size / 2 : t->size;
	case STEP_CHUNK:
	case STEP_RECORDS:
		return t->size;
	case STEP_CHUNK_1:
		return t->size / 2;
	case STEP_CHUNK_2:
		return t->size - t->size / 2;
	default:
		return 0;
	}
}

static void turn_begin(struct talk *t, const struct talk_world *world)
{
	const struct step *step = &steps[t->step];
	char text[TEXT_MAX];
	t->content = content_of(t, step);
	t->skipped = step->kind == STEP_CHUNK_2 ? t->size / 2 : 0;
	t->before = (uint32_t)text_before(t, text);
	t->behind = step->kind == STEP_BODY && ends_at(t, AT_CONTENT)
			    ? 0
			    : (uint32_t)strlen(step->after);
	t->total = t->before + t->content + t->behind;
	t->at = 0;
	t->unacked = 0;
	t->turning = true;
	if (step->kind == STEP_TEXT_AGAIN)
		t->seq[step->party] -= t->total;
	turn_step(t, world);
}

static void step_begin(struct talk *t, const struct talk_world *world)
{
	const struct step *step = &steps[t->step];
	switch (step->kind) {
	case STEP_WAIT:
		t->wake = world->now + step->n * MILLISECOND;
		break;
	case STEP_FLAGS_AGAIN:
		t->seq[step->party]--;
		flags_send(t, world, step->party, step->flags);
		break;
	case STEP_FLAGS:
		if (t->step == S_REFUSE)
			t->seq[SERVER] =
				0; /* RFC 9293 3.10.7.1: nobody is there to have a number */
		flags_send(t, world, step->party, step->flags);
		break;
	default:
		turn_begin(t, world);
		break;
	}
}

static void message_next(struct talk *t, const struct talk_world *world)
{
	if (t->messages <= 1)
		return;
	t->messages--;
	t->rcpts = t->plan.rcpts;
	t->pos = t->ready;
	message_choose(t, world->mail);
}

static void rcpt_next(struct talk *t)
{
	if (t->rcpts <= 1)
		return;
	t->rcpts--;
	t->pos = t->envelope;
}

/* A place: remembered to go back to, or where the session leaves its course, or where it is held.
 */
static enum talk_state place_pass(struct talk *t, uint8_t place)
{
	if (place == AT_READY)
		t->ready = t->pos;
	if (place == AT_MAIL_DONE)
		t->envelope = t->pos;
	if (ends_at(t, place)) {
		t->course = t->plan.ending->tail;
		t->pos = 0;
	}
	bool held = t->plan.hold == place;
	if (held)
		t->plan.hold = 0;
	return held ? TALK_HELD : TALK_ON;
}

/* The ending inside a message has no place in the course: it comes when half of the message was
 * sent. */
static bool content_cut(struct talk *t)
{
	if (steps[t->step].kind != STEP_BODY || !ends_at(t, AT_CONTENT))
		return false;
	t->course = t->plan.ending->tail;
	t->pos = 0;
	return true;
}

static enum talk_state course_step(struct talk *t, const struct talk_world *world)
{
	content_cut(t);
	for (;;) {
		uint8_t code = t->course[t->pos++];
		if (code == COURSE_END)
			return TALK_OVER;
		if (code == NEXT_MESSAGE)
			message_next(t, world);
		else if (code == NEXT_RCPT)
			rcpt_next(t);
		else if (code < STEPS) {
			t->step = code;
			step_begin(t, world);
			return TALK_ON;
		} else if (place_pass(t, code) == TALK_HELD)
			return TALK_HELD;
	}
}

enum talk_state talk_step(struct talk *t, const struct talk_world *world)
{
	if (t->ack_due) {
		flags_send(t, world, other(steps[t->step].party), WIRE_ACK);
		return TALK_ON;
	}
	if (!t->turning)
		return course_step(t, world);
	turn_step(t, world);
	return TALK_ON;
}
