/* reply.c - what the server answers, and what its farewell is so far. */
#include "core/session/state.h"
#include "core/smtp/queue_id.h"

static void on_greeting(struct session *s, const struct smtp_event *e)
{
	s->info.ts_banner = e->ts;
	s->greeted_late = s->fin[CLIENT];
	if (!strings_find(&s->info.strings, STRING_BANNER).text.p)
		strings_set(&s->info.strings, session_pool(s), STRING_BANNER, 0, e->text);
}

/* How long the end of a message waited for its reply. */
static void wait_note(struct session *s, const struct transaction *t, int64_t ts)
{
	int64_t waited = t->end_sent && !t->maybe_early ? (ts - t->ts_end) / FRAME_MS : 0;
	if (waited > s->slowest)
		s->slowest = waited < UINT32_MAX ? (uint32_t)waited : UINT32_MAX;
}

/* A 3yz settles nothing. Behind 353 come the replies for each recipient, and one that decides
 * (draft-hall-prdr 4.1). */
static void on_end_intermediate(const struct transaction *t, struct smtp_pending *p, uint16_t code)
{
	p->analysed |= code == 353;
	p->due = code == 353 ? t->rcpt_accepted + 2 : p->due + 1;
}

/* The segment of a server that has read the end of a message acknowledges it. One that acknowledges
 * not even its beginning is of a capture whose numbers were altered, which none is that TLS opens.
 */
static uint64_t unproved_end(const struct session *s, const struct transaction *t,
			     const struct smtp_pending *p, const struct smtp_reply *r)
{
	uint64_t acked = s->dialogue.acked[SERVER];
	if (acked >= p->end || !smtp_code_accepts(r->code) || p->verb != SMTP_END ||
	    s->dialogue.lost || t->hole)
		return 0;
	return s->inside || acked >= t->begin ? p->end : 0;
}

/* The server's own answer to a message whose answer the client had read already. */
static void on_end_again(struct session *s, struct transaction *t, const struct smtp_reply *r,
			 int64_t ts)
{
	session_message_uncount(s, t);
	transaction_answered_again(t, session_pool(s), r, ts);
	session_message_count(s, t);
}

/*
 * A reply to the end of a message: the one that decides, or in LMTP one for each recipient, of
 * which the last settles it; it is accepted if any recipient was. Known only now is for how many,
 * as the replies to RCPT may have come in the same group (RFC 2033 4.2). With PRDR a 2yz that
 * decides accepts for those recipients that were not refused before: for none, and it is a refusal
 * (Exim 4.96).
 */
static void end_settle(struct session *s, struct transaction *t, const struct smtp_pending *p,
		       const struct smtp_reply *r, int64_t ts)
{
	t->unproved = unproved_end(s, t, p, r);
	t->hole = false;
	/* PRDR that accepts for nobody; a 221 while it is not known which reply answers what. */
	bool nobody = p->analysed && smtp_code_accepts(r->code) && t->lmtp_accepted == 0 &&
		      t->lmtp_answered > 0;
	if (nobody || (r->code == 221 && s->dialogue.lost))
		transaction_over(t, FATE_UNKNOWN);
	else
		transaction_answered(t, session_pool(s), r, ts);
	if (s->info.lmtp && t->lmtp_accepted > 0 && t->fate != FATE_FALSELY_ACCEPTED) {
		t->fate = FATE_ACCEPTED;
		t->taken = TAKEN_YES;
	}
	if (s->uncounted && s->info.lmtp && t->rcpts_missing) {
		t->fate = FATE_UNKNOWN;
		t->taken = TAKEN_UNKNOWN;
	}
	t->late = s->fin[CLIENT];
	s->late_at = s->dialogue.offset[SERVER];
	s->answered = t;
	wait_note(s, t, ts);
	session_message_count(s, t);
}

