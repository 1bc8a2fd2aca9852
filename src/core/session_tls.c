/* session_tls.c - a TLS connection under way: its handshake as far as it is in clear, its records, and the reply that some servers write in between. */
#include "core/certificate.h"
#include "core/session_state.h"

enum { TLS_1_3 = 0x0304 };

static void name_note(struct session *s, enum note_tag tag, struct bytes text)
{
	if (text.n > 0)
		notes_set(&s->facts.notes, session_pool(s), tag, 0, bytes_first(text, NOTE_TEXT_MAX));
}

static void certificate_note(struct session *s, const struct tls_message *m)
{
	struct certificate c;
	if (!certificate_read(tls_hello_certificate(m), &c))
		return;
	name_note(s, NOTE_TLS_SUBJECT, c.subject);
	name_note(s, NOTE_TLS_ISSUER, c.issuer);
	s->facts.tls_expires = c.expires;
}

static void server_hello_note(struct session *s, const struct tls_hello *h)
{
	s->facts.tls_version = h->version;
	s->facts.tls_suite = h->suite;
	s->tls->infer.suite = tls_suite_find(h->suite);
	s->tls->infer.encrypt_then_mac = h->encrypt_then_mac;
	name_note(s, NOTE_TLS_PROTOCOL, h->protocol);
}

/* True: of this side nothing more is wanted. */
static bool message_note(struct session *s, enum side side, const struct tls_message *m)
{
	struct tls_hello h;
	if (side == CLIENT) {
		tls_hello_read(m, &h);
		name_note(s, NOTE_TLS_NAME, h.server_name);
		name_note(s, NOTE_TLS_PROTOCOL, h.protocol);
		return true;
	}
	if (m->type == TLS_CERTIFICATE)
		certificate_note(s, m);
	if (m->type != TLS_SERVER_HELLO)
		return m->type == TLS_CERTIFICATE;
	if (tls_hello_read(m, &h))
		server_hello_note(s, &h);
	return h.version >= TLS_1_3;
}

static void handshake_take(struct session *s, enum side side, struct bytes in)
{
	struct tls_clear *clear = &s->tls->clear[side];
	struct tls_message m;
	while (tls_clear_next(clear, session_pool(s), &in, &m)) {
		bool last = message_note(s, side, &m);
		tls_clear_done(clear);
		if (last || clear->over)
			tls_clear_end(clear, session_pool(s));
	}
}

static void record_done(struct session *s, enum side side, uint64_t at)
{
	struct session_tls *tls = s->tls;
	const struct tls_side *t = &tls->side[side];
	if (!t->encrypted)
		return;
	tls_clear_end(&tls->clear[side], session_pool(s));
	tls_infer_record(&tls->infer, side, t->header[0], tls_side_length(t), at, s->dialogue.acked[SERVER], s->last_byte[side]);
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
	if (reply.code >= 400) {
		tls_infer_close(&tls->infer, SERVER, s->dialogue.acked[SERVER], s->last_byte[SERVER]);
		bool in_content = tls->infer.end.first == CLOSER_SERVER && tls->infer.end.pending == TLS_PENDING_MESSAGE;
		struct smtp_event e = {.ts = s->last_byte[SERVER], .text = reply.text, .reply = &reply, .in_content = in_content};
		session_reply_take(&s->dialogue, &e);
	}
	pool_put(session_pool(s), tls->plain, NOTE_TEXT_MAX);
	tls->plain = NULL;
}

/* Up to its line's end, or as much as is kept of a text. */
static void plain_take(struct session *s, struct bytes in)
{
	struct session_tls *tls = s->tls;
	while (in.n > 0 && tls->plain) {
		tls->plain[tls->plain_n++] = *in.p;
		if (*in.p == '\n' || tls->plain_n == NOTE_TEXT_MAX)
			plain_read(s);
		in = bytes_from(in, 1);
	}
}

/* Where a record's header should be may stand a reply in clear: Exim's, with GnuTLS. */
static void plain_begin(struct session *s, const struct tls_side *t)
{
	const uint8_t *h = t->header;
	if (!t->encrypted || !digit(h[0]) || !digit(h[1]) || !digit(h[2]) || h[3] != ' ')
		return;
	s->tls->plain = pool_get(session_pool(s), NOTE_TEXT_MAX);
	plain_take(s, bytes_of(h, sizeof t->header));
}

