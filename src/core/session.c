/* session.c - commands propose, replies dispose: the state of a session, and the facts of its end. */
#include "core/dialogue.h"
#include "core/transaction.h"

#include <assert.h>
#include <ctype.h>

struct session {
	struct session_facts facts;
	struct dialogue dialogue;
	struct dialogue_env env;
	struct pool *pool;
	struct transaction *sending, *newest; /* the one the client is at; the last of the list */
	struct message_header *header;        /* borrowed while a message's header passes by */
	uint64_t quit_end;      /* offset behind the client's QUIT */
	uint64_t refusal_at;    /* offset in the server's stream behind the last 4yz or 5yz */
	uint64_t lost_bytes;
	int64_t end_sent;       /* when the last message's end was sent that is not answered */
	uint8_t base;           /* enum stage: where it stands when nothing is outstanding */
	uint8_t farewell;       /* enum farewell, so far */
	uint8_t farewell_stage, stage_221;
	uint8_t unasked_221, final_421; /* enum place */
	uint8_t lost_side;
	uint8_t kept;
	bool sure, tls_port, encrypted, spoke, foreign, overflow;
	bool quit_sent, quit_answered, quit_in_transaction;
	bool fin[2];
};

static void on_event(void *session, const struct smtp_event *event);

struct session *session_new(struct pool *pool, bool sure, bool lmtp, bool tls)
{
	struct session *s = pool_get(pool, sizeof *s);
	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->pool = pool;
	s->env = (struct dialogue_env){pool, on_event};
	s->facts.lmtp = lmtp;
	s->sure = sure;
	s->tls_port = tls;
	dialogue_init(&s->dialogue, &s->env, s, sure);
	return s;
}

static void header_free(struct session *s)
{
	pool_put(s->pool, s->header, sizeof *s->header);
	s->header = NULL;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	struct pool *pool = s->pool;
	dialogue_free(&s->dialogue);
	header_free(s);
	notes_free(&s->facts.notes, pool);
	while (s->facts.first) {
		struct transaction *next = s->facts.first->next;
		transaction_free(s->facts.first, pool);
		s->facts.first = next;
	}
	pool_put(pool, s, sizeof *s);
}

const struct session_facts *session_facts(const struct session *s)
{
	static const struct session_facts nothing;
	return s ? &s->facts : &nothing;
}

/* Transactions: at most SESSION_TRANSACTIONS are kept; accepted ones, the oldest first, make room. */

static void fate_count(struct session *s, struct transaction *t)
{
	if (t->fate == FATE_OPEN || t->counted)
		return;
	t->counted = true;
	s->facts.fates[t->fate]++;
}

static void over(struct session *s, struct transaction *t, enum fate otherwise)
{
	if (t) {
		transaction_over(t, otherwise);
		fate_count(s, t);
	}
}

static bool droppable(const struct transaction *t, bool accepted_only)
{
	return t->fate == FATE_ACCEPTED || (!accepted_only && t->fate != FATE_OPEN);
}

static bool transactions_drop_one(struct session *s, bool accepted_only)
{
	for (struct transaction **at = &s->facts.first, *prev = NULL; *at; prev = *at, at = &(*at)->next) {
		struct transaction *t = *at;
		if (t == s->sending || !droppable(t, accepted_only))
			continue;
		for (struct smtp_pending *p = s->dialogue.head; p; p = p->next)
			if (p->transaction == t)
				p->transaction = NULL;
		*at = t->next;
		if (s->newest == t)
			s->newest = prev;
		transaction_free(t, s->pool);
		s->kept--;
		s->facts.transactions_omitted++;
		return true;
	}
	return false;
}

