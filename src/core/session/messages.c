/* messages.c - the transactions of a session: at most SESSION_TRANSACTIONS are kept;
 * accepted ones, the oldest first, make room. */
#include "core/session/state.h"

void session_message_count(struct session *s, struct transaction *t)
{
	if (t->fate == FATE_OPEN || t->counted)
		return;
	t->counted = true;
	s->info.fates[t->fate] += s->info.fates[t->fate] < UINT16_MAX;
}

void session_message_over(struct session *s, struct transaction *t, enum fate otherwise)
{
	if (t) {
		transaction_over(t, otherwise);
		session_message_count(s, t);
	}
}

void session_message_uncount(struct session *s, struct transaction *t)
{
	s->info.fates[t->fate] -= t->counted;
	t->counted = false;
}

void session_message_downgrade(struct session *s, struct transaction *t)
{
	session_message_uncount(s, t);
	t->fate = FATE_UNKNOWN;
	t->taken = TAKEN_UNKNOWN;
	session_message_count(s, t);
}

void session_message_disprove(struct session *s, struct transaction *t)
{
	session_message_uncount(s, t);
	t->early = t->code;
	t->fate = FATE_FALSELY_ACCEPTED;
	t->taken = TAKEN_UNKNOWN;
	session_message_count(s, t);
}

/* RFC 3207 4.2: what was said before counts no more. */
void session_message_tls(struct session *s)
{
	s->info.starttls = STARTTLS_USED;
	session_message_over(s, s->sending, FATE_ABORTED);
	s->sending = NULL;
	s->base = STAGE_STARTTLS;
}

static bool transactions_drop_one(struct session *s, bool accepted_only)
{
	for (struct transaction **at = &s->info.first; *at; at = &(*at)->next) {
		struct transaction *t = *at;
		bool droppable = t->fate == FATE_ACCEPTED ||
				 (!accepted_only && t->fate != FATE_OPEN);
		if (t == s->sending || !droppable)
			continue;
		for (struct smtp_pending *p = s->dialogue.head; p; p = p->next)
			if (p->transaction == t)
				p->transaction = NULL;
		if (s->answered == t)
			s->answered = NULL;
		*at = t->next;
		transaction_free(t, session_pool(s));
		s->kept--;
		s->info.transactions_omitted++;
		return true;
	}
	return false;
}

struct transaction *session_message_begin(struct session *s, struct bytes args, int64_t ts)
{
	bool fits = s->kept < SESSION_TRANSACTIONS || transactions_drop_one(s, true) ||
		    transactions_drop_one(s, false);
	struct transaction *t = fits ? transaction_new(session_pool(s), args, ts) : NULL;
	if (!t) {
		s->overflow = true;
		s->info.transactions_omitted++;
		return NULL;
	}
	struct transaction **at = &s->info.first;
	while (*at)
		at = &(*at)->next;
	*at = t;
	s->kept++;
	return t;
}

struct transaction *session_message_before(const struct session *s, const struct transaction *t)
{
	struct transaction *found = NULL;
	for (struct transaction *before = s->info.first; before && before != t;
	     before = before->next)
		if (before->mail_accepted && before->fate == FATE_OPEN && !before->end_sent)
			found = before;
	return found;
}