static void on_end_reply(struct session *s, struct transaction *t, struct smtp_pending *p,
			 const struct smtp_reply *r, int64_t ts)
{
	if (r->code / 100 == 3) {
		on_end_intermediate(t, p, r->code);
		return;
	}
	if (s->info.lmtp && t->lmtp_answered == 0 && t->rcpt_accepted > 1)
		p->due = t->rcpt_accepted;
	if (t->early) {
		on_end_again(s, t, r, ts);
		return;
	}
	s->uncounted |= s->info.lmtp && t->rcpts_missing;
	if (!p->analysed || p->due > 1) {
		t->lmtp_answered++;
		t->lmtp_accepted += smtp_code_accepts(r->code);
	}
	bool none_taken = t->lmtp_accepted == 0 && t->lmtp_answered >= t->rcpt_accepted;
	if (p->analysed && p->due > 1 && none_taken && r->code >= 400 && r->code != 421)
		transaction_refused(t, r);
	/* Behind a farewell no reply comes any more. */
	bool farewell = smtp_code_closes(r->code);
	if (t->fate != FATE_OPEN || (p->due > 1 && !farewell))
		return; /* settled before, by a farewell for another recipient; or not yet */
	end_settle(s, t, p, r, ts);
}

/* What came before the end of the message is what the client reads as the answer to it. */
static void on_early_reply(struct session *s, struct transaction *t, const struct smtp_event *e)
{
	if (!t)
		return;
	if (t->fate != FATE_OPEN || t->early) {
		session_surplus(s);
		return;
	}
	wait_note(s, t, e->ts);
	transaction_answered_early(t, session_pool(s), e->reply, e->ts);
	session_message_count(s, t);
}

static void on_mail_reply(struct session *s, struct transaction *t, const struct smtp_reply *r)
{
	if (smtp_code_accepts(r->code)) {
		t->mail_accepted = true;
		s->base = STAGE_MAIL;
	} else if (r->code >= 400) {
		transaction_refused(t, r);
		session_message_over(s, t, FATE_UNKNOWN);
		if (s->sending == t)
			s->sending = session_message_before(s, t);
	}
}

static void on_data_reply(struct session *s, struct transaction *t, const struct smtp_reply *r,
			  int64_t ts)
{
	if (r->code / 100 == 3) {
		t->content_begun = true;
		t->refused = false;
		t->ts_data = ts;
		s->base = STAGE_DATA;
	} else if (r->code >= 400 && !transaction_without_rcpt(t)) {
		transaction_refused(
			t, r); /* else it only follows from what the recipients were told */
	}
}

static void on_chunk_reply(struct session *s, struct transaction *t, const struct smtp_event *e)
{
	struct smtp_pending *p = e->pending;
	const struct smtp_reply *r = e->reply;
	if (t->refused && r->code >= 400)
		session_message_over(s, t, FATE_UNKNOWN); /* what follows on a refused chunk is
							     refused because of it */
	else if (p->last && (t->end_sent || r->code >= 400))
		on_end_reply(s, t, p, r, e->ts);
	else if (p->last && e->early && r->code != 221)
		on_early_reply(s, t, e);
	else if (r->code >= 400)
		transaction_refused(t, r);
	s->base = p->last ? STAGE_IDLE : STAGE_BDAT;
}

/* RSET, or a greeting again, was taken: the transaction that was open is no more (RFC
 * 5321 4.1.1.5, 4.1.4). */
static void on_reset(struct session *s, const struct smtp_pending *p)
{
	session_message_over(s, p->transaction, FATE_ABORTED);
	if (s->sending == p->transaction)
		s->sending = NULL;
}

static void on_hello_reply(struct session *s, const struct smtp_event *e)
{
	if (e->reply->code / 100 != 2 || e->reply->code == 221)
		return;
	s->info.ts_hello_reply = e->ts;
	session_extensions_read(s, e->text);
	on_reset(s, e->pending);
	s->base = STAGE_EHLO;
}

static void on_transaction_reply(struct session *s, const struct smtp_event *e)
{
	struct smtp_pending *p = e->pending;
	struct transaction *t = p->transaction;
	if (!t)
		return;
	if (p->verb == SMTP_MAIL)
		t->ts_mail_reply = e->ts;
	else if (p->verb == SMTP_RCPT)
		t->ts_rcpt_reply = e->ts;
	switch ((enum smtp_verb)p->verb) {
	case SMTP_MAIL:
		on_mail_reply(s, t, e->reply);
		break;
	case SMTP_RCPT:
		transaction_rcpt_reply(t, p->string, e->reply);
		s->base = STAGE_RCPT;
		break;
	case SMTP_DATA:
		on_data_reply(s, t, e->reply, e->ts);
		break;
	case SMTP_BDAT:
		on_chunk_reply(s, t, e);
		break;
	default:
		on_end_reply(s, t, p, e->reply, e->ts);
		if (e->early && !t->early)
			t->early = e->reply->code;
		break;
	}
}