static struct transaction *transaction_begin(struct session *s, struct bytes args, int64_t ts)
{
	bool room = s->kept < SESSION_TRANSACTIONS || transactions_drop_one(s, true) || transactions_drop_one(s, false);
	struct transaction *t = room ? transaction_new(s->pool, args, ts) : NULL;
	if (!t) {
		s->overflow = true;
		s->facts.transactions_omitted++;
		return NULL;
	}
	if (s->newest)
		s->newest->next = t;
	else
		s->facts.first = t;
	s->newest = t;
	s->kept++;
	return t;
}

/* Where the session stands. */

static enum stage stage_of(const struct session *s, const struct smtp_pending *p)
{
	static const uint8_t stage[SMTP_VERBS] = {[SMTP_CONNECT] = STAGE_CONNECT,
	                                          [SMTP_END] = STAGE_END_OF_MESSAGE,
	                                          [SMTP_AUTH_LINE] = STAGE_AUTH,
	                                          [SMTP_EHLO] = STAGE_EHLO,
	                                          [SMTP_HELO] = STAGE_EHLO,
	                                          [SMTP_LHLO] = STAGE_EHLO,
	                                          [SMTP_STARTTLS] = STAGE_STARTTLS,
	                                          [SMTP_AUTH] = STAGE_AUTH,
	                                          [SMTP_MAIL] = STAGE_MAIL,
	                                          [SMTP_RCPT] = STAGE_RCPT,
	                                          [SMTP_DATA] = STAGE_DATA,
	                                          [SMTP_BDAT] = STAGE_BDAT,
	                                          [SMTP_QUIT] = STAGE_QUIT};
	if (p->verb == SMTP_BDAT && p->last && p->transaction && p->transaction->end_sent)
		return STAGE_END_OF_MESSAGE;
	return stage[p->verb] || p->verb == SMTP_CONNECT ? (enum stage)stage[p->verb] : (enum stage)s->base;
}

/* The oldest command that the server had received when it last spoke, and has not answered. A message's end counts even if it had not. */
static const struct smtp_pending *reached(const struct session *s)
{
	const struct smtp_pending *p = s->dialogue.head;
	return p && (p->verb == SMTP_CONNECT || p->last || s->dialogue.acked[SERVER] >= p->end) ? p : NULL;
}

/* Where the session stands for the server; while the server lives, what it has not received yet counts too. */
static enum stage stage_now(const struct session *s, bool for_server)
{
	const struct smtp_pending *p = for_server ? reached(s) : s->dialogue.head;
	return p ? stage_of(s, p) : (enum stage)s->base;
}

static bool is_open(const struct transaction *t)
{
	return t && t->mail_accepted && transaction_open(t) && !t->end_sent;
}

/* Inside content, or where the end's reply is due; else with a transaction; else without one. */
static enum place place_of(const struct session *s, const struct smtp_pending *p, bool in_content)
{
	const struct smtp_pending *oldest = p ? p : reached(s);
	if ((!p && in_content) || (oldest && oldest->last))
		return PLACE_MESSAGE;
	if (p && p->verb == SMTP_NOT_SMTP)
		return PLACE_NOT_SMTP;
	if (oldest && (oldest->verb == SMTP_MAIL || oldest->verb == SMTP_RCPT || oldest->verb == SMTP_DATA || oldest->verb == SMTP_BDAT))
		return PLACE_TRANSACTION;
	if (is_open(s->sending))
		return PLACE_TRANSACTION;
	return s->facts.fates[FATE_ACCEPTED] > 0 ? PLACE_BETWEEN : PLACE_BEFORE;
}

/* What the client sends. */

static struct bytes first_word(struct bytes b)
{
	size_t n = 0;
	while (n < b.n && b.p[n] > ' ')
		n++;
	return bytes_first(b, n);
}

/* Never more than the name of the mechanism: what follows may be a password. */
static void auth_note(struct session *s, struct bytes args)
{
	struct bytes mechanism = first_word(args);
	bool name = mechanism.n > 0 && mechanism.n <= 20; /* RFC 4422 3.1 */
	for (size_t i = 0; i < mechanism.n && name; i++)
		name = isupper(toupper(mechanism.p[i])) || isdigit(mechanism.p[i]) || mechanism.p[i] == '-' || mechanism.p[i] == '_';
	if (name)
		notes_set(&s->facts.notes, s->pool, NOTE_AUTH, 0, mechanism);
}

