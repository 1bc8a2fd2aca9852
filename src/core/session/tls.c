/* tls.c - a TLS connection under way: its handshake as far as it is in clear, its records,
 * and the reply that some servers write in between. */
#include "core/session/state.h"
#include "smtpwatch/certificate.h"

/* The level of an alert (RFC 5246 7.2). */
enum { FATAL = 2 };

void session_tls_string(struct session *s, enum string_tag tag, struct bytes text)
{
	if (text.n > 0)
		strings_set(&s->info.strings, session_pool(s), tag, 0,
			    bytes_first(text, STRING_TEXT_MAX));
}

void session_tls_certificate(struct session *s, const struct certificate *c)
{
	session_tls_string(s, STRING_TLS_SUBJECT, c->subject);
	session_tls_string(s, STRING_TLS_ISSUER, c->issuer);
	s->info.tls_expires = c->expires;
}

static void server_hello_note(struct session *s, const struct tls_hello *h)
{
	s->info.tls_version = h->version;
	s->info.tls_suite = h->suite;
	s->tls->infer.suite = tls_suite_find(h->suite);
	s->tls->infer.encrypt_then_mac = h->encrypt_then_mac;
	session_tls_string(s, STRING_TLS_PROTOCOL, h->protocol);
}

/* True: of this side nothing more is wanted. */
static bool message_note(struct session *s, enum side side, const struct tls_message *m)
{
	struct tls_hello h;
	struct certificate c;
	if (side == CLIENT) {
		tls_hello_read(m, &h);
		session_tls_string(s, STRING_TLS_NAME, h.server_name);
		session_tls_string(s, STRING_TLS_PROTOCOL, h.protocol);
		return true;
	}
	if (m->type == TLS_CERTIFICATE && certificate_read(tls_hello_certificate(m, false), &c))
		session_tls_certificate(s, &c);
	if (m->type != TLS_SERVER_HELLO)
		return m->type == TLS_CERTIFICATE;
	if (tls_hello_read(m, &h))
		server_hello_note(s, &h);
	return h.version >= TLS_1_3;
}

static void handshake_end(struct session *s, enum side side)
{
	tls_message_reset(&s->tls->messages[side], session_pool(s));
	s->tls->reported[side] = true;
}

static void handshake_take(struct session *s, enum side side, struct bytes in)
{
	struct tls_message m;
	while (!s->tls->reported[side] &&
	       tls_message_next(&s->tls->messages[side], session_pool(s), &in, &m))
		if (message_note(s, side, &m))
			handshake_end(s, side);
}

static void record_done(struct session *s, const struct tls_place *at)
{
	struct session_tls *tls = s->tls;
	const struct tls_side *t = &tls->side[at->side];
	if (!t->encrypted)
		return;
	handshake_end(s, at->side);
	tls_infer_record(&tls->infer, at->side, t->header[0], tls_side_length(t), at->end,
			 tls->acked, at->ts);
}

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* It answers nothing that could be read, so that a 2yz or 3yz means nothing. */
static void plain_read(struct session *s)
{
	struct session_tls *tls = s->tls;
	struct bytes line = bytes_of(tls->plain, tls->plain_n);
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	struct smtp_reply reply = smtp_reply_read(line);
	if (reply.code < 400)
		return;
	bool in_content = tls->infer.end.first == CLOSER_SERVER &&
			  tls->infer.end.pending == TLS_PENDING_MESSAGE;
	if (tls->infer.end.first == CLOSER_SERVER)
		s->closer = CLOSER_SERVER;
	struct smtp_event e = {
		.ts = tls->plain_ts, .text = reply.text, .reply = &reply, .in_content = in_content};
	session_reply_take(&s->dialogue, &e);
}

/* Up to its line's end, or as much as is kept of a text. With it the server has closed, if it is an
 * error. */
