/* dialogue.c - the server's replies, and what each of them answers (RFC 5321 4.2, RFC 2920 3.2). */
#include "core/dialogue.h"
#include "core/ascii.h"
#include "core/dialogue_parts.h"

#include <assert.h>

/* Replies in a row that must fit before the pairing is trusted again, where none of them is one that only one command can have. */
enum { FITS_TO_TRUST = 2 };

enum { TLS_ALERT = 0x15, TLS_HANDSHAKE = 0x16 };

void dialogue_init(struct dialogue *d, const struct dialogue_env *env, bool sure)
{
	memset(d, 0, sizeof *d);
	d->env = env;
	if (sure) {
		dialogue_pend(d, SMTP_CONNECT, bytes_of(NULL, 0), 0);
		return;
	}
	d->lost = d->holed = d->started = true;
}

void dialogue_inside(struct dialogue *d, bool greeting)
{
	dialogue_unpend_all(d);
	line_reset(&d->line[CLIENT], d->env->pool);
	line_reset(&d->line[SERVER], d->env->pool);
	d->mode = MODE_COMMAND;
	d->started = true;
	d->lost = d->hole = d->skip[CLIENT] = d->skip[SERVER] = false;
	d->code = 0;
	if (greeting)
		dialogue_pend(d, SMTP_CONNECT, bytes_of(NULL, 0), 0);
}

void dialogue_free(struct dialogue *d)
{
	dialogue_unpend_all(d);
	line_reset(&d->line[CLIENT], d->env->pool);
	line_reset(&d->line[SERVER], d->env->pool);
	pool_put(d->env->pool, d->held, d->held_room);
	d->held = NULL;
	d->held_n = d->held_room = 0;
}

/* How well a reply's code fits a command that it may or may not answer. */
enum fit { FIT_NOT, FIT_WELL, FIT_SURE };

static enum fit reply_fits(enum smtp_verb verb, const struct smtp_reply *r)
{
	static const struct {
		uint16_t code;
		uint8_t verb;
	} sure[] = {{354, SMTP_DATA}, {221, SMTP_QUIT}, {220, SMTP_STARTTLS},
		    {235, SMTP_AUTH}, {334, SMTP_AUTH}, {235, SMTP_AUTH_LINE}};
	for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
		if (sure[i].code == r->code)
			return sure[i].verb == verb ? FIT_SURE : FIT_NOT;
	if (r->code == 421 || verb == SMTP_QUIT || verb == SMTP_CONNECT)
		return FIT_NOT;
	if (r->code >= 400)
		return FIT_WELL;
	return verb != SMTP_DATA && verb != SMTP_STARTTLS && r->code / 10 == 25 ? FIT_WELL : FIT_NOT;
}

/* Of a chunk the server has not got the end. */
static bool chunk_is_under_way(const struct dialogue *d, const struct smtp_pending *p)
{
	return p->verb == SMTP_BDAT && p == d->tail && d->mode == MODE_CHUNK;
}

/* After a hole: is this reply the answer to the oldest command known to be outstanding? Enough such answers make the pairing trusted again. */
static bool reply_finds(struct dialogue *d, const struct smtp_pending *p, const struct smtp_reply *r)
{
	enum fit fit = p ? reply_fits((enum smtp_verb)p->verb, r) : FIT_NOT;
	if (fit == FIT_NOT || (r->code < 400 && chunk_is_under_way(d, p))) {
		d->fitted = 0;
		return false;
	}
	if (d->before_hole > 0)
		return true; /* of what comes behind the hole it tells nothing */
	d->fitted += r->code < 400;
	if (fit == FIT_SURE || (d->fitted >= FITS_TO_TRUST && !p->next))
		d->lost = false;
	return true;
}

/*
 * A server cannot answer what it has not received: a refusal or a farewell whose segment does not acknowledge the whole command is none to it. A reply that fits is taken all the same: there are
 * captures with numbers that nobody sent, and no harm is in it; so is a 221 that meets a QUIT under way.
 */
static bool reply_can_answer(const struct dialogue *d, const struct smtp_pending *p, const struct smtp_reply *r)
{
	bool fits = r->code < 400 && reply_fits((enum smtp_verb)p->verb, r) != FIT_NOT;
	return p->verb == SMTP_CONNECT || fits || d->acked[SERVER] >= p->end;
}