static void on_mail(struct session *s, const struct smtp_event *e)
{
	if (s->sending && !s->sending->end_sent && !s->sending->refused && s->dialogue.lost)
		over(s, s->sending, FATE_UNKNOWN);
	s->sending = transaction_begin(s, e->text, e->ts);
	e->pending->transaction = s->sending;
}

static void on_rcpt(struct session *s, const struct smtp_event *e)
{
	e->pending->transaction = s->sending;
	if (s->sending)
		e->pending->note = transaction_rcpt(s->sending, s->pool, e->text);
}

/* A message begins, or goes on, whose MAIL may have been missed. */
static void on_content_command(struct session *s, const struct smtp_event *e)
{
	if (!s->sending && s->dialogue.holed) {
		s->sending = transaction_begin(s, bytes_of(NULL, 0), e->ts);
		if (s->sending)
			s->sending->mail_accepted = s->sending->hole = true;
	}
	e->pending->transaction = s->sending;
	if (s->sending && e->pending->verb == SMTP_BDAT && s->sending->ts_data == 0) {
		s->sending->chunked = true;
		s->sending->ts_data = e->ts;
	}
}

static void on_quit(struct session *s, const struct smtp_event *e)
{
	s->quit_sent = true;
	s->quit_end = e->pending->end;
	s->quit_in_transaction = is_open(s->sending) && !s->sending->hole && !s->dialogue.lost;
}

static void on_command(struct session *s, const struct smtp_event *e)
{
	enum smtp_verb verb = (enum smtp_verb)e->pending->verb;
	s->facts.commands++;
	if (verb != SMTP_AUTH_LINE)
		s->facts.last_command = verb;
	if (s->fin[SERVER])
		return; /* said to a server that had closed: it changes nothing */
	s->foreign |= verb == SMTP_NOT_SMTP;
	s->spoke |= verb != SMTP_NOT_SMTP && verb != SMTP_UNKNOWN;
	e->pending->transaction = s->sending;
	switch (verb) {
	case SMTP_MAIL:
		on_mail(s, e);
		break;
	case SMTP_RCPT:
		on_rcpt(s, e);
		break;
	case SMTP_DATA:
	case SMTP_BDAT:
		on_content_command(s, e);
		break;
	case SMTP_AUTH:
		auth_note(s, e->text);
		break;
	case SMTP_EHLO:
	case SMTP_HELO:
	case SMTP_LHLO:
		s->facts.lmtp |= verb == SMTP_LHLO;
		notes_set(&s->facts.notes, s->pool, NOTE_HELO, 0, first_word(e->text));
		break;
	case SMTP_QUIT:
		on_quit(s, e);
		break;
	case SMTP_NOT_SMTP:
	case SMTP_UNKNOWN:
		if (!s->spoke && !notes_find(&s->facts.notes, NOTE_NOT_SMTP).text.p)
			notes_add(&s->facts.notes, s->pool, NOTE_NOT_SMTP, 0, bytes_first(e->text, 64));
		break;
	default:
		break;
	}
}

static void header_scan(struct session *s, struct bytes text)
{
	struct transaction *t = s->sending;
	if (t->bytes == 0 && !s->header && (s->header = pool_get(s->pool, sizeof *s->header)))
		memset(s->header, 0, sizeof *s->header);
	if (!s->header)
		return;
	message_header_scan(s->header, text);
	if (!s->header->done)
		return;
	if (s->header->n > 0)
		notes_set(&t->notes, s->pool, NOTE_MESSAGE_ID, 0, bytes_of(s->header->id, s->header->n));
	header_free(s);
}