static void records_take(struct session *s, enum side side, struct bytes in)
{
	struct tls_side *t = &s->tls->side[side];
	struct bytes body;
	bool broken = t->broken;
	while (tls_side_next(t, &in, &body)) {
		if (t->header[0] == TLS_HANDSHAKE && !t->encrypted)
			handshake_take(s, side, body);
		if (t->left == 0)
			record_done(s, side, s->dialogue.offset[side] - in.n);
	}
	if (t->broken && !broken && side == SERVER)
		plain_begin(s, t);
	if (side == SERVER)
		plain_take(s, in);
}

static void gap_take(struct session *s, enum side side, uint64_t len)
{
	struct tls_side *t = &s->tls->side[side];
	tls_side_gap(t, len);
	if (!t->encrypted)
		tls_clear_end(&s->tls->clear[side], session_pool(s));
	if (!t->broken && t->left == 0)
		record_done(s, side, s->dialogue.offset[side]);
}

void session_tls_bytes(struct session *s, enum side side, struct bytes text, uint64_t len)
{
	if (!s->tls && (s->tls = pool_get(session_pool(s), sizeof *s->tls)))
		memset(s->tls, 0, sizeof *s->tls);
	if (!s->tls)
		return;
	if (text.n == len)
		records_take(s, side, text);
	else
		gap_take(s, side, len);
}

void session_tls_close(struct session *s, enum side side, int64_t ts)
{
	if (s->tls && side == SERVER && s->tls->plain)
		plain_read(s);
	if (s->tls)
		tls_infer_close(&s->tls->infer, side, s->dialogue.acked[SERVER], ts);
}

static void alert_read(struct session *s)
{
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (s->tls->side[side].alert && !s->facts.tls_alert) {
			s->facts.tls_alert = true;
			s->facts.tls_alert_side = (uint8_t)side;
			s->facts.tls_alert_description = s->tls->side[side].alert_description;
		}
}

static enum closer failed_by(const struct session *s, const struct ending *e)
{
	if (s->facts.tls_alert)
		return s->facts.tls_alert_side == SERVER ? CLOSER_SERVER : CLOSER_CLIENT;
	if (e->tls.first != CLOSER_NOBODY)
		return (enum closer)e->tls.first;
	return e->how == HOW_FIN || e->how == HOW_RST ? e->closer : CLOSER_NOBODY;
}

/* An RST is known from the end alone. Of two sides that closed without having seen the other's FIN, neither broke off. */
void session_tls_end(struct session *s, const struct conn_end *end, struct ending *e, int64_t ts)
{
	struct session_tls *tls = s->tls;
	s->facts.tls = s->encrypted;
	if (!tls)
		return;
	if (end->closer != CLOSER_NOBODY && (end->how == HOW_FIN || end->how == HOW_RST))
		session_tls_close(s, end->closer == CLOSER_SERVER ? SERVER : CLIENT, ts);
	alert_read(s);
	s->facts.tls_done = tls_sides_done(&tls->side[CLIENT], &tls->side[SERVER]);
	bool whole = !tls->side[CLIENT].broken && !tls->side[SERVER].broken;
	e->tls = tls_infer_end(&tls->infer, whole, s->facts.tls_done);
	if (end->crossed && e->tls.first == CLOSER_SERVER && !e->tls.notified)
		e->tls.first = CLOSER_NOBODY;
	if (whole && !s->facts.tls_done)
		e->tls.failed_by = (uint8_t)failed_by(s, e);
}

void session_tls_free(struct session *s)
{
	if (!s->tls)
		return;
	for (enum side side = CLIENT; side <= SERVER; side++)
		tls_clear_end(&s->tls->clear[side], session_pool(s));
	pool_put(session_pool(s), s->tls->plain, NOTE_TEXT_MAX);
	pool_put(session_pool(s), s->tls, sizeof *s->tls);
	s->tls = NULL;
}