static void plain_take(struct session *s, struct bytes in, int64_t ts)
{
	struct session_tls *tls = s->tls;
	if (!tls->plain || tls->plain_whole)
		return;
	tls->plain_ts = ts;
	for (; in.n > 0 && !tls->plain_whole; in = bytes_from(in, 1)) {
		tls->plain[tls->plain_n++] = *in.p;
		tls->plain_whole = *in.p == '\n' || tls->plain_n == STRING_TEXT_MAX;
	}
	if (tls->plain_whole && tls->plain[0] >= '4')
		tls_infer_close(&tls->infer, SERVER, tls->acked, ts);
}

/* Where a record's header should be may stand a reply in clear: Exim's, with GnuTLS, or that of a
 * server whose handshake has failed. */
static void plain_begin(struct session *s, const struct tls_side *t, int64_t ts)
{
	const uint8_t *h = t->header;
	if (!digit(h[0]) || !digit(h[1]) || !digit(h[2]) || h[3] != ' ')
		return;
	s->tls->plain = pool_get(session_pool(s), STRING_TEXT_MAX);
	plain_take(s, bytes_of(h, sizeof t->header), ts);
}

static void records_take(struct session *s, const struct tls_place *at, struct bytes in)
{
	enum side side = at->side;
	struct tls_side *t = &s->tls->side[side];
	struct tls_place here = *at;
	struct bytes body;
	bool broken = t->broken;
	while (tls_side_next(t, &in, &body)) {
		if (t->header[0] == TLS_HANDSHAKE && !t->encrypted)
			handshake_take(s, side, body);
		here.end = at->end - in.n;
		if (t->left == 0)
			record_done(s, &here);
	}
	if (t->broken && !broken && side == SERVER)
		plain_begin(s, t, at->ts);
	if (side == SERVER)
		plain_take(s, in, at->ts);
}

static void gap_take(struct session *s, const struct tls_place *at, uint64_t len)
{
	struct tls_side *t = &s->tls->side[at->side];
	tls_side_gap(t, len);
	if (!t->encrypted)
		handshake_end(s, at->side);
	if (!t->broken && t->left == 0)
		record_done(s, at);
}

void session_tls_bytes(struct session *s, const struct tls_place *at, struct bytes text,
		       uint64_t len)
{
	if (!s->tls && (s->tls = pool_get(session_pool(s), sizeof *s->tls)))
		memset(s->tls, 0, sizeof *s->tls);
	if (!s->tls)
		return;
	if (at->side == SERVER)
		s->tls->acked = at->acked;
	if (text.n == len)
		records_take(s, at, text);
	else
		gap_take(s, at, len);
}

void session_tls_close(struct session *s, enum side side, uint64_t acked, int64_t ts)
{
	if (!s->tls)
		return;
	s->tls->acked = acked > s->tls->acked ? acked : s->tls->acked;
	tls_infer_close(&s->tls->infer, side, s->tls->acked, ts);
}

void session_tls_plain(struct session *s)
{
	if (s->tls && s->tls->plain && !s->inside)
		plain_read(s);
}

struct conn_end session_tls_closed(const struct session *s, const struct conn_end *end)
{
	struct conn_end e = *end;
	if (s->closer == CLOSER_NOBODY || end->closer == CLOSER_NOBODY ||
	    (end->how != HOW_FIN && end->how != HOW_RST))
		return e;
	e.closer = (enum closer)s->closer;
	e.how = HOW_FIN;
	return e;
}

bool session_tls_fin_missing(const struct session *s)
{
	return s->tls && s->closer == CLOSER_SERVER && s->tls->one_missing > 0 &&
	       s->tls->one_missing == s->tls->raw[CLIENT];
}

static void alert_read(struct session *s)
{
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (s->tls->side[side].alert && !s->info.tls_alert) {
			s->info.tls_alert = true;
			s->info.tls_alert_side = (uint8_t)side;
			s->info.tls_alert_description = s->tls->side[side].alert_description;
		}
}

/* A refusal in clear in place of the server's records: it had encrypted nothing yet, and no
 * client's record is missing that would tell more. */