static void on_content(struct session *s, const struct smtp_event *e)
{
	struct transaction *t = s->sending;
	if (!t)
		return;
	t->content_begun = true;
	if (e->text.n < e->len) {
		t->hole = true;
		header_free(s);
	} else if (t->bytes == 0 || s->header) {
		header_scan(s, e->text);
	}
	t->bytes += e->len;
}

static void on_end(struct session *s, const struct smtp_event *e)
{
	struct transaction *t = s->sending;
	header_free(s);
	s->sending = NULL;
	s->base = STAGE_IDLE;
	if (!t)
		return;
	/* RFC 5321 4.1.1.4: the dot and its line end are no part of the message. */
	if (!t->chunked)
		t->bytes -= t->bytes < 3 ? t->bytes : 3;
	t->content_begun = t->end_sent = true;
	t->ts_end = s->end_sent = e->ts;
	if (!e->pending)
		return;
	e->pending->transaction = t;
	if (s->facts.lmtp && t->rcpt_accepted > 1)
		e->pending->due = t->rcpt_accepted;
}

/* What the server answers. */

static void on_greeting(struct session *s, const struct smtp_event *e)
{
	s->facts.ts_banner = e->ts;
	if (!notes_find(&s->facts.notes, NOTE_BANNER).text.p)
		notes_set(&s->facts.notes, s->pool, NOTE_BANNER, 0, e->text);
}

static void extensions_read(struct session *s, struct bytes text)
{
	uint64_t size = 0;
	s->facts.extensions |= smtp_extension_read(text, &size);
	if (size)
		s->facts.size_limit = size;
	if (s->facts.starttls == STARTTLS_NO && (s->facts.extensions & SMTP_EXT_STARTTLS))
		s->facts.starttls = STARTTLS_OFFERED;
	else if (s->facts.starttls == STARTTLS_NO && (s->facts.extensions & SMTP_EXT_MASKED))
		s->facts.starttls = STARTTLS_STRIPPED;
}

/* A whole reply to the end of a message: one, or in LMTP the last of one for each recipient. */
static void on_end_reply(struct session *s, struct transaction *t, const struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	t->lmtp_answered++;
	t->lmtp_accepted += r->code / 100 == 2 && r->code != 221;
	bool one_accepted = t->fate == FATE_ACCEPTED;
	if (t->fate != FATE_OPEN && !(p->due >= 1 && t->lmtp_answered > 1))
		return; /* settled before: a 221 or a refusal came in its middle */
	t->hole = false;
	transaction_answered(t, s->pool, r, ts);
	if (one_accepted && t->fate != FATE_FALSELY_ACCEPTED)
		t->fate = FATE_ACCEPTED;
	if (p->due > 1) {
		t->answered = false;
		return;
	}
	t->bytes_acked = t->bytes;
	s->end_sent = 0;
	fate_count(s, t);
}

static void on_mail_reply(struct session *s, struct transaction *t, const struct smtp_reply *r)
{
	if (r->code / 100 == 2 && r->code != 221) {
		t->mail_accepted = true;
		s->base = STAGE_MAIL;
	} else if (r->code >= 400) {
		transaction_refused(t, r);
		over(s, t, FATE_UNKNOWN);
		if (s->sending == t)
			s->sending = NULL;
	}
}

static void on_data_reply(struct session *s, struct transaction *t, const struct smtp_reply *r, int64_t ts)
{
	if (r->code / 100 == 3) {
		t->content_begun = true;
		t->refused = false;
		t->ts_data = ts;
		s->base = STAGE_DATA;
	} else if (r->code >= 400) {
		transaction_refused(t, r);
	}
}

static void on_chunk_reply(struct session *s, struct transaction *t, const struct smtp_pending *p, const struct smtp_reply *r, int64_t ts)
{
	if (p->last && (t->end_sent || r->code >= 400))
		on_end_reply(s, t, p, r, ts);
	else if (r->code >= 400)
		transaction_refused(t, r);
	s->base = p->last ? STAGE_IDLE : STAGE_BDAT;
}