static void on_answer(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply->code;
	switch ((enum smtp_verb)e->pending->verb) {
	case SMTP_CONNECT:
		on_greeting(s, e);
		break;
	case SMTP_EHLO:
	case SMTP_HELO:
	case SMTP_LHLO:
		on_hello_reply(s, e);
		break;
	case SMTP_RSET:
		if (smtp_code_accepts(code)) {
			on_reset(s, e->pending);
			s->base = s->base == STAGE_CONNECT ? STAGE_CONNECT : STAGE_IDLE;
		}
		break;
	case SMTP_XCLIENT:
		/* Postfix's XCLIENT: the session begins anew, with a greeting as the answer. */
		if (code == 220) {
			on_reset(s, e->pending);
			s->base = STAGE_CONNECT;
		}
		break;
	case SMTP_STARTTLS:
		s->info.starttls = STARTTLS_REFUSED;
		if (code == 220)
			session_message_tls(s);
		break;
	case SMTP_AUTH:
	case SMTP_AUTH_LINE:
		s->base = STAGE_AUTH;
		s->info.auth_failures += code >= 400;
		break;
	case SMTP_MAIL:
	case SMTP_RCPT:
	case SMTP_DATA:
	case SMTP_BDAT:
	case SMTP_END:
		on_transaction_reply(s, e);
		break;
	default:
		break;
	}
}

/* How long the client had been silent, in milliseconds; 0: it never spoke. */
static uint32_t quiet_before(const struct session *s, int64_t ts)
{
	int64_t quiet = s->last_byte[CLIENT] && ts > s->last_byte[CLIENT]
				? (ts - s->last_byte[CLIENT]) / FRAME_MS
				: 0;
	return quiet < UINT32_MAX ? (uint32_t)quiet : UINT32_MAX;
}

/* Of what the server says unasked the worst counts, and of equals the first: a session may go on.
 */
static void unasked_keep(struct session *s, enum place place, const struct smtp_event *e)
{
	if (s->unasked_221 && place >= (s->unasked_221 & -s->unasked_221))
		return;
	s->stage_221 = s->farewell_stage;
	s->unasked_ts = e->ts;
	s->unasked_unprompted = !e->pending;
	s->unasked_quiet = quiet_before(s, e->ts);
	s->unasked_enhanced = e->reply->enhanced;
	strings_set(&s->info.strings, session_pool(s), STRING_FAREWELL, 0, e->text);
}

static void farewell_keep(struct session *s, const struct smtp_event *e)
{
	s->farewell_at = s->dialogue.offset[SERVER];
	s->unprompted = !e->pending;
	s->farewell_ts = e->ts;
	s->info.farewell_code = e->reply->code;
	s->info.farewell_enhanced = e->reply->enhanced;
}

/* A 221 that is no answer to QUIT. Where its place is not trusted, or the client had gone before,
 * it accuses nobody. */
static void on_unasked_221(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	if (e->lost || (!p && s->fin[CLIENT]))
		return;
	enum place place = session_stage_place(s, p, e->in_content);
	s->farewell = FAREWELL_221_UNASKED;
	farewell_keep(s, e);
	s->farewell_stage = (uint8_t)(p ? session_stage_of(s, p) : session_stage_now(s, true));
	unasked_keep(s, place, e);
	s->unasked_221 |= (uint8_t)place;
	struct transaction *t = p && p->last ? p->transaction : s->sending;
	bool open = place == PLACE_MESSAGE && t && t->fate == FATE_OPEN;
	if (open && !t->end_sent) {
		on_early_reply(s, t, e);
	} else if (open) {
		wait_note(s, t, e->ts);
		transaction_answered(t, session_pool(s), e->reply, e->ts);
		session_message_count(s, t);
	}
}

static void on_421(struct session *s, const struct smtp_event *e)
{
	if (e->lost || (!e->pending && s->fin[CLIENT]))
		return;
	s->farewell = FAREWELL_421;
	/* What is said to a client that has closed already ends nothing. */
	s->went_on = s->fin[CLIENT];
	farewell_keep(s, e);
	s->final_421 = (uint8_t)session_stage_place(s, e->pending, e->in_content);
	s->farewell_stage = (uint8_t)(e->pending ? session_stage_of(s, e->pending)
						 : session_stage_now(s, true));
}

/* A reply that answers nothing: inside a message it is the answer to its end, as the client reads
 * it. Else it is one too many; where it gives a queue id, the server has taken what it refused
 * before. */
