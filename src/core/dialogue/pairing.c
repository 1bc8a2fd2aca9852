/*
 * pairing.c - which command each reply answers (RFC 5321 4.2, RFC 2920 3.2).
 *
 * Two readers pair the same replies with the same commands, and need not agree. The server answers
 * what it has received: acknowledgements tell how much that was. The client takes the replies in
 * the order in which they come. Where the server says something before it was asked (inside a
 * message, or once too often), the client reads it as the answer to its next command: that command
 * is marked as read (smtp_pending.read), and stays in the queue, because the server may still
 * answer it.
 */
#include "core/dialogue/parts.h"
#include "core/smtp/queue_id.h"
#include "core/tls/record.h"

/* Replies in a row that must fit before the pairing is trusted again, where none of them is one
 * that only one command can have. */
enum { FITS_TO_TRUST = 2 };

/* How well a reply's code fits a command that it may or may not answer. */
enum fit { FIT_NOT, FIT_WELL, FIT_SURE };

/* Codes that only these commands can have. */
static const struct {
	uint16_t code;
	uint8_t verb;
} sure[] = {{354, SMTP_DATA}, {354, SMTP_XEXCH50}, {221, SMTP_QUIT},      {220, SMTP_STARTTLS},
	    {235, SMTP_AUTH}, {334, SMTP_AUTH},    {235, SMTP_AUTH_LINE}, {334, SMTP_AUTH_LINE}};

enum { SURES = sizeof sure / sizeof *sure };

/* Usual replies have none of these codes: they are told from the others by their first two digits.
 */
static inline bool may_be_sure(uint16_t code)
{
	return code / 10 != 25 && code < 400;
}

static enum fit sure_fits(enum smtp_verb verb, uint16_t code, enum fit otherwise)
{
	for (size_t i = 0; i < SURES; i++) {
		if (sure[i].code == code && sure[i].verb == verb)
			return FIT_SURE;
		if (sure[i].code == code)
			otherwise = FIT_NOT;
	}
	return otherwise;
}

static enum fit reply_fits(enum smtp_verb verb, const struct smtp_reply *r)
{
	if (may_be_sure(r->code))
		return sure_fits(verb, r->code, FIT_NOT);
	if (r->code == 421 || verb == SMTP_QUIT || verb == SMTP_CONNECT)
		return FIT_NOT;
	if (r->code >= 400)
		return FIT_WELL;
	return verb != SMTP_DATA && verb != SMTP_STARTTLS ? FIT_WELL : FIT_NOT;
}

static enum fit pending_fits(const struct smtp_pending *p, const struct smtp_reply *r)
{
	return reply_fits((enum smtp_verb)p->verb, r);
}

/* The server had received the whole command when it sent what is at hand. */
static bool received(const struct dialogue *d, const struct smtp_pending *p)
{
	return d->acked[SERVER] >= p->end;
}

/* Of a chunk the server has not got the end. */
static bool chunk_is_under_way(const struct dialogue *d, const struct smtp_pending *p)
{
	return p->verb == SMTP_BDAT && p == d->tail && d->mode == MODE_CHUNK;
}

/* After a hole: is this reply the answer to the oldest command known to be outstanding? Enough such
 * answers make the pairing trusted again. */
static bool reply_finds(struct dialogue *d, const struct smtp_pending *p,
			const struct smtp_reply *r)
{
	enum fit fit = p ? pending_fits(p, r) : FIT_NOT;
	if (fit == FIT_NOT || (r->code < 400 && chunk_is_under_way(d, p))) {
		d->fitted = 0;
		return false;
	}
	if (d->before_hole > 0)
		return true; /* of what comes behind the hole it tells nothing */
	d->fitted += r->code < 400;
	if ((fit == FIT_SURE && !p->inferred) || (d->fitted >= FITS_TO_TRUST && !p->next))
		d->lost = false;
	return true;
}

/* A refusal or a farewell that the server said before it had received the end of the message: the
 * client, which has sent it, takes this for the answer to it. */
static bool crosses_end(const struct dialogue *d, const struct smtp_pending *p,
			const struct smtp_reply *r)
{
	return p->last && !p->read && !d->lost && !received(d, p) && !chunk_is_under_way(d, p) &&
	       (r->code == 221 || r->code >= 400);
}

/*
 * A server cannot answer what it has not received: a refusal or a farewell whose segment does not
 * acknowledge the whole command is none to it. A reply that fits is taken all the same: there are
 * captures with numbers that nobody sent. The listener marks a 250 that a live server cannot have
 * meant so (transaction.unproved). So is a 221 that meets a QUIT under way.
 */
