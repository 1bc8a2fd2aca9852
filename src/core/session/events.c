/* events.c - commands propose, replies dispose: the life of a session. */
#include "core/session/state.h"
#include "core/smtp/sasl.h"

struct session *session_new(const struct dialogue_env *env, bool sure, bool first, bool lmtp,
			    bool tls)
{
	struct session *s = pool_get(env->pool, sizeof *s);
	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->info.lmtp = lmtp;
	s->info.strings.capacity = STRINGS_SESSION;
	s->sure = sure;
	s->tls_port = tls;
	dialogue_init(&s->dialogue, env, sure, first);
	return s;
}

struct session *session_silent(const struct dialogue_env *env)
{
	struct session *s = pool_get(env->pool, sizeof *s);
	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->phase = SESSION_CLOSED;
	s->silent = true;
	s->closed.env = env;
	return s;
}

static void header_free(struct session *s)
{
	pool_put(session_pool(s), s->header, sizeof *s->header);
	s->header = NULL;
}

void session_dialogue_free(struct session *s)
{
	dialogue_free(&s->dialogue);
	header_free(s);
	session_lines_forget(s);
	session_tls_free(s);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	if (s->phase != SESSION_CLOSED)
		session_dialogue_free(s);
	struct pool *pool = session_pool(s);
	strings_free(&s->info.strings, pool);
	while (s->info.first) {
		struct transaction *next = s->info.first->next;
		transaction_free(s->info.first, pool);
		s->info.first = next;
	}
	pool_put(pool, s, sizeof *s);
}

const struct session_info *session_info(const struct session *s)
{
	return &s->info;
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
	struct bytes mechanism = sasl_shown(args);
	if (mechanism.n > 0)
		strings_set(&s->info.strings, session_pool(s), STRING_AUTH, 0, mechanism);
}

static void on_mail(struct session *s, const struct smtp_event *e)
{
	if (s->sending && !s->sending->end_sent && !s->sending->refused && s->dialogue.lost)
		session_message_over(s, s->sending, FATE_UNKNOWN);
	s->sending = session_message_begin(s, e->text, e->ts);
	e->pending->transaction = s->sending;
	if (s->sending)
		s->sending->begin = e->pending->end;
}

static void on_rcpt(struct session *s, const struct smtp_event *e)
{
	e->pending->transaction = s->sending;
	if (s->sending)
		s->sending->ts_rcpt = e->ts;
	if (s->sending)
		e->pending->string = transaction_rcpt(s->sending, session_pool(s), e->text);
}

/* A message begins, or goes on, whose MAIL may have been missed. */
static void on_content_command(struct session *s, const struct smtp_event *e)
{
	if (!s->sending && s->dialogue.holed) {
		s->sending = session_message_begin(s, bytes_of(NULL, 0), e->ts);
		if (s->sending)
			s->sending->mail_accepted = s->sending->hole = s->sending->rcpts_missing =
				true;
	}
	e->pending->transaction = s->sending;
	if (s->sending && e->pending->verb == SMTP_BDAT && s->sending->ts_data == 0) {
		s->sending->chunked = true;
		s->sending->ts_data = e->ts;
	}
}

static void on_quit(struct session *s, const struct smtp_event *e)
{
	/* A 221 that met this QUIT on the wire, whichever of them was captured first: nobody is
	 * accused of so little. */
	unsigned idle = PLACE_BEFORE | PLACE_BETWEEN;
	if (s->farewell == FAREWELL_221_UNASKED && (s->unasked_221 & ~idle) == 0 &&
	    e->pending->knew < s->farewell_at) {
		s->unasked_221 = 0;
		s->farewell = FAREWELL_221_AFTER_QUIT;
		s->quit_answered = true;
	}
	s->quit_sent = true;
	s->quit_end = e->pending->end;
	s->quit_in_transaction = session_stage_open(s->sending) && !s->sending->hole &&
				 !s->dialogue.lost;
}

static void on_command(struct dialogue *d, const struct smtp_event *e)
{
	struct session *s = session_of(d);
	enum smtp_verb verb = (enum smtp_verb)e->pending->verb;
	s->info.commands++;
	e->pending->string = STRINGS_NONE;
	if (verb != SMTP_AUTH_LINE)
		s->info.last_command = e->pending->sent_verb;
	if (s->fin[SERVER])
		return; /* said to a server that had closed: it changes nothing */
	s->went_on += verb != SMTP_QUIT && s->went_on < UINT16_MAX;
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
		s->info.lmtp |= verb == SMTP_LHLO;
		s->info.ts_hello = e->ts;
		strings_set(&s->info.strings, session_pool(s), STRING_HELO, 0, first_word(e->text));
		break;
	case SMTP_QUIT:
		on_quit(s, e);
		break;
	case SMTP_NOT_SMTP:
	case SMTP_UNKNOWN:
		if (!s->spoke && !strings_find(&s->info.strings, STRING_NOT_SMTP).text.p)
			strings_add(&s->info.strings, session_pool(s), STRING_NOT_SMTP, 0,
				    bytes_first(e->text, 64));
		break;
	default:
		break;
	}
}