static bool refused_in_clear(const struct session *s)
{
	const struct session_tls *tls = s->tls;
	return tls->plain_whole && tls->plain[0] >= '4' && !tls->side[SERVER].encrypted &&
	       !tls->side[CLIENT].broken;
}

/* After a fatal alert in clear too, whatever else was in the records, no handshake was finished
 * (RFC 8446 6.2). */
static bool handshake_refused(const struct session *s)
{
	const struct tls_side *c = &s->tls->side[CLIENT], *v = &s->tls->side[SERVER];
	return refused_in_clear(s) || (c->alert && c->alert_level == FATAL) ||
	       (v->alert && v->alert_level == FATAL);
}

/* The client spoke SMTP in clear, and the server, which expects TLS, never said a word of it. */
static bool spoke_in_clear(const struct session *s, const struct ending *e)
{
	bool expected = s->tls_port ||
			(s->encrypted && s->info.tls_alert_side == SERVER && s->info.tls_alert);
	return expected && s->sure && s->spoke && s->info.replies == 0 && !s->inside &&
	       e->unsure == UNSURE_NONE;
}

/* Such a client waits for no greeting that it could have spoken before. */
static void clear_end(struct session *s, struct ending *e)
{
	if (!spoke_in_clear(s, e) || (e->how != HOW_FIN && e->how != HOW_RST))
		return;
	s->info.flaws &= ~(uint32_t)FLAW_PREGREET;
	e->encrypted = e->tls.clear = true;
	if (e->tls.failed_by == CLOSER_NOBODY)
		e->tls.failed_by = (uint8_t)e->closer;
}

static enum closer failed_by(const struct session *s, const struct ending *e)
{
	if (s->info.tls_alert)
		return s->info.tls_alert_side == SERVER ? CLOSER_SERVER : CLOSER_CLIENT;
	if (refused_in_clear(s))
		return CLOSER_SERVER;
	if (e->tls.first != CLOSER_NOBODY)
		return (enum closer)e->tls.first;
	return e->how == HOW_FIN || e->how == HOW_RST ? e->closer : CLOSER_NOBODY;
}

/* An RST is known from the end alone. Of two sides that closed without having seen the other's FIN,
 * neither broke off. */
void session_tls_end(struct session *s, const struct conn_end *end, uint64_t acked,
		     struct ending *e, int64_t ts)
{
	struct session_tls *tls = s->tls;
	s->info.tls = s->encrypted || s->inside;
	if (!tls) {
		clear_end(s, e);
		return;
	}
	/* An RST need not acknowledge what it answers (RFC 9293 3.10.7.4). */
	if (end->closer != CLOSER_NOBODY && (end->how == HOW_FIN || end->how == HOW_RST))
		session_tls_close(s, end->closer == CLOSER_SERVER ? SERVER : CLIENT,
				  end->how == HOW_RST ? UINT64_MAX : acked, ts);
	alert_read(s);
	s->info.tls_done = tls_sides_done(&tls->side[CLIENT], &tls->side[SERVER]);
	bool whole = !tls->side[CLIENT].broken && !tls->side[SERVER].broken;
	e->tls = tls_infer_end(&tls->infer, whole, s->info.tls_done);
	if (end->crossed && e->tls.first == CLOSER_SERVER && !e->tls.notified)
		e->tls.first = CLOSER_NOBODY;
	if (!s->info.tls_done && (whole || handshake_refused(s)))
		e->tls.failed_by = (uint8_t)failed_by(s, e);
	clear_end(s, e);
}

void session_tls_free(struct session *s)
{
	if (!s->tls)
		return;
	for (enum side side = CLIENT; side <= SERVER; side++)
		tls_message_reset(&s->tls->messages[side], session_pool(s));
	if (s->tls->stream)
		s->dialogue.env->decryptor->free(s->tls->stream);
	pool_put(session_pool(s), s->tls->plain, STRING_TEXT_MAX);
	pool_put(session_pool(s), s->tls, sizeof *s->tls);
	s->tls = NULL;
}
