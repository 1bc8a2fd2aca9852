/* decrypted.c - a session that goes on inside TLS, where somebody has the keys: what is read
 * there goes through the same dialogue. */
#include "core/session/state.h"

static const struct tls_decryptor *decryptor_of(const struct session *s)
{
	return s->dialogue.env->decryptor;
}

void session_inside_push(struct session *s, const struct tls_place *at, struct bytes text,
			 uint64_t len)
{
	struct session_tls *tls = s->tls;
	if (tls && !tls->stream)
		tls->stream = decryptor_of(s)->new (decryptor_of(s), session_pool(s));
	s->decrypting = tls && tls->stream;
	if (!s->decrypting)
		return;
	tls->raw[at->side] = at->end;
	if (text.n == len)
		decryptor_of(s)->push(tls->stream, at, text);
	else
		decryptor_of(s)->gap(tls->stream, at, len);
}

/* TLS from the first byte looked like no SMTP until now. What the handshake told stays. */
static void first_words_forget(struct session *s)
{
	s->foreign = false;
	s->info.flaws &= ~(uint32_t)FLAW_NOT_SMTP;
	s->info.commands = 0;
	s->info.last_command = SMTP_CONNECT;
	struct strings before = s->info.strings;
	struct string string;
	s->info.strings = (struct strings){.capacity = STRINGS_SESSION};
	for (uint16_t pos = 0; strings_next(&before, &pos, &string);)
		if (string.tag >= STRING_TLS_NAME)
			strings_add(&s->info.strings, session_pool(s), string.tag, string.value,
				    string.text);
	strings_free(&before, session_pool(s));
}

/* RFC 3207 4.2: what was said before TLS counts no more. */
static void on_open(struct session *s)
{
	bool greeting = s->info.starttls != STARTTLS_USED;
	if (greeting)
		first_words_forget(s);
	s->inside = true;
	s->encrypted = false;
	s->base = greeting ? STAGE_CONNECT : STAGE_STARTTLS;
	s->lost_bytes = 0;
	dialogue_inside(&s->dialogue, greeting);
}

/* What is under way has an end that nobody can read. */
static void on_lost(struct session *s)
{
	if (!s->inside)
		return;
	s->inside = false;
	s->encrypted = true;
	s->dialogue.mode = MODE_TLS;
	s->sending = NULL;
	for (struct transaction *t = s->info.first; t; t = t->next)
		if (t->fate == FATE_OPEN)
			session_message_over(s, t, FATE_UNKNOWN);
	/* More may have been said by both sides, or a FIN was lost: what was read last was no
	 * farewell, unless nothing could come behind it. */
	if (s->farewell != FAREWELL_221_AFTER_QUIT)
		s->farewell = FAREWELL_NONE;
}

/* A refusal or a farewell past TLS is the end of it: no client can go on. */
static void on_clear(struct session *s, const struct tls_item *i)
{
	if (s->ended)
		return;
	s->ended = true;
	if (i->data.p[0] == '4' || i->data.p[0] == '5')
		s->closer = CLOSER_SERVER;
}

/* The offset is that of the oldest byte that waits, and the latest record's end is to be its place.
 */
static uint32_t waiting(const struct dialogue *d, enum side side)
{
	return side == CLIENT && d->undecided ? d->undecided->n : 0;
}

static void on_item(struct session *s, const struct tls_item *i)
{
	struct dialogue *d = &s->dialogue;
	switch (i->kind) {
	case TLS_ITEM_OPEN:
		on_open(s);
		break;
	case TLS_ITEM_DATA:
		if (i->clear)
			on_clear(s, i);
		session_byte_time(s, i->side, i->ts);
		d->offset[i->side] = i->end - i->data.n - waiting(d, i->side);
		dialogue_data(d, i->side, i->data, i->acked, i->ts);
		break;
	case TLS_ITEM_GAP:
		d->offset[i->side] = i->end - i->len - waiting(d, i->side);
		dialogue_gap(d, i->side, i->len, i->ts);
		break;
	case TLS_ITEM_FIN:
		if (i->notified && !s->ended)
			s->closer = i->side == SERVER ? CLOSER_SERVER : CLOSER_CLIENT;
		s->ended = true;
		dialogue_fin(d, i->side, i->acked, i->ts);
		break;
	case TLS_ITEM_LOST:
		on_lost(s);
		break;
	}
}

void session_inside_run(struct session *s, bool last)
{
	struct tls_item item;
	while (decryptor_of(s)->next(s->tls->stream, last, &item))
		on_item(s, &item);
}

void session_inside_end(struct session *s)
{
	struct session_info *f = &s->info;
	session_inside_run(s, true);
	const struct tls_inside *inside = decryptor_of(s)->inside(s->tls->stream);
	f->tls_decrypted = s->inside;
	f->tls_close_notify[CLIENT] = inside->close_notify[CLIENT];
	f->tls_close_notify[SERVER] = inside->close_notify[SERVER];
	if (inside->alert) {
		f->tls_alert = true;
		f->tls_alert_side = inside->alert_side;
		f->tls_alert_description = inside->alert_description;
	}
	session_tls_string(s, STRING_TLS_PROTOCOL, inside->protocol);
	if (inside->certificate.subject.n > 0)
		session_tls_certificate(s, &inside->certificate);
}