static void header_scan(struct session *s, struct bytes text)
{
	struct transaction *t = s->sending;
	if (t->bytes == 0 && !s->header &&
	    (s->header = pool_get(session_pool(s), sizeof *s->header)))
		memset(s->header, 0, sizeof *s->header);
	if (!s->header)
		return;
	message_header_scan(s->header, text);
	if (!s->header->done)
		return;
	if (s->header->n > 0)
		strings_set(&t->strings, session_pool(s), STRING_MESSAGE_ID, 0,
			    bytes_of(s->header->id, s->header->n));
	header_free(s);
}

static void on_content(struct dialogue *d, struct bytes text, uint64_t len)
{
	struct session *s = session_of(d);
	struct transaction *t = s->sending;
	/* What comes behind the server's FIN is heard by nobody. */
	if (!t || s->fin[SERVER])
		return;
	t->content_begun = true;
	if (t->bytes == 0)
		t->begin = d->offset[CLIENT] - len;
	if (text.n < len) {
		t->hole = true;
		header_free(s);
	} else if (t->bytes == 0 || s->header) {
		header_scan(s, text);
	}
	t->bytes += len;
}

/* The server did not get this end of a message. */
static void end_take_back(struct smtp_pending *p)
{
	if (p)
		p->last = false;
}

static void on_end(struct dialogue *d, struct smtp_pending *p, int64_t ts)
{
	struct session *s = session_of(d);
	struct transaction *t = s->sending;
	header_free(s);
	if (s->fin[SERVER]) {
		end_take_back(p);
		return;
	}
	s->sending = NULL;
	s->base = STAGE_IDLE;
	s->info.messages++;
	if (!t)
		return;
	/* RFC 5321 4.1.1.4: the dot and its line end are no part of the message. */
	if (!t->chunked)
		t->bytes -= t->bytes < 3 ? t->bytes : 3;
	t->content_begun = t->end_sent = true;
	t->ts_end = ts;
	if (p)
		p->transaction = t;
	/* The client has read a 421 in the middle of it as the answer. */
	if (t->early == 421 && t->fate == FATE_OPEN) {
		t->fate = FATE_DEFERRED;
		t->taken = TAKEN_NO;
		t->ts_reply = ts;
		session_message_count(s, t);
	}
}

/* The server has answered what came behind it. What became of a message whose answer is missing
 * nobody can say. */
static void on_skipped(struct dialogue *d, struct smtp_pending *p)
{
	struct session *s = session_of(d);
	s->info.skipped += !d->lost && s->info.skipped < UINT16_MAX;
	if (p->last && p->transaction && !p->read)
		session_message_over(s, p->transaction, FATE_UNKNOWN);
}

void session_injected_forget(struct session *s)
{
	if (!s->injected)
		return;
	s->farewell = FAREWELL_NONE;
	s->unasked_221 = s->final_421 = 0;
}

/* Of messages whose reply may lie in the hole nothing is known any more. */
static void on_lost(struct dialogue *d, enum side side, uint64_t len)
{
	struct session *s = session_of(d);
	/* The QUIT that met an unasked 221 on the wire may lie in the hole. */
	if (side == CLIENT && len >= strlen("QUIT\r\n"))
		s->unasked_221 &= (uint8_t) ~(PLACE_BEFORE | PLACE_BETWEEN);
	s->lost_side = (uint8_t)side & 1;
	session_injected_forget(s); /* TLS may have begun in the hole */
	if (side == SERVER)
		session_lines_forget(s);
	if (len > 0)
		s->lost_bytes = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
	for (struct transaction *t = s->info.first; t; t = t->next) {
		if (t->fate != FATE_OPEN)
			continue;
		t->hole = true;
		t->rcpts_missing |= !t->content_begun;
		if (t->end_sent && side == SERVER)
			session_message_over(s, t, FATE_UNKNOWN);
	}
}

/* A message's end that the server had not received when it closed: for the server the message is
 * still under way. */
static void ends_take_back(struct session *s)
{
	for (struct smtp_pending *p = s->dialogue.head; p; p = p->next) {
		struct transaction *t = p->transaction;
		if (!p->last || s->dialogue.acked[SERVER] >= p->end)
			continue;
		end_take_back(p);
		if (!t || !t->end_sent || t->fate != FATE_OPEN)
			continue;
		t->end_sent = false;
		s->info.messages--;
		s->sending = t;
		s->base = t->chunked ? STAGE_BDAT : STAGE_DATA;
	}
}