static bool reply_can_answer(const struct dialogue *d, const struct smtp_pending *p,
			     const struct smtp_reply *r)
{
	return p->verb == SMTP_CONNECT || received(d, p) ||
	       (r->code < 400 && pending_fits(p, r) != FIT_NOT) || crosses_end(d, p, r);
}

/* What the reply to the last command makes of the client's next bytes. */
static enum dialogue_mode mode_after(const struct smtp_pending *p, uint16_t code)
{
	switch (p->verb) {
	case SMTP_DATA:
		return code / 100 == 3 ? MODE_CONTENT : MODE_COMMAND;
	case SMTP_XEXCH50:
		return code / 100 == 3 ? MODE_RAW : MODE_COMMAND;
	case SMTP_AUTH:
	case SMTP_AUTH_LINE:
		return code == 334 ? MODE_AUTH : MODE_COMMAND;
	case SMTP_STARTTLS:
		return code == 220               ? MODE_TLS_DUE
		       : smtp_code_accepts(code) ? MODE_TLS_MAY
						 : MODE_COMMAND;
	case SMTP_TURN:
		return code == 250 ? MODE_TURNED : MODE_COMMAND;
	case SMTP_UNKNOWN:
		return code / 100 == 3 ? MODE_ANSWER : code == 220 ? MODE_TLS_MAY : MODE_COMMAND;
	default:
		return MODE_COMMAND;
	}
}

static void mode_decide(struct dialogue *d, const struct smtp_pending *p, uint16_t code)
{
	/* What was slipped in between STARTTLS and TLS is thrown away, as servers do since
	 * CVE-2011-0411. */
	if (p->verb == SMTP_STARTTLS && d->undecided && code == 220 &&
	    d->undecided->bytes[0] != TLS_HANDSHAKE) {
		dialogue_emit_flaw(d, FLAW_STARTTLS_INJECTION);
		d->offset[CLIENT] += d->undecided->n;
		dialogue_undecided_drop(d, d->undecided->n);
	}
	d->mode = (uint8_t)mode_after(p, code);
	d->early = 0;
	secret_words_content_end(d->secrets, d->env->pool);
	d->opaque |= d->mode == MODE_ANSWER;
	if (d->mode == MODE_CONTENT)
		d->content = (struct content){0};
	if (d->mode == MODE_RAW)
		dialogue_raw_begin(d, p->ts);
}

/* The server may have another answer to this one: to QUIT that is 221, no server means a 2yz as the
 * answer to DATA, and of a chunk that is under way it has not got the end. */
static bool answer_is_early(const struct dialogue *d, const struct smtp_pending *p,
			    const struct smtp_reply *r)
{
	if ((p->verb != SMTP_QUIT && p->verb != SMTP_DATA && !p->last) || d->lost || d->hole ||
	    p->read)
		return false;
	if (p->verb == SMTP_QUIT)
		return !smtp_code_closes(r->code);
	if (p->verb == SMTP_DATA)
		return smtp_code_accepts(r->code);
	return chunk_is_under_way(d, p) ? r->code / 100 == 2 : crosses_end(d, p, r);
}

/* p: what it answers, or NULL. early: the server may still answer p. */
static void reply_emit(struct dialogue *d, struct smtp_pending *p, const struct smtp_reply *r,
		       bool early, int64_t ts)
{
	struct smtp_event e = {.ts = ts,
			       .pending = p,
			       .text = r->text,
			       .reply = r,
			       .lost = d->lost,
			       .in_content = d->mode == MODE_CONTENT || d->mode == MODE_SOFT,
			       .early = early};
	d->env->listener->reply(d, &e);
}

/* A reply that answers nothing. What comes inside its message the client reads at the end of it; a
 * 3yz settles none (RFC 5321 4.3.1). */
static void unasked_emit(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	bool in_content = d->mode == MODE_CONTENT || d->mode == MODE_SOFT;
	bool early = in_content && !d->lost && r->code / 100 != 3;
	if (early && !d->early)
		d->early = r->code;
	reply_emit(d, NULL, r, early, ts);
}

/* Commands that were read behind STARTTLS before its answer came. */
static void injected_drop(struct dialogue *d)
{
	dialogue_unpend_all(d);
	dialogue_emit_flaw(d, FLAW_STARTTLS_INJECTION);
	line_reset(&d->line[CLIENT], d->env->pool);
	d->mode = MODE_TLS_DUE;
}