static void on_unasked_reply(struct session *s, const struct smtp_event *e)
{
	if (e->early && !e->pending) {
		on_early_reply(s, s->sending, e);
		return;
	}
	if (e->reply->code == 421 || (e->in_content && e->reply->code / 100 != 3))
		return;
	session_surplus(s);
	bool refused = s->answered && s->answered->taken == TAKEN_NO && s->answered->code >= 400;
	if (refused && smtp_code_accepts(e->reply->code) && queue_id_read(e->text).n > 0)
		on_end_again(s, s->answered, e->reply, e->ts);
}

/* What the reply would be as the server's last word. Any other answer takes back what was said
 * before: the session went on. */
static void farewell_note(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply->code;
	if (smtp_code_closes(code))
		return;
	s->farewell = code >= 400 ? FAREWELL_REFUSAL : FAREWELL_NONE;
	s->final_421 = 0;
	farewell_keep(s, e);
	s->farewell_stage = (uint8_t)(e->pending ? session_stage_of(s, e->pending)
						 : session_stage_now(s, true));
}

static bool is_farewell(uint16_t code)
{
	return code == 221 || code >= 400;
}

/*
 * Behind a 2yz that did not acknowledge the end of the message: a 5yz that answers nothing, or says
 * that a command is none, shows that the server takes the rest of the message for commands.
 */
static void unproved_check(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply->code;
	bool refused = e->pending ? !e->pending->last && code >= 500 && code <= 504 : code >= 500;
	if (refused && !e->lost && s->answered && s->answered->unproved &&
	    s->answered->fate == FATE_ACCEPTED)
		session_message_disprove(s, s->answered);
}

/* What is counted and kept of every reply. */
static void reply_count(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	uint16_t code = e->reply->code;
	s->info.replies++;
	s->info.uncoded = false;
	if (p && p->read)
		session_surplus(s);
	s->info.refusals += code >= 400;
	s->info.last_code = code;
	s->info.last_enhanced = e->reply->enhanced;
	/* The greeting's text is the banner: it is not kept twice. */
	if (!p || p->verb != SMTP_CONNECT || code >= 400)
		strings_set(&s->info.strings, session_pool(s), STRING_REPLY, 0, e->text);
}

static void on_quit_reply(struct session *s, const struct smtp_event *e)
{
	s->quit_answered = e->reply->code == 221;
	if (s->quit_answered) {
		s->farewell = FAREWELL_221_AFTER_QUIT;
		s->base = STAGE_DONE;
	}
	/* Only 221, or a refusal, can be the answer to QUIT (RFC 5321 4.1.1.10). */
	if (smtp_code_accepts(e->reply->code) && !e->lost)
		on_unasked_reply(s, e);
}

/*
 * All lines of it are one reply. Behind its 220 to STARTTLS a server has nothing to say in clear:
 * what comes there was slipped in, and a client that keeps it reads it as said inside TLS. A
 * farewell may be the server's own, unless it comes at once.
 */
static void reply_take(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	uint16_t code = e->reply->code;
	bool injected = !p && !e->lost && dialogue_tls_is_due(&s->dialogue);
	if (injected && (!is_farewell(code) || e->ts - s->farewell_ts < FRAME_SECOND))
		s->info.flaws |= FLAW_STARTTLS_RESPONSE_INJECTION;
	if (injected && !is_farewell(code))
		return;
	s->injected |= injected;
	reply_count(s, e);
	farewell_note(s, e);
	unproved_check(s, e);
	if (code == 421)
		on_421(s, e);
	if (p && p->verb == SMTP_QUIT) {
		on_quit_reply(s, e);
		return;
	}
	if (code == 221)
		on_unasked_221(s, e);
	if (!p && e->lost && e->in_content && code / 100 != 3 && s->sending)
		s->sending->maybe_early = true;
	if (p)
		on_answer(s, e);
	else if (code != 221 && !e->lost && !injected)
		on_unasked_reply(s, e);
}

void session_reply_take(struct dialogue *d, const struct smtp_event *e)
{
	struct session *s = session_of(d);
	struct smtp_reply whole;
	struct smtp_event all;
	if (s->lines) {
		whole = *e->reply;
		session_lines_join(s, &whole);
		all = *e;
		all.reply = &whole;
		all.text = whole.text;
		e = &all;
	}
	reply_take(s, e);
	if (s->lines)
		session_lines_forget(s);
}
