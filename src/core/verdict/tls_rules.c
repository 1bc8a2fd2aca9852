/* tls_rules.c - what the records of TLS tell of an ending, without keys: lengths, order and the
 * close. */
#include "core/verdict/tls_rules.h"

/* Holes inside records leave the records' order and lengths known. */
static bool records_seen(const struct ending *e)
{
	bool seen = e->seen == SEEN_FULL || e->seen == SEEN_GAPS || e->seen == SEEN_TRUNCATED;
	return e->encrypted && e->connected && e->unsure == UNSURE_NONE && seen;
}

static bool tls_closed(const struct ending *e, enum closer first)
{
	return records_seen(e) && e->farewell == FAREWELL_HIDDEN && e->tls.followed &&
	       e->tls.done && e->tls.first == first;
}

/* The answer to six bytes was as long as this server's 221. */
static bool usual_221(const struct ending *e)
{
	return e->tls.short_answered && e->tls.usual > 0 && e->tls.reply == e->tls.usual;
}

/*
 * A record unanswered is evidence of its own. Without one there is only the close_notify that did
 * not come: it says nothing of a server that never sends any, unless the client had said nothing
 * that can have been a QUIT, and the close came after silence. What may have been QUIT and 221 is
 * never held against a server.
 */
bool verdict_tls_broken_off(const struct ending *e)
{
	const struct ending_tls *t = &e->tls;
	if (!tls_closed(e, CLOSER_SERVER) || t->unasked)
		return false;
	if (t->pending != TLS_PENDING_NOTHING)
		return true;
	if (t->notified || (t->short_answered && (t->usual == 0 || t->reply == 0 || usual_221(e))))
		return false;
	return t->notifies || (t->quiet && !t->short_answered && !t->message_answered);
}

/* What was pending, as far as the accusation does not rest on a close_notify that this server may
 * never send. */
enum severity verdict_tls_broken_off_grade(const struct ending *e)
{
	static const enum severity of[] = {SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_ERROR};
	return e->tls.notified || e->tls.notifies ? of[e->tls.pending] : SEVERITY_NOTICE;
}

static enum confidence sure(bool founded)
{
	return founded ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

enum confidence verdict_tls_broken_off_sure(const struct ending *e)
{
	return sure(e->tls.pending != TLS_PENDING_NOTHING || e->tls.notifies);
}

bool verdict_tls_closed_unasked(const struct ending *e)
{
	return tls_closed(e, CLOSER_SERVER) && e->tls.unasked;
}

enum confidence verdict_tls_closed_unasked_sure(const struct ending *e)
{
	(void)e;
	return sure(false);
}

/* Whatever the server then said in clear. */
bool verdict_tls_handshake_failed(const struct ending *e)
{
	return records_seen(e) && !e->tls.done && e->tls.failed_by != CLOSER_NOBODY;
}

enum severity verdict_tls_handshake_failed_grade(const struct ending *e)
{
	return e->tls.failed_by == CLOSER_SERVER ? SEVERITY_NOTICE : SEVERITY_INFO;
}

/* Six bytes that were answered may have been a QUIT, until the length of the answer tells. */
bool verdict_tls_client_left(const struct ending *e)
{
	bool maybe_quit = e->tls.short_answered &&
			  (e->tls.usual == 0 || e->tls.reply == 0 || usual_221(e));
	return tls_closed(e, CLOSER_CLIENT) && !maybe_quit;
}

/* A client that left is told by what it did itself. */
enum confidence verdict_tls_client_left_sure(const struct ending *e)
{
	(void)e;
	return sure(true);
}

bool verdict_tls_orderly(const struct ending *e)
{
	bool fits = e->tls.usual == 0 || e->tls.reply == 0 || usual_221(e);
	if (tls_closed(e, CLOSER_CLIENT))
		return usual_221(e);
	return tls_closed(e, CLOSER_SERVER) && e->tls.notified && e->tls.short_answered &&
	       !e->tls.unasked && fits;
}

enum confidence verdict_tls_orderly_sure(const struct ending *e)
{
	return sure(usual_221(e));
}
