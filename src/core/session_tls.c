/* session_tls.c - a session that goes on inside TLS, where somebody has the keys: what is read there goes through the same dialogue. */
#include "core/session_state.h"

static const struct tls_opener *opener_of(const struct session *s)
{
	return s->dialogue.env->opener;
}

void session_tls_push(struct session *s, const struct tls_heard *at, struct bytes text, uint64_t len)
{
	if (!s->stream)
		s->stream = opener_of(s)->new (opener_of(s), session_pool(s));
	s->sealed = s->stream != NULL;
	if (!s->sealed)
		return;
	s->raw[at->side] = at->end;
	if (text.n == len)
		opener_of(s)->push(s->stream, at, text);
	else
		opener_of(s)->gap(s->stream, at, len);
}

/* TLS from the first byte looked like no SMTP until now. */
static void first_words_forget(struct session *s)
{
	s->foreign = false;
	s->facts.flaws &= ~(uint32_t)FLAW_NOT_SMTP;
	s->facts.commands = 0;
	s->facts.last_command = SMTP_CONNECT;
	notes_free(&s->facts.notes, session_pool(s));
	s->facts.notes = (struct notes){.room = NOTES_SESSION};
}

/* RFC 3207 4.2: what was said before TLS counts no more. */
static void on_open(struct session *s)
{
	bool greeting = s->facts.starttls != STARTTLS_USED;
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
	for (struct transaction *t = s->facts.first; t; t = t->next)
		if (t->fate == FATE_OPEN)
			session_message_over(s, t, FATE_UNKNOWN);
}

static void on_item(struct session *s, const struct tls_item *i)
{
	struct dialogue *d = &s->dialogue;
	switch (i->kind) {
	case TLS_ITEM_OPEN:
		on_open(s);
		break;
	case TLS_ITEM_DATA:
		session_heard(s, i->side, i->ts);
		d->offset[i->side] = i->end - i->data.n;
		dialogue_data(d, i->side, i->data, i->acked, i->ts);
		break;
	case TLS_ITEM_GAP:
		d->offset[i->side] = i->end - i->len;
		dialogue_gap(d, i->side, i->len, i->ts);
		break;
	case TLS_ITEM_FIN:
		dialogue_fin(d, i->side, i->acked, i->ts);
		break;
	case TLS_ITEM_LOST:
		on_lost(s);
		break;
	}
}

void session_tls_run(struct session *s, bool last)
{
	struct tls_item item;
	while (opener_of(s)->next(s->stream, last, &item))
		on_item(s, &item);
}

static void note_name(struct session *s, enum note_tag tag, struct bytes name)
{
	if (name.n > 0)
		notes_set(&s->facts.notes, session_pool(s), tag, 0, name);
}

void session_tls_end(struct session *s)
{
	if (!s || !s->stream)
		return;
	session_tls_run(s, true);
	const struct tls_hello *hello = opener_of(s)->hello(s->stream);
	s->facts.tls_opened = s->inside;
	s->facts.tls_close_notify[CLIENT] = hello->close_notify[CLIENT];
	s->facts.tls_close_notify[SERVER] = hello->close_notify[SERVER];
	s->facts.tls_version = hello->version;
	s->facts.tls_suite = hello->suite;
	s->facts.tls_suite_name = hello->suite_name;
	note_name(s, NOTE_TLS_SNI, hello->sni);
	note_name(s, NOTE_TLS_ALPN, hello->alpn);
}