/* RSET, or a greeting again, was taken: the transaction that was open is no more (RFC 5321 4.1.1.5, 4.1.4). */
static void on_reset(struct session *s, const struct smtp_pending *p)
{
	over(s, p->transaction, FATE_ABORTED);
	if (s->sending == p->transaction)
		s->sending = NULL;
}

static void on_hello_reply(struct session *s, const struct smtp_event *e)
{
	if (e->reply.code / 100 != 2 || e->reply.code == 221)
		return;
	extensions_read(s, e->text);
	on_reset(s, e->pending);
	s->base = STAGE_EHLO;
}

static void on_transaction_reply(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	struct transaction *t = p->transaction;
	if (!t)
		return;
	switch ((enum smtp_verb)p->verb) {
	case SMTP_MAIL:
		on_mail_reply(s, t, &e->reply);
		break;
	case SMTP_RCPT:
		transaction_rcpt_reply(t, p->note, &e->reply);
		s->base = STAGE_RCPT;
		break;
	case SMTP_DATA:
		on_data_reply(s, t, &e->reply, e->ts);
		break;
	case SMTP_BDAT:
		on_chunk_reply(s, t, p, &e->reply, e->ts);
		break;
	default:
		on_end_reply(s, t, p, &e->reply, e->ts);
		break;
	}
}

