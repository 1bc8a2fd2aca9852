/* stage.c - where a session stands, in Postfix's words, seen from either side. */
#include "core/session/state.h"

enum stage session_stage_of(const struct session *s, const struct smtp_pending *p)
{
	static const uint8_t stages[SMTP_VERBS] = {
#define VERB(id, as, stage, ...) [SMTP_##id] = stage,
#include "smtpwatch/smtp.def"
	};
	if (p->verb == SMTP_BDAT && p->last && p->transaction && p->transaction->end_sent)
		return STAGE_END_OF_MESSAGE;
	return (enum stage)(stages[p->verb] < STAGES ? stages[p->verb] : s->base);
}

/* The oldest command that the server had received when it last spoke, and has not answered. A
 * message's end counts even if it had not. */
static const struct smtp_pending *reached(const struct session *s)
{
	const struct smtp_pending *p = s->dialogue.head;
	return p && (p->verb == SMTP_CONNECT || p->last || s->dialogue.acked[SERVER] >= p->end)
		       ? p
		       : NULL;
}

/* Where the session stands for the server; while the server lives, what it has not received yet
 * counts too. */
enum stage session_stage_now(const struct session *s, bool for_server)
{
	const struct smtp_pending *p = for_server ? reached(s) : s->dialogue.head;
	return p ? session_stage_of(s, p) : (enum stage)s->base;
}

bool session_stage_open(const struct transaction *t)
{
	return t && t->mail_accepted && transaction_open(t) && !t->end_sent;
}

/* Inside content, or where the end's reply is due; else with a transaction; else without one. */
enum place session_stage_place(const struct session *s, const struct smtp_pending *p,
			       bool in_content)
{
	const struct smtp_pending *oldest = p ? p : reached(s);
	/* A message whose answer the client has read already is over for it. */
	if ((!p && in_content) || (oldest && oldest->last && !oldest->read))
		return PLACE_MESSAGE;
	if (p && p->verb == SMTP_NOT_SMTP)
		return PLACE_NOT_SMTP;
	if (oldest && (oldest->verb == SMTP_MAIL || oldest->verb == SMTP_RCPT ||
		       oldest->verb == SMTP_DATA || oldest->verb == SMTP_BDAT))
		return PLACE_TRANSACTION;
	if (session_stage_open(s->sending))
		return PLACE_TRANSACTION;
	return s->info.fates[FATE_ACCEPTED] > 0 ? PLACE_BETWEEN : PLACE_BEFORE;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What is awaited where no command is outstanding. */
static enum awaited awaited_without(const struct session *s, const struct conn *conn)
{
	bool client = conn->flow[CLIENT].fin, server = conn->flow[SERVER].fin;
	if (server != client)
		return server ? AWAITED_CLIENT_FIN : AWAITED_SERVER_FIN;
	if (s->encrypted || s->dialogue.lost)
		return AWAITED_EITHER;
	switch ((enum dialogue_mode)s->dialogue.mode) {
	case MODE_CONTENT:
	case MODE_SOFT:
	case MODE_CHUNK:
	case MODE_RAW:
		return AWAITED_MESSAGE;
	case MODE_TLS_DUE:
		return AWAITED_TLS;
	case MODE_TURNED:
	case MODE_TLS:
		return AWAITED_EITHER;
	default:
		return AWAITED_COMMAND;
	}
}

/* With commands in a group, the wait for a reply begins with the reply before. A server that has
 * closed will not reply. */
bool session_awaited(const struct session *s, const struct conn *conn, struct open_session *o)
{
	const struct smtp_pending *p = s->phase == SESSION_OPEN ? s->dialogue.head : NULL;
	if (s->phase != SESSION_OPEN)
		return false;
	o->stage = (uint8_t)session_stage_now(s, false);
	o->since = later(s->last_byte[CLIENT], s->last_byte[SERVER]);
	if (s->encrypted || conn->flow[SERVER].fin || !p) {
		o->awaited = (uint8_t)awaited_without(s, conn);
	} else {
		o->awaited = AWAITED_REPLY;
		o->awaited_verb = p->last ? SMTP_END : p->sent_verb;
		o->since = later(p->ts, s->last_byte[SERVER]);
	}
	if (o->awaited == AWAITED_CLIENT_FIN || o->awaited == AWAITED_SERVER_FIN)
		o->since = s->fin_ts[o->awaited == AWAITED_CLIENT_FIN ? SERVER : CLIENT];
	if (o->since <= 0 || s->encrypted)
		o->since = conn->last;
	return true;
}