/* The oldest command has its answer. */
static void reply_credit(struct dialogue *d, struct smtp_pending *p, const struct smtp_reply *r,
			 int64_t ts)
{
	if (p->maybe_quit && r->code == 221)
		p->verb = SMTP_QUIT;
	bool decides = p == d->tail && d->offset[CLIENT] == p->end &&
		       (d->mode == MODE_WAIT || d->mode == MODE_COMMAND);
	bool early = answer_is_early(d, p, r);
	struct smtp_pending answered = *p;
	reply_emit(d, p, r, early, ts);
	if (early)
		p->read = r->code;
	p->due--;
	/* What came as TLS where none was due gets all that the server says. */
	bool stays = early || (d->mode == MODE_FOREIGN && answered.verb == SMTP_NOT_SMTP);
	if (p->due == 0 && !stays)
		dialogue_unpend(d);
	else if (p->due == 0)
		p->due = 1;
	if (answered.verb == SMTP_BDAT && d->mode != MODE_CHUNK)
		d->hole = false;
	if (answered.verb == SMTP_STARTTLS && r->code == 220 && !decides)
		injected_drop(d);
	bool refused = answered.verb == SMTP_BDAT && r->code >= 400 && d->mode == MODE_CHUNK &&
		       d->offset[CLIENT] == answered.end;
	if (refused)
		d->mode = MODE_REFUSED;
	if (decides) {
		mode_decide(d, &answered, r->code);
		dialogue_client_resume(d, ts);
	}
}

/* Inside a message a reply may be the one to its end: one that only some servers take as such, or
 * one that lies in a hole. */
static bool reply_ends_content(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	bool soft = d->mode == MODE_SOFT && d->acked[SERVER] >= d->offset[CLIENT] && r->code != 421;
	bool hidden = d->mode == MODE_CONTENT && d->hole && !d->lost && r->code != 421;
	if (d->head || !(soft || hidden))
		return false;
	/* Its end has been answered, as the client reads: this is the reply to something that lies
	 * in the hole with it. */
	if (hidden && d->early) {
		dialogue_lose(d, CLIENT, 0);
		return false;
	}
	struct smtp_pending *end = dialogue_client_end(d, soft ? FLAW_SOFT_END : 0, ts);
	if (!end)
		return false;
	reply_credit(d, end, r, ts);
	if (hidden)
		dialogue_lose(d, CLIENT, 0);
	dialogue_client_resume(d, ts);
	return true;
}

/* A server that does not pass over an empty line calls it a mistake of syntax (RFC 5321 4.2.2). */
static bool answers_blank(const struct smtp_reply *r)
{
	return r->code >= 500 && r->code <= 504;
}

/*
 * The server's own answer to a command whose answer the client has read already, rather than the
 * answer to the next one. To DATA and QUIT only one code is. To a message it is what the next
 * command cannot have, what gives the id under which the message was taken, or what was said
 * before; but X.1.Z speaks of addresses (RFC 3463 3.2), which are the next message's.
 */
static bool answers_again(const struct smtp_pending *p, const struct smtp_reply *r)
{
	if (smtp_code_closes(r->code))
		return false;
	if (!p->last || pending_fits(p->next, r) == FIT_NOT)
		return p->last || pending_fits(p, r) == FIT_SURE;
	return (smtp_code_accepts(r->code) && queue_id_read(r->text).n > 0) ||
	       (r->code == p->read && r->enhanced.subject != 1);
}

/* A refusal of a message that the client has read already may as well be the one of the next
 * command, which the server has received. */
static bool fits_next_too(const struct dialogue *d, const struct smtp_pending *p,
			  const struct smtp_reply *r)
{
	return p->last && p->read && r->code >= 400 && p->next && received(d, p->next) &&
	       pending_fits(p->next, r) != FIT_NOT;
}

/* The oldest command is one that the server need not answer, and this is the answer to a later one.
 */
static inline bool passed_over(const struct dialogue *d, const struct smtp_pending *p,
			       const struct smtp_reply *r)
{
	if ((!p->read && !p->blank) || !p->next || !received(d, p->next))
		return false;
	return p->blank ? !answers_blank(r) : p->read && !answers_again(p, r);
}

/* The oldest command from `p` on that only this code can answer, and that the server has received.
 */
static struct smtp_pending *sure_find(const struct dialogue *d, struct smtp_pending *p,
				      const struct smtp_reply *r)
{
	while (p && pending_fits(p, r) != FIT_SURE)
		p = p->next;
	return p && received(d, p) ? p : NULL;
}

/* Something came from the server between the two: a client that waits for an answer has taken it
 * for the one to the first. */
static bool waited_between(const struct smtp_pending *first, const struct smtp_pending *second)
{
	return second->knew > first->knew;
}

/* A 221 in its place is an accusation. */
static bool is_of_mail(const struct smtp_pending *p)
{
	return p->last || p->verb == SMTP_MAIL || p->verb == SMTP_RCPT || p->verb == SMTP_DATA ||
	       p->verb == SMTP_BDAT;
}

