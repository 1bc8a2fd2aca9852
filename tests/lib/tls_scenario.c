/* tls_scenario.c - rewrites the steps of a scenario. */
#include "lib/tls_scenario.h"

#include <assert.h>
#include <stdlib.h>

struct sealing {
	struct step *steps;
	size_t n, capacity;
	struct tls_talk *talk[SCENARIO_SCENES], *before;
	bool connected[SCENARIO_SCENES]; /* the scenario says when */
	bool greeted[SCENARIO_SCENES];   /* the client has spoken */
	bool joined; /* the next record goes on in the segment of the one before */
	const struct step *like;
	unsigned extra;
};

static void step_add(struct sealing *b, const struct step *step)
{
	if (b->n == b->capacity) {
		b->capacity = b->capacity ? 2 * b->capacity : 256;
		b->steps = realloc(b->steps, b->capacity * sizeof *b->steps);
		assert(b->steps);
	}
	b->steps[b->n++] = *step;
}

static void raw_add(void *arg, enum side side, struct bytes records)
{
	struct sealing *b = arg;
	struct step step = {.kind = STEP_RAW,
			    .line = b->like->line,
			    .scene = b->like->scene,
			    .side = side,
			    .joined = b->joined,
			    .n = records.n};
	step.data = malloc(records.n);
	memcpy(step.data, records.p, records.n);
	step_add(b, &step);
	b->joined = false;
}

static void clear_add(struct sealing *b, enum side side, const char *text)
{
	raw_add(b, side, bytes_str(text));
}

/* The connection, and then TLS. */
static void talk_begin(struct sealing *b, const struct step *like, const struct tls_way *way,
		       enum tls_begin begin)
{
	b->like = like;
	b->joined = false;
	if (begin == TLS_STARTTLS) {
		clear_add(b, SERVER, "220 mx.example.net ESMTP\r\n");
		clear_add(b, CLIENT, "EHLO out.example.org\r\n");
		clear_add(b, SERVER, "250-mx.example.net\r\n250 STARTTLS\r\n");
		clear_add(b, CLIENT, "STARTTLS\r\n");
		clear_add(b, SERVER, "220 2.0.0 go\r\n");
	}
	struct tls_talk *talk = tls_talk_new(way, b->before, (b->extra & TLS_LONG_HELLO) != 0);
	b->talk[like->scene] = talk;
	if (b->extra & (TLS_EARLY_REFUSED | TLS_EARLY_TAKEN))
		tls_talk_early(talk, bytes_str("EHLO early.example.org\r\n"),
			       (b->extra & TLS_EARLY_TAKEN) != 0);
	tls_talk_handshake(talk, raw_add, b);
	assert(!b->before || tls_talk_resumed(talk));
	if (b->extra & TLS_KEY_UPDATES)
		tls_talk_key_update(talk, CLIENT, raw_add, b);
}

static uint8_t *bulk_make(const struct step *step)
{
	size_t n = (size_t)step->number;
	uint8_t *data = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)(i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'a' + i / 78 % 26);
	if (n > 1)
		memcpy(data + n - 2, "\r\n", 2);
	return data;
}

static void text_seal(struct sealing *b, const struct step *step, struct bytes text)
{
	struct tls_talk *talk = b->talk[step->scene];
	b->like = step;
	b->joined = step->joined;
	size_t piece = (b->extra & TLS_ONE_RECORD_A_BYTE) && text.n < 200 ? 1 : text.n;
	for (size_t at = 0; at < text.n; at += piece) {
		tls_talk_say(talk, step->side, bytes_of(text.p + at, piece), raw_add, b);
		b->joined = true;
	}
	/* What ends the segment stays with it. */
	if (step->flags)
		b->steps[b->n - 1].flags = step->flags;
	if ((b->extra & TLS_KEY_UPDATES) && !step->joined && !step->flags && step->line % 3 == 0)
		tls_talk_key_update(talk, step->side, raw_add, b);
	b->joined = false;
}

static bool is_text(const struct step *s)
{
	return (s->kind == STEP_LINE || s->kind == STEP_RAW) && s->n > 0;
}