/* What the reply to the last command makes of the client's next bytes. */
static enum dialogue_mode mode_after(const struct smtp_pending *p, uint16_t code)
{
	switch (p->verb) {
	case SMTP_DATA:
		return code / 100 == 3 ? MODE_CONTENT : MODE_COMMAND;
	case SMTP_AUTH:
	case SMTP_AUTH_LINE:
		return code == 334 ? MODE_AUTH : MODE_COMMAND;
	case SMTP_STARTTLS:
		return code == 220 ? MODE_TLS_DUE : MODE_COMMAND;
	case SMTP_TURN:
		return code == 250 ? MODE_TURNED : MODE_COMMAND;
	default:
		return MODE_COMMAND;
	}
}

static void mode_decide(struct dialogue *d, const struct smtp_pending *p, uint16_t code)
{
	/* What was slipped in between STARTTLS and TLS is thrown away, as servers do since CVE-2011-0411. */
	if (p->verb == SMTP_STARTTLS && d->held_n > 0 && code == 220 && d->held[0] != TLS_HANDSHAKE) {
		dialogue_tell_flaw(d, FLAW_STARTTLS_INJECTION);
		d->offset[CLIENT] += d->held_n;
		d->held_n = 0;
	}
	d->mode = (uint8_t)mode_after(p, code);
	if (d->mode == MODE_CONTENT)
		d->content = (struct content){0};
}

static void reply_tell(struct dialogue *d, struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	struct smtp_event e = {.ts = ts,
			       .pending = p,
			       .text = r->text,
			       .reply = r,
			       .lost = d->lost,
			       .in_content = d->mode == MODE_CONTENT || d->mode == MODE_SOFT};
	d->env->listener->reply(d, &e);
}

/* Commands that were read behind STARTTLS before its answer came. */
static void injected_drop(struct dialogue *d)
{
	dialogue_unpend_all(d);
	dialogue_tell_flaw(d, FLAW_STARTTLS_INJECTION);
	line_reset(&d->line[CLIENT], d->env->pool);
	d->mode = MODE_TLS_DUE;
}

/* The oldest command has its answer. */
static void reply_credit(struct dialogue *d, struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	if (p->maybe_quit && r->code == 221)
		p->verb = SMTP_QUIT;
	bool decides = p == d->tail && d->offset[CLIENT] == p->end && (d->mode == MODE_WAIT || d->mode == MODE_COMMAND);
	struct smtp_pending answered = *p;
	reply_tell(d, p, r, ts);
	p->due--;
	/* What came as TLS where none was due gets all that the server says. */
	if (p->due == 0 && !(d->mode == MODE_FOREIGN && answered.verb == SMTP_NOT_SMTP))
		dialogue_unpend(d);
	else if (p->due == 0)
		p->due = 1;
	if (answered.verb == SMTP_BDAT && d->mode != MODE_CHUNK)
		d->hole = false;
	if (answered.verb == SMTP_STARTTLS && r->code == 220 && !decides)
		injected_drop(d);
	bool refused = answered.verb == SMTP_BDAT && r->code >= 400 && d->mode == MODE_CHUNK && d->offset[CLIENT] == answered.end;
	if (refused)
		d->mode = MODE_REFUSED;
	if (decides) {
		mode_decide(d, &answered, r->code);
		dialogue_client_resume(d, ts);
	}
}

/* Inside a message a reply may be the one to its end: one that only some servers take as such, or one that lies in a hole. */
static bool reply_ends_content(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	bool soft = d->mode == MODE_SOFT && d->acked[SERVER] >= d->offset[CLIENT] && r->code != 421;
	bool hidden = d->mode == MODE_CONTENT && d->hole && !d->lost && r->code != 421;
	if (d->head || !(soft || hidden))
		return false;
	struct smtp_pending *end = dialogue_client_end(d, soft ? FLAW_SOFT_END : 0, ts);
	if (!end)
		return false;
	reply_credit(d, end, r, ts);
	if (hidden)
		dialogue_lose(d, CLIENT, 0);
	dialogue_client_resume(d, ts);
	return true;
}

