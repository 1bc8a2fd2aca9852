/* session_reply.c - what the server answers, and what its farewell is so far. */
#include "core/session_state.h"

static void on_greeting(struct session *s, const struct smtp_event *e)
{
	s->facts.ts_banner = e->ts;
	if (!notes_find(&s->facts.notes, NOTE_BANNER).text.p)
		notes_set(&s->facts.notes, session_pool(s), NOTE_BANNER, 0, e->text);
}

/* What was said last of a size counts, if it is one. */
static void size_read(struct session *s, struct bytes text)
{
	uint64_t size = smtp_extension_size(text);
	if (size)
		s->facts.size_limit = size;
}

static void extensions_read(struct session *s, struct bytes text)
{
	uint32_t named = smtp_extension_read(text);
	if (named == 0)
		return;
	s->facts.extensions |= named;
	if (named == SMTP_EXT_SIZE)
		size_read(s, text);
	if (s->facts.starttls == STARTTLS_NO && (s->facts.extensions & SMTP_EXT_STARTTLS))
		s->facts.starttls = STARTTLS_OFFERED;
	else if (s->facts.starttls == STARTTLS_NO && (s->facts.extensions & SMTP_EXT_MASKED))
		s->facts.starttls = STARTTLS_STRIPPED;
}

/* How long the end of a message waited for its reply. */
static void wait_note(struct session *s, const struct transaction *t, int64_t ts)
{
	int64_t waited = t->end_sent ? (ts - t->ts_end) / FRAME_MS : 0;
	if (waited > s->slowest)
		s->slowest = waited < UINT32_MAX ? (uint32_t)waited : UINT32_MAX;
}

/* A reply to the end of a message: the one, or in LMTP one for each recipient, of which the last settles it; it is accepted if any recipient was. */
static void on_end_reply(struct session *s, struct transaction *t, struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	/* RFC 2033 4.2: known only now, as the replies to RCPT may have come in the same group. */
	if (s->facts.lmtp && t->lmtp_answered == 0 && t->rcpt_accepted > 1)
		p->due = t->rcpt_accepted;
	t->lmtp_answered++;
	t->lmtp_accepted += r->code / 100 == 2 && r->code != 221;
	if (t->fate != FATE_OPEN || (p->due > 1 && r->code != 221))
		return; /* settled before, by a 221 or a refusal in its middle; or not yet */
	t->hole = false;
	transaction_answered(t, session_pool(s), r, ts);
	if (t->lmtp_accepted > 0 && t->fate != FATE_FALSELY_ACCEPTED)
		t->fate = FATE_ACCEPTED;
	wait_note(s, t, ts);
	session_message_count(s, t);
}

static void on_mail_reply(struct session *s, struct transaction *t, const struct smtp_reply *r)
{
	if (r->code / 100 == 2 && r->code != 221) {
		t->mail_accepted = true;
		s->base = STAGE_MAIL;
	} else if (r->code >= 400) {
		transaction_refused(t, r);
		session_message_over(s, t, FATE_UNKNOWN);
		if (s->sending == t)
			s->sending = session_message_before(s, t);
	}
}

static void on_data_reply(struct session *s, struct transaction *t, const struct smtp_reply *r, int64_t ts)
{
	if (r->code / 100 == 3) {
		t->content_begun = true;
		t->refused = false;
		t->ts_data = ts;
		s->base = STAGE_DATA;
	} else if (r->code >= 400 && !transaction_without_rcpt(t)) {
		transaction_refused(t, r); /* else it only follows from what the recipients were told */
	}
}

static void on_chunk_reply(struct session *s, struct transaction *t, struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	if (t->refused && r->code >= 400)
		session_message_over(s, t, FATE_UNKNOWN); /* what follows on a refused chunk is refused because of it */
	else if (p->last && (t->end_sent || r->code >= 400))
		on_end_reply(s, t, p, r, ts);
	else if (r->code >= 400)
		transaction_refused(t, r);
	s->base = p->last ? STAGE_IDLE : STAGE_BDAT;
}