/* Told before the handshake of TCP (build.c). */
static bool is_early(enum step_kind kind)
{
	return kind == STEP_CONNECT || kind == STEP_WAIT || kind == STEP_CUT || kind == STEP_OPEN ||
	       kind == STEP_SEGMENT || kind == STEP_SWAP || kind == STEP_LATE || kind == STEP_DUP;
}

static bool sealable(const struct step *s)
{
	switch (s->kind) {
	case STEP_CONNECT:
		return s->choice == CONNECT_WHOLE;
	case STEP_RETRANSMIT:
		return s->n == 0;
	case STEP_LOSE:
	case STEP_GAP:
	case STEP_OVERLAP:
	case STEP_ICMP:
	case STEP_MTU:
	case STEP_JOIN:
	case STEP_SNAP:
	case STEP_ONLY:
		return false;
	default:
		return true;
	}
}

/* The FIN of the other side, in place of this one, which the builder adds. */
static void close_seal(struct sealing *b, const struct step *s)
{
	struct step answer = *s;
	answer.side = side_other(s->side);
	b->like = s;
	b->joined = false;
	tls_talk_close_notify(b->talk[s->scene], s->side, raw_add, b);
	tls_talk_close_notify(b->talk[s->scene], answer.side, raw_add, b);
	step_add(b, &answer);
}

static void step_seal(struct sealing *b, const struct step *s, const struct tls_way *way,
		      enum tls_begin begin)
{
	/* Who waits for the greeting of a connection that is open waits in TLS. */
	bool waits = s->kind == STEP_WAIT && b->connected[s->scene] && begin == TLS_FIRST_BYTE;
	if (!b->talk[s->scene] && (waits || !is_early(s->kind)))
		talk_begin(b, s, way, begin);
	b->connected[s->scene] |= s->kind == STEP_CONNECT;
	b->greeted[s->scene] |= s->side == CLIENT && is_text(s);
	if (begin == TLS_STARTTLS && !b->greeted[s->scene] && s->side == SERVER && is_text(s) &&
	    !s->flags)
		return;
	if (s->kind == STEP_BULK) {
		uint8_t *bulk = bulk_make(s);
		text_seal(b, s, bytes_of(bulk, (size_t)s->number));
		free(bulk);
	} else if (is_text(s)) {
		text_seal(b, s, bytes_of(s->data, s->n));
	} else if ((b->extra & TLS_NOTIFIED) && s->kind == STEP_FLAGS) {
		close_seal(b, s);
	} else {
		struct step copy = *s;
		copy.data = NULL;
		copy.n = 0;
		step_add(b, &copy);
	}
}

bool tls_scenario_seal(struct scenario *s, const struct tls_way *way, enum tls_begin begin,
		       unsigned extra)
{
	struct sealing b = {.extra = extra};
	for (size_t i = 0; i < s->n; i++)
		if (!sealable(&s->steps[i]))
			return false;
	if (extra & TLS_RESUMED) {
		struct step nowhere = {.kind = STEP_RAW};
		struct sealing aside = {.like = &nowhere};
		b.before = tls_talk_new(way, NULL, (extra & TLS_LONG_HELLO) != 0);
		tls_talk_handshake(b.before, raw_add, &aside);
		for (size_t i = 0; i < aside.n; i++)
			free(aside.steps[i].data);
		free(aside.steps);
	}
	for (size_t i = 0; i < s->n; i++) {
		step_seal(&b, &s->steps[i], way, begin);
		if ((extra & TLS_RENEGOTIATED) && i == s->n / 2 && b.talk[s->steps[i].scene])
			tls_talk_renegotiate(b.talk[s->steps[i].scene], raw_add, &b);
	}
	for (unsigned i = 0; i < SCENARIO_SCENES; i++)
		if (b.talk[i])
			tls_talk_free(b.talk[i]);
	if (b.before)
		tls_talk_free(b.before);
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].data);
	free(s->steps);
	s->steps = b.steps;
	s->n = b.n;
	return true;
}