static void on_answer(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply.code;
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
	case SMTP_STARTTLS:
		s->facts.starttls = code == 220 ? STARTTLS_USED : STARTTLS_REFUSED;
		if (code == 220)
			s->base = STAGE_STARTTLS;
		break;
	case SMTP_AUTH:
	case SMTP_AUTH_LINE:
		s->base = STAGE_AUTH;
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

/* A 221 that is no answer to QUIT. Where its place is not trusted, or the client had gone before, it accuses nobody. */
static void on_unasked_221(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	if (e->lost || (!p && s->fin[CLIENT]))
		return;
	enum place place = place_of(s, p, e->in_content);
	s->farewell = FAREWELL_221_UNASKED;
	s->farewell_stage = (uint8_t)(p ? stage_of(s, p) : stage_now(s, true));
	if (!s->unasked_221 || place < (s->unasked_221 & -s->unasked_221))
		s->stage_221 = s->farewell_stage;
	s->unasked_221 |= (uint8_t)place;
	struct transaction *t = p && p->last ? p->transaction : s->sending;
	if (place == PLACE_MESSAGE && t && t->fate == FATE_OPEN) {
		transaction_answered(t, s->pool, &e->reply, e->ts);
		fate_count(s, t);
	}
}

static void on_421(struct session *s, const struct smtp_event *e)
{
	if (e->lost || (!e->pending && s->fin[CLIENT]))
		return;
	s->farewell = FAREWELL_421;
	s->final_421 = (uint8_t)place_of(s, e->pending, e->in_content);
	s->farewell_stage = (uint8_t)(e->pending ? stage_of(s, e->pending) : stage_now(s, true));
}

/* A 4yz or 5yz in the middle of a message, or one that nobody asked for. */
static void on_unasked_refusal(struct session *s, const struct smtp_event *e)
{
	struct transaction *t = s->sending;
	if (e->in_content && t && t->fate == FATE_OPEN) {
		transaction_answered(t, s->pool, &e->reply, e->ts);
		fate_count(s, t);
	}
}

/* What the reply would be as the server's last word. Any other answer takes back what was said before: the session went on. */
static void farewell_note(struct session *s, const struct smtp_event *e)
{
	uint16_t code = e->reply.code;
	if (code == 421 || code == 221)
		return;
	s->farewell = code >= 400 ? FAREWELL_REFUSAL : FAREWELL_NONE;
	s->final_421 = 0;
	s->refusal_at = s->dialogue.offset[SERVER];
	s->farewell_stage = (uint8_t)(e->pending ? stage_of(s, e->pending) : stage_now(s, true));
}

static void on_reply(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	uint16_t code = e->reply.code;
	s->facts.replies++;
	s->facts.last_code = code;
	s->facts.last_enhanced = e->reply.enhanced;
	notes_set(&s->facts.notes, s->pool, NOTE_REPLY, 0, e->text);
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
	else if (code != 221 && !e->lost)
		s->facts.flaws |= FLAW_SURPLUS_REPLY;
}

static void on_reply_line(struct session *s, const struct smtp_event *e)
{
	const struct smtp_pending *p = e->pending;
	if (!p)
		return;
	if (p->verb == SMTP_CONNECT && !notes_find(&s->facts.notes, NOTE_BANNER).text.p)
		notes_set(&s->facts.notes, s->pool, NOTE_BANNER, 0, e->text);
	else if (p->verb == SMTP_EHLO || p->verb == SMTP_LHLO)
		extensions_read(s, e->text);
}

/* Of messages whose reply may lie in the hole nothing is known any more. */
static void on_lost(struct session *s, const struct smtp_event *e)
{
	s->lost_side = (uint8_t)e->side;
	if (e->len > 0)
		s->lost_bytes = e->len;
	for (struct transaction *t = s->facts.first; t; t = t->next) {
		if (t->fate != FATE_OPEN)
			continue;
		t->hole = true;
		if (t->end_sent && e->side == SERVER)
			over(s, t, FATE_UNKNOWN);
	}
}

static void on_fin(struct session *s, enum side side)
{
	s->fin[side] = true;
	/* A QUIT that the server had not received when it closed was not what it closed for. */
	if (side == SERVER && s->quit_sent && !s->quit_answered && s->dialogue.acked[SERVER] < s->quit_end)
		s->quit_sent = s->quit_in_transaction = false;
}

static void on_event(void *session, const struct smtp_event *e)
{
	struct session *s = session;
	switch (e->kind) {
	case SMTP_EVENT_COMMAND:
		on_command(s, e);
		break;
	case SMTP_EVENT_REPLY_LINE:
		on_reply_line(s, e);
		break;
	case SMTP_EVENT_REPLY:
		on_reply(s, e);
		break;
	case SMTP_EVENT_CONTENT:
		on_content(s, e);
		break;
	case SMTP_EVENT_END:
		on_end(s, e);
		break;
	case SMTP_EVENT_LOST:
		on_lost(s, e);
		break;
	case SMTP_EVENT_FOUND:
		break;
	case SMTP_EVENT_PROXY:
		if (e->proxy->known) {
			s->facts.proxied = e->proxy->addr;
			s->facts.proxied_port = e->proxy->port;
		}
		break;
	case SMTP_EVENT_TLS:
		s->encrypted = true;
		s->base = STAGE_STARTTLS;
		break;
	case SMTP_EVENT_FIN:
		on_fin(s, e->side);
		break;
	case SMTP_EVENT_FLAW:
		s->facts.flaws |= e->flaws;
		break;
	}
}

void session_data(struct session *s, const struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	dialogue_data(&s->dialogue, side, data, conn->side[side].acked, ts);
}

void session_gap(struct session *s, const struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	(void)conn;
	dialogue_gap(&s->dialogue, side, len, ts);
}

void session_fin(struct session *s, const struct conn *conn, enum side side, int64_t ts)
{
	dialogue_fin(&s->dialogue, side, conn->side[side].acked, ts);
}

/* The end. */

static enum seen seen_of(const struct conn *conn, enum unsure unsure)
{
	const struct conn_side *c = &conn->side[CLIENT], *v = &conn->side[SERVER];
	if ((c->packets == 0 || v->packets == 0) && c->bytes + v->bytes + c->gap + v->gap > 0)
		return SEEN_ONE_WAY;
	if (c->gap + v->gap > 0)
		return c->cut || v->cut ? SEEN_TRUNCATED : SEEN_GAPS;
	if (!v->syn && !c->syn)
		return SEEN_NO_HANDSHAKE;
	return unsure == UNSURE_CAPTURE_END || unsure == UNSURE_IDLE || unsure == UNSURE_EVICTED ? SEEN_UNFINISHED : SEEN_FULL;
}

static enum unsure watch_ended(enum how how)
{
	return how == HOW_CAPTURE_END ? UNSURE_CAPTURE_END : how == HOW_EVICTED ? UNSURE_EVICTED : UNSURE_IDLE;
}

/* Why nothing that rests on the close can be said. */
static enum unsure unsure_of(const struct session *s, const struct conn *conn, const struct conn_end *end)
{
	bool over = end->over == HOW_FIN || end->over == HOW_RST || end->how == HOW_SILENCE || end->refused || end->unanswered;
	if (s && s->overflow)
		return UNSURE_OVERFLOW;
	if (s && (s->dialogue.lost || s->dialogue.hole)) {
		if (conn->side[CLIENT].packets == 0 || conn->side[SERVER].packets == 0)
			return UNSURE_ONE_WAY;
		if (s->lost_bytes == 0 && !s->sure && !s->dialogue.hole)
			return UNSURE_MIDSTREAM;
		return s->dialogue.hole || s->lost_side == CLIENT ? UNSURE_CLIENT_GAP : UNSURE_SERVER_GAP;
	}
	if (!over && end->closer == CLOSER_NOBODY)
		return watch_ended(end->over);
	/* A client that has only half closed still waits for what is outstanding. */
	if (!over && end->closer == CLOSER_CLIENT && s && s->dialogue.head && end->over != HOW_IDLE)
		return watch_ended(end->over);
	return s && s->foreign && !s->spoke ? UNSURE_NO_DIALOGUE : UNSURE_NONE;
}

/* The server's refusal was its last word, unless the client had read it and sent something more, which the server received and left unanswered. */
static bool refusal_stands(const struct session *s)
{
	const struct smtp_pending *p = s->dialogue.head;
	return !(p && p->knew >= s->refusal_at && s->dialogue.acked[SERVER] >= p->end);
}

static void transactions_read(const struct session *s, struct ending *e)
{
	for (const struct transaction *t = s->facts.first; t; t = t->next) {
		if (t->fate != FATE_OPEN || t->refused)
			continue;
		e->end_unanswered |= t->end_sent;
		e->content_open |= t->content_begun && !t->end_sent;
		e->transaction_open |= !t->content_begun && !t->end_sent;
		if (!t->end_sent) {
			e->content_bytes = t->bytes;
			e->content_acked = t->bytes_acked;
		}
	}
	for (unsigned f = FATE_ACCEPTED; f <= FATE_REJECTED; f++)
		e->finished += f == FATE_ACCEPTED || f == FATE_DEFERRED || f == FATE_REJECTED || f == FATE_FALSELY_ACCEPTED ? s->facts.fates[f] : 0;
	e->accepted = s->facts.fates[FATE_ACCEPTED];
	e->unknown_fates = s->facts.fates[FATE_UNKNOWN];
}

/* How much of the message under way the server's TCP has taken. */
static void acked_read(struct session *s, uint64_t acked)
{
	struct transaction *t = s->sending;
	if (!t)
		return;
	uint64_t begin = s->dialogue.offset[CLIENT] - t->bytes;
	t->bytes_acked = acked <= begin ? 0 : acked - begin < t->bytes ? acked - begin : t->bytes;
}

static void dialogue_read(const struct session *s, const struct conn_end *end, struct ending *e, int64_t ts)
{
	e->encrypted = s->encrypted;
	e->spoke = s->spoke;
	e->unasked_221 = s->unasked_221;
	e->stage_221 = (enum stage)s->stage_221;
	e->quit_sent = s->quit_sent;
	e->quit_answered = s->quit_answered;
	e->quit_in_transaction = s->quit_in_transaction;
	e->waited = e->end_unanswered && s->end_sent ? ts - s->end_sent : 0;
	/* Behind its own QUIT a client's FIN is only the end of what it has to say: with a message unanswered, the server is the one that closed. */
	if (end->closer == CLOSER_CLIENT && end->how == HOW_FIN && s->quit_sent && e->end_unanswered && s->fin[SERVER]) {
		e->closer = CLOSER_SERVER;
		e->how = HOW_FIN;
	}
	e->farewell = (enum farewell)s->farewell;
	if (s->encrypted && e->farewell == FAREWELL_NONE)
		e->farewell = FAREWELL_HIDDEN;
	bool closed_first = e->closer == CLOSER_SERVER || (end->crossed && end->closer != CLOSER_NOBODY);
	if (e->farewell == FAREWELL_421 && closed_first)
		e->final_421 = s->final_421;
	if (e->farewell == FAREWELL_REFUSAL && (!refusal_stands(s) || e->closer != CLOSER_SERVER || e->end_unanswered))
		e->farewell = FAREWELL_NONE;
	bool said = e->farewell != FAREWELL_NONE && e->farewell != FAREWELL_HIDDEN && !(e->farewell == FAREWELL_421 && !e->final_421);
	e->stage = said ? (enum stage)s->farewell_stage : stage_now(s, s->fin[SERVER]);
	if (s->unasked_221)
		e->stage = e->stage_221;
	if (e->farewell == FAREWELL_221_AFTER_QUIT)
		e->stage = STAGE_DONE;
	if (e->farewell == FAREWELL_NONE && (e->unsure == UNSURE_SERVER_GAP || e->unsure == UNSURE_ONE_WAY || e->unsure == UNSURE_MIDSTREAM))
		e->farewell = FAREWELL_UNKNOWN;
}

/* Every message gets its fate. */
static void fates_settle(struct session *s, const struct ending *e)
{
	bool known = e->unsure == UNSURE_NONE || e->unsure == UNSURE_NO_DIALOGUE;
	for (struct transaction *t = s->facts.first; t; t = t->next) {
		bool aborted = s->quit_sent && !t->end_sent;
		enum fate fate = aborted ? FATE_ABORTED : !known ? FATE_UNKNOWN : t->end_sent ? FATE_UNANSWERED : FATE_CUT;
		if (e->final_421 & (PLACE_MESSAGE | PLACE_TRANSACTION) && !t->end_sent && !aborted)
			fate = t->code == 421 ? FATE_DEFERRED : fate;
		over(s, t, fate);
	}
}

void session_close(struct session *s, const struct conn *conn, const struct conn_end *end, int64_t ts, struct ending *e)
{
	*e = (struct ending){.closer = end->closer, .how = end->how, .refused = end->refused, .no_answer = end->unanswered};
	e->vanished = end->how == HOW_SILENCE;
	e->connected = !end->refused && (conn->side[SERVER].packets > 0 || conn->side[CLIENT].bytes > 0);
	if (s) {
		dialogue_close(&s->dialogue, conn->side[SERVER].acked, ts);
		header_free(s);
		acked_read(s, conn->side[SERVER].acked);
		transactions_read(s, e);
	}
	e->unsure = unsure_of(s, conn, end);
	e->unsure_bytes = s && (s->lost_bytes || s->dialogue.hole) ? (s->lost_bytes ? s->lost_bytes : conn->side[CLIENT].gap) : 0;
	if (s) {
		dialogue_read(s, end, e, ts);
		fates_settle(s, e);
		e->unknown_fates = s->facts.fates[FATE_UNKNOWN];
	}
	e->seen = seen_of(conn, e->unsure);
}