static void reply_done(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	struct smtp_pending *p = d->head;
	if (p && !reply_can_answer(d, p, r))
		p = NULL;
	/* Found too soon: this reply cannot be the answer to what was sent after the hole. Of what is surely the oldest, a farewell may be. */
	bool farewell = r->code == 221 || r->code == 421;
	bool misfit = p && p->verb != SMTP_CONNECT && reply_fits((enum smtp_verb)p->verb, r) == FIT_NOT;
	if (misfit && d->holed && !d->lost && (p->unsure || !farewell))
		dialogue_lose(d, CLIENT, 0);
	if (d->lost && !(p && !p->unsure)) {
		/* In the dark, commands that this reply does not fit have had theirs in the hole, or wait behind one that is not known. */
		while (p && d->lost && p->next && reply_fits((enum smtp_verb)p->verb, r) == FIT_NOT &&
		       reply_can_answer(d, p->next, r)) {
			dialogue_unpend(d);
			p = d->head;
		}
		if (!reply_finds(d, p, r))
			p = NULL;
	}
	if (p) {
		reply_credit(d, p, r, ts);
		return;
	}
	if (reply_ends_content(d, r, ts))
		return;
	/* After a hole, a reply too many shows that the pairing was found wrongly. */
	if (d->holed && !d->lost && !farewell)
		dialogue_lose(d, CLIENT, 0);
	reply_tell(d, NULL, r, ts);
}

static bool foreign_pending(const struct dialogue *d)
{
	const struct smtp_pending *p = d->head;
	if (p && p->verb == SMTP_CONNECT)
		p = p->next;
	return p && p->verb == SMTP_NOT_SMTP;
}

/* The server answers another protocol's words in that protocol (HTTP's CONNECT): if SMTP follows, it begins with what comes then, and nothing before it counts. */
static void tunnel_begins(struct dialogue *d)
{
	dialogue_unpend_all(d);
	dialogue_lose(d, SERVER, 0);
}

/* True: the reply goes on. */
static bool reply_line(struct dialogue *d, const struct line_out *line, int64_t ts)
{
	struct smtp_reply r = smtp_reply_read(line->text);
	unsigned flaws = (line->flaws & LINE_BARE_LF ? FLAW_BARE_LF : 0u) | (line->flaws & LINE_NUL ? FLAW_NUL : 0u) |
			 (line->flaws & LINE_LONG ? FLAW_LONG_LINE : 0u);
	if (r.code == 0 || (d->code != 0 && r.code != d->code))
		flaws |= FLAW_BAD_REPLY;
	dialogue_tell_flaw(d, flaws);
	if (r.code == 0) {
		if (foreign_pending(d))
			tunnel_begins(d);
		return false;
	}
	if (r.more) {
		d->code = r.code;
		d->env->listener->reply_line(d, d->head, r.text);
		return true;
	}
	d->code = 0;
	reply_done(d, &r, ts);
	return false;
}

/* A line that begins as the one before it, of a reply that goes on, is read as that was: of EHLO there are a dozen. False: it wants a closer look. */
static bool reply_repeats(struct dialogue *d, const struct line_out *line, const uint8_t *before)
{
	enum { HEAD = 4 /* "250-" */ };
	if (line->flaws || line->text.n <= HEAD || memcmp(line->text.p, before, HEAD) != 0)
		return false;
	struct bytes text = ascii_trim(bytes_from(line->text, HEAD));
	if (smtp_enhanced_begins(text))
		return false;
	d->env->listener->reply_line(d, d->head, text);
	return true;
}

/* A server that answers a TLS record with one speaks TLS. */
static bool tls_answered(const struct dialogue *d, struct bytes in)
{
	return (d->mode == MODE_FOREIGN || d->mode == MODE_TLS_DUE) && line_idle(&d->line[SERVER]) && in.n > 0 &&
	       (in.p[0] == TLS_HANDSHAKE || in.p[0] == TLS_ALERT);
}