/*
 * A reply that only one command can have finds the pairing again where the server has skipped one.
 * A 221 is said unasked too: it is QUIT's only if the client had read an answer to each command
 * before QUIT, as it counts; or where replies for single recipients are still due (PRDR), because
 * the client takes none of them for the last one; or where what is older has nothing to do with
 * mail.
 */
static void pairing_find(struct dialogue *d, const struct smtp_reply *r)
{
	/* A 220 greets as well. */
	if (!d->head || d->lost || !may_be_sure(r->code) || r->code == 220 ||
	    pending_fits(d->head, r) != FIT_NOT)
		return;
	struct smtp_pending *found = sure_find(d, d->head, r), *before = d->head;
	if (!found)
		return;
	bool mail = is_of_mail(before);
	while (before->next != found) {
		before = before->next;
		mail |= is_of_mail(before);
	}
	if (r->code == 221 && mail && !waited_between(before, found) &&
	    !(before->analysed && before->due > 1))
		return;
	while (d->head != found) {
		d->env->listener->skipped(d, d->head);
		dialogue_unpend(d);
	}
}

/* While the pairing is lost, commands that this reply does not fit have had theirs in the hole, or
 * wait behind one that is not known. Returns what it answers. */
static struct smtp_pending *find_while_lost(struct dialogue *d, struct smtp_pending *p,
					    const struct smtp_reply *r)
{
	while (p && d->lost && p->next && pending_fits(p, r) == FIT_NOT &&
	       reply_can_answer(d, p->next, r)) {
		d->env->listener->skipped(d, p);
		dialogue_unpend(d);
		p = d->head;
	}
	return reply_finds(d, p, r) ? p : NULL;
}

/* What a reply answers that is not of the usual kind; NULL: nothing. */
static __attribute__((noinline)) struct smtp_pending *
pending_find(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	if (d->mode == MODE_ANSWER && r->code / 100 != 3) {
		d->mode = MODE_COMMAND;
		dialogue_lose(d, CLIENT, 0);
	}
	/* The bytes were fewer than announced. */
	if (d->mode == MODE_RAW && d->acked[SERVER] >= d->offset[CLIENT])
		dialogue_raw_end(d, ts);
	/* While the pairing is lost, what the client has an answer to waits for none. */
	while (d->head && (d->lost ? d->head->read != 0 : passed_over(d, d->head, r)))
		dialogue_unpend(d);
	pairing_find(d, r);
	struct smtp_pending *p = d->head;
	if (p && !reply_can_answer(d, p, r))
		p = NULL;
	/* Found too soon: this reply cannot be the answer to what was sent after the hole. Of what
	 * is surely the oldest, a farewell may be. */
	bool farewell = smtp_code_closes(r->code);
	if (d->holed && !d->lost && p && p->verb != SMTP_CONNECT && pending_fits(p, r) == FIT_NOT &&
	    (p->unsure || !farewell))
		dialogue_lose(d, CLIENT, 0);
	return d->lost && !(p && !p->unsure) ? find_while_lost(d, p, r) : p;
}

/* Nothing is missing, and the server had received the oldest command, which awaits its first
 * answer: nearly all replies are of this kind. */
static inline bool is_usual(const struct dialogue *d, const struct smtp_reply *r)
{
	const struct smtp_pending *p = d->head;
	return p && !d->holed && !p->read && !p->blank && d->mode < MODE_RAW &&
	       !may_be_sure(r->code) && received(d, p);
}

/* Which command a reply answered is not known, nor what those behind it wait for. */
static void pairing_lose(struct dialogue *d, int64_t ts)
{
	dialogue_lose(d, CLIENT, 0);
	if (d->mode != MODE_WAIT)
		return;
	d->mode = MODE_COMMAND;
	dialogue_client_resume(d, ts);
}

void dialogue_reply(struct dialogue *d, const struct smtp_reply *r, int64_t ts)
{
	if (is_usual(d, r)) {
		reply_credit(d, d->head, r, ts);
		return;
	}
	if (dialogue_lost_waits(d))
		dialogue_lost_reply(d, r->code, ts);
	struct smtp_pending *p = pending_find(d, r, ts);
	if (p) {
		bool either = fits_next_too(d, p, r);
		reply_credit(d, p, r, ts);
		if (either)
			pairing_lose(d, ts);
		if (d->undecided && d->holed && !d->lost && d->mode == MODE_COMMAND)
			dialogue_client_resume(d, ts);
		return;
	}
	if (reply_ends_content(d, r, ts))
		return;
	/* After a hole, a reply too many shows that the pairing was found wrongly. */
	bool farewell = smtp_code_closes(r->code);
	if (d->holed && !d->lost && !farewell)
		dialogue_lose(d, CLIENT, 0);
	unasked_emit(d, r, ts);
}