/* RSET, or a greeting again, was taken: the transaction that was open is no more (RFC 5321 4.1.1.5, 4.1.4). */
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
	s->facts.ts_hello_reply = e->ts;
	extensions_read(s, e->text);
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
		transaction_rcpt_reply(t, p->note, e->reply);
		s->base = STAGE_RCPT;
		break;
	case SMTP_DATA:
		on_data_reply(s, t, e->reply, e->ts);
		break;
	case SMTP_BDAT:
		on_chunk_reply(s, t, p, e->reply, e->ts);
		break;
	default:
		on_end_reply(s, t, p, e->reply, e->ts);
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
		if (code / 100 == 2 && code != 221) {
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
		s->facts.starttls = (uint8_t)(code == 220 ? STARTTLS_USED : STARTTLS_REFUSED);
		if (code == 220) {
			/* RFC 3207 4.2: what was said before counts no more. */
			session_message_over(s, s->sending, FATE_ABORTED);
			s->sending = NULL;
			s->base = STAGE_STARTTLS;
		}
		break;
	case SMTP_AUTH:
	case SMTP_AUTH_LINE:
		s->base = STAGE_AUTH;
		s->facts.auth_failures += code >= 400;
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

static void farewell_keep(struct session *s, const struct smtp_event *e)
{
	s->farewell_at = s->dialogue.offset[SERVER];
	s->farewell_ts = e->ts;
	s->facts.farewell_code = e->reply->code;
	s->facts.farewell_enhanced = e->reply->enhanced;
}

/* A 221 that is no answer to QUIT. Where its place is not trusted, or the client had gone before, it accuses nobody. */
static void on_unasked_221(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	if (e->lost || (!p && s->fin[CLIENT]))
		return;
	enum place place = session_stage_place(s, p, e->in_content);
	s->farewell = FAREWELL_221_UNASKED;
	farewell_keep(s, e);
	s->farewell_stage = (uint8_t)(p ? session_stage_of(s, p) : session_stage_now(s, true));
	if (!s->unasked_221 || place < (s->unasked_221 & -s->unasked_221))
		s->stage_221 = s->farewell_stage;
	s->unasked_221 |= (uint8_t)place;
	struct transaction *t = p && p->last ? p->transaction : s->sending;
	if (place == PLACE_MESSAGE && t && t->fate == FATE_OPEN) {
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
	farewell_keep(s, e);
	s->final_421 = (uint8_t)session_stage_place(s, e->pending, e->in_content);
	s->farewell_stage = (uint8_t)(e->pending ? session_stage_of(s, e->pending) : session_stage_now(s, true));
}

/* A 4yz or 5yz in the middle of a message, or one that nobody asked for. */
static void on_unasked_refusal(struct session *s, const struct smtp_event *e)
{
	struct transaction *t = s->sending;
	if (e->in_content && t && t->fate == FATE_OPEN) {
		transaction_answered(t, session_pool(s), e->reply, e->ts);
		session_message_count(s, t);
	}
}

/* What the reply would be as the server's last word. Any other answer takes back what was said before: the session went on. */
static void farewell_note(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply->code;
	if (code == 421 || code == 221)
		return;
	s->farewell = code >= 400 ? FAREWELL_REFUSAL : FAREWELL_NONE;
	s->final_421 = 0;
	farewell_keep(s, e);
	s->farewell_stage = (uint8_t)(e->pending ? session_stage_of(s, e->pending) : session_stage_now(s, true));
}

void session_reply_take(struct dialogue *d, const struct smtp_event *e)
{
	struct session *s = session_of(d);
	const struct smtp_pending *p = e->pending;
	uint16_t code = e->reply->code;
	s->facts.replies++;
	s->facts.refusals += code >= 400;
	s->facts.last_code = code;
	s->facts.last_enhanced = e->reply->enhanced;
	/* The greeting's text is the banner: it is not kept twice. */
	if (!p || p->verb != SMTP_CONNECT || code >= 400)
		notes_set(&s->facts.notes, session_pool(s), NOTE_REPLY, 0, e->text);
	farewell_note(s, e);
	if (code == 421)
		on_421(s, e);
	if (p && p->verb == SMTP_QUIT) {
		s->quit_answered = code == 221;
		if (s->quit_answered)
			s->farewell = FAREWELL_221_AFTER_QUIT;
		if (s->quit_answered)
			s->base = STAGE_DONE;
		return;
	}
	if (code == 221)
		on_unasked_221(s, e);
	if (p)
		on_answer(s, e);
	else if (code >= 400 && code != 421 && !e->lost)
		on_unasked_refusal(s, e);
	else if (code != 221 && code != 421 && !e->lost)
		s->facts.flaws |= FLAW_SURPLUS_REPLY;
}

void session_reply_line(struct dialogue *d, const struct smtp_pending *p, struct bytes text)
{
	struct session *s = session_of(d);
	if (!p)
		return;
	if (p->verb == SMTP_EHLO || p->verb == SMTP_LHLO)
		extensions_read(s, text);
	else if (p->verb == SMTP_CONNECT && !notes_find(&s->facts.notes, NOTE_BANNER).text.p)
		notes_set(&s->facts.notes, session_pool(s), NOTE_BANNER, 0, text);
}