static void on_fin(struct dialogue *d, enum side side)
{
	struct session *s = session_of(d);
	s->fin[side] = true;
	if (side == SERVER) {
		ends_take_back(s);
		s->knew_all = s->dialogue.acked[CLIENT] >= s->dialogue.offset[SERVER];
	}
	/* A QUIT that the server had not received when it closed was not what it closed for. */
	if (side == SERVER && s->quit_sent && !s->quit_answered &&
	    s->dialogue.acked[SERVER] < s->quit_end)
		s->quit_sent = s->quit_in_transaction = false;
}

/* Records that the dialogue passes on: what is inside them is taken when it has returned. */
static void on_tls_records(struct dialogue *d, enum side side, struct bytes text, uint64_t len)
{
	struct session *s = session_of(d);
	struct tls_place at = {.side = side,
			       .end = d->offset[side],
			       .acked = d->acked[side],
			       .ts = s->last_byte[side]};
	session_tls_bytes(s, &at, text, len);
	if (d->env->decryptor && !s->inside)
		session_inside_push(s, &at, text, len);
}

static void on_tls(struct dialogue *d)
{
	struct session *s = session_of(d);
	s->encrypted = true;
	s->base = STAGE_STARTTLS;
	session_injected_forget(s);
	/* A command that nobody knows has begun it. */
	if (!s->foreign)
		session_message_tls(s);
}

static void on_proxy(struct dialogue *d, const struct proxy_header *header)
{
	struct session *s = session_of(d);
	if (!header->known)
		return;
	s->info.proxied = header->addr;
	s->info.proxied_port = header->port;
}

static void on_flaw(struct dialogue *d, unsigned flaws)
{
	session_of(d)->info.flaws |= flaws;
}

const struct dialogue_listener session_listener = {
	.command = on_command,
	.reply_line = session_reply_line,
	.offer = session_offer,
	.uncoded = session_uncoded,
	.skipped = on_skipped,
	.reply = session_reply_take,
	.content = on_content,
	.end = on_end,
	.lost = on_lost,
	.proxy = on_proxy,
	.tls = on_tls,
	.tls_bytes = on_tls_records,
	.fin = on_fin,
	.flaw = on_flaw,
};

/* Reads what was decrypted. The client's close_notify asks the server for nothing. */
static void inside_read(struct session *s, enum side side, int64_t ts)
{
	session_inside_run(s, false);
	if (side == CLIENT && !s->ended)
		s->tls->client_ts = ts;
}

/* Bytes (none in a hole) of a session that is read inside TLS. */
static void inside_data(struct session *s, const struct conn *conn, enum side side,
			struct bytes data, uint64_t len, int64_t ts)
{
	struct tls_place at = {.side = side,
			       .end = s->tls->raw[side] + len,
			       .acked = conn->flow[side].acked,
			       .ts = ts};
	session_tls_bytes(s, &at, data, len);
	if (side == CLIENT && data.n == 0 && len == 1)
		s->tls->one_missing = at.end;
	session_inside_push(s, &at, data, len);
	inside_read(s, side, ts);
}

void session_data(struct session *s, const struct conn *conn, enum side side, struct bytes data,
		  int64_t ts)
{
	if (s->inside) {
		inside_data(s, conn, side, data, data.n, ts);
		return;
	}
	if (!s->fin[SERVER] || side == SERVER)
		session_byte_time(s, side, ts);
	dialogue_data(&s->dialogue, side, data, conn->flow[side].acked, ts);
	if (s->decrypting)
		inside_read(s, side, ts);
}

void session_gap(struct session *s, const struct conn *conn, enum side side, uint64_t len,
		 int64_t ts)
{
	if (s->inside) {
		inside_data(s, conn, side, bytes_of(NULL, 0), len, ts);
		return;
	}
	dialogue_gap(&s->dialogue, side, len, ts);
	if (s->decrypting)
		inside_read(s, side, ts);
}

void session_fin(struct session *s, const struct conn *conn, enum side side, int64_t ts)
{
	uint64_t acked = conn->flow[side].acked;
	s->fin_ts[side] = ts;
	session_tls_close(s, side, conn->flow[SERVER].acked, ts);
	if (!s->decrypting) {
		dialogue_fin(&s->dialogue, side, acked, ts);
		return;
	}
	/* Behind the records that wait for a key. */
	struct tls_place at = {.side = side, .end = s->tls->raw[side], .acked = acked, .ts = ts};
	s->dialogue.env->decryptor->fin(s->tls->stream, &at);
	session_inside_run(s, false);
}

void session_settle(struct session *s)
{
	if (s->decrypting)
		session_inside_end(s);
	session_tls_plain(s);
}