/* A function apart, so that the client's bytes, which are far more, do without its stack. */
static __attribute__((noinline)) void server_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	struct line_out line;
	const uint8_t *before = NULL; /* the last line, if it was handed on where it lies, and its reply goes on */
	while (in.n > 0 && d->mode != MODE_TURNED) {
		/* After each line, for TLS may begin in the segment of the 220. */
		if (tls_answered(d, in)) {
			dialogue_tls(d);
			dialogue_client_resume(d, ts);
		}
		if (d->mode == MODE_TLS) {
			dialogue_tls_bytes(d, SERVER, in, in.n);
			return;
		}
		const uint8_t *at = in.p;
		size_t left = in.n;
		bool whole = line_next(&d->line[SERVER], d->env->pool, &in, &line);
		d->offset[SERVER] += left - in.n;
		if (!whole)
			return;
		/* What comes behind a hole that began within a line may be the rest of it, or, as a rule where a snaplen cut it, the next one. */
		bool rest = d->skip[SERVER] && smtp_reply_read(line.text).code == 0;
		d->skip[SERVER] = false;
		if (!rest && (!before || !reply_repeats(d, &line, before)))
			before = reply_line(d, &line, ts) && line.text.p == at ? at : NULL;
		line_reset(&d->line[SERVER], d->env->pool);
	}
	d->offset[SERVER] += in.n;
}

void dialogue_data(struct dialogue *d, enum side side, struct bytes data, uint64_t acked, int64_t ts)
{
	d->acked[side] = acked;
	if (d->mode == MODE_TLS)
		dialogue_tls_bytes(d, side, data, data.n);
	else if (side == SERVER)
		server_run(d, data, ts);
	else
		dialogue_client_run(d, data, ts);
}

/* Replies are missing: of what is outstanding nothing is known any more. The client's own position in a message is. */
static void server_gap(struct dialogue *d, uint64_t len, int64_t ts)
{
	if (d->mode == MODE_TLS) {
		dialogue_tls_bytes(d, SERVER, bytes_of(NULL, 0), len);
		return;
	}
	d->offset[SERVER] += len;
	d->skip[SERVER] = !line_idle(&d->line[SERVER]);
	line_reset(&d->line[SERVER], d->env->pool);
	d->code = 0;
	dialogue_lose(d, SERVER, len);
	dialogue_unpend_all(d);
	if (d->mode == MODE_CONTENT || d->mode == MODE_CHUNK || d->mode == MODE_FOREIGN || d->mode == MODE_TURNED)
		return;
	d->mode = MODE_COMMAND;
	dialogue_client_resume(d, ts);
}

void dialogue_gap(struct dialogue *d, enum side side, uint64_t len, int64_t ts)
{
	if (side == SERVER)
		server_gap(d, len, ts);
	else
		dialogue_client_gap(d, len, ts);
}

/* An unended line at the end of a server's stream. What accepts a message must be whole: a client takes half an acceptance as none. */
static void server_rest(struct dialogue *d, int64_t ts)
{
	struct line_out line;
	if (d->mode == MODE_TLS || !line_rest(&d->line[SERVER], d->env->pool, &line) || d->skip[SERVER])
		return;
	dialogue_tell_flaw(d, FLAW_UNENDED_REPLY);
	struct smtp_reply r = smtp_reply_read(line.text);
	bool acceptance = d->head && d->head->last && r.code / 100 == 2;
	if (r.code != 0 && !acceptance)
		reply_line(d, &line, ts);
}

void dialogue_fin(struct dialogue *d, enum side side, uint64_t acked, int64_t ts)
{
	d->acked[side] = acked;
	if (side == SERVER) {
		server_rest(d, ts);
	} else if (d->held_n > 0 && !dialogue_undecided(d)) {
		d->fin_held = true;
		return;
	} else if (d->held_n > 0) {
		d->started = true;
		d->mode = d->mode == MODE_REFUSED ? MODE_CHUNK : MODE_COMMAND;
		dialogue_client_resume(d, ts);
	}
	d->env->listener->fin(d, side);
}

void dialogue_close(struct dialogue *d, uint64_t acked, int64_t ts)
{
	d->acked[SERVER] = acked > d->acked[SERVER] ? acked : d->acked[SERVER];
	server_rest(d, ts);
}
