/* server.c - causes that lie with the server: what it was told to do, and what befell it. */
#include "base/ascii.h"
#include "core/cause/signs.h"

/* Fewer that end within a second may be chance; so may the same age or count. */
enum { SUBMISSION = 587, TOGETHER = 3, ERRORS = 3, SAME = 2, MESSAGES = 5 };

/* Connections that were opened together and then left alone run into their idle time-outs together:
 * that is no shutdown. */
bool cause_server_shutdown(const struct cause_input *f, struct cause *c)
{
	uint32_t quiet = f->hints->together - f->hints->together_rst;
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && f->ending->farewell != FAREWELL_REFUSAL &&
	    quiet >= TOGETHER && !cause_time_idled(f))
		CAUSE_SIGN(c, CONFIDENCE_LIKELY, "%u sessions of this server ended within a second",
			   f->hints->together);
	return c->evidences > 0;
}

/* Sessions that idle for nearly all of their life end at the same age too. What a server calls a
 * time-out of a client that was busy until then is this limit. */
bool cause_server_session_limit(const struct cause_input *f, struct cause *c)
{
	int64_t life = f->end - f->conn->start;
	unsigned limit = f->ending->farewell == FAREWELL_REFUSAL && !cause_text_names_time(f)
				 ? 0
				 : cause_time_aged(f);
	bool idled = cause_time_idled(f) || cause_rules_silence(f) > life / 10 * 9;
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && f->hints->same_life > 0 && !idled)
		CAUSE_SIGN(c, f->hints->same_life >= SAME ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			   "%u earlier sessions of this server were ended at the same age, %.1f s",
			   f->hints->same_life, CAUSE_SECONDS(life));
	if (cause_rules_by_server(f) && limit)
		CAUSE_SIGN(c, cause_text_names_time(f) ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			   "the session was %.1f s old, as if for a limit of %u s, and the client "
			   "was not silent for as long",
			   CAUSE_SECONDS(life), limit);
	return c->evidences > 0;
}

/* A server that counts closes at once: one that had waited meanwhile had other reasons. */
bool cause_server_message_limit(const struct cause_input *f, struct cause *c)
{
	const struct ending *e = f->ending;
	uint32_t same = f->hints->same_messages, messages = f->session->messages;
	bool between = !e->content_open && !e->end_unanswered &&
		       cause_rules_silence(f) < 5 * FRAME_SECOND;
	/* A refusal of RCPT speaks of what that recipient gets. */
	if (e->stage != STAGE_RCPT || e->farewell != FAREWELL_REFUSAL)
		cause_words_sign(f, c);
	if (cause_rules_by_server(f) && same > 0 && between)
		CAUSE_SIGN(c,
			   same >= SAME && messages >= MESSAGES ? CONFIDENCE_LIKELY
								: CONFIDENCE_POSSIBLE,
			   "%u earlier sessions of this server were ended after %u messages too",
			   same, messages);
	return c->evidences > 0;
}

/* Servers forget the errors where a message follows that they accept. Failed AUTH, and what the
 * server said last, are counted by others. */
bool cause_server_too_many_errors(const struct cause_input *f, struct cause *c)
{
	const struct session_info *s = f->session;
	uint32_t others = s->auth_failures + (s->farewell_code >= 400);
	uint32_t before = s->refusals > others ? s->refusals - others : 0;
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && before >= ERRORS && f->ending->accepted == 0)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE, "the server had refused %u commands before",
			   before);
	return c->evidences > 0;
}

/* A 221 or 421 in place of the answer to the client's command. */
static bool farewell_answers(const struct cause_input *f)
{
	enum farewell farewell = f->ending->farewell;
	return !f->ending->unprompted &&
	       (farewell == FAREWELL_221_UNASKED || farewell == FAREWELL_421);
}

bool cause_server_auth_failures(const struct cause_input *f, struct cause *c)
{
	uint32_t failures = f->session->auth_failures;
	bool silent = farewell_answers(f) && f->ending->stage == STAGE_AUTH &&
		      cause_text_says_nothing(f);
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && failures > 0 && f->ending->stage == STAGE_AUTH)
		CAUSE_SIGN(c, failures > 1 ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			   "%u of the client's AUTH had failed before", failures);
	else if (c->evidences == 0 && silent)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server said %u in place of the answer to AUTH",
			   f->session->farewell_code);
	return c->evidences > 0;
}

/* What a 221 is about by its place alone: before the client has done anything it is about who the
 * client is. NULL: nothing that its place would tell. */
static const char *place_221(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	bool alone = farewell_answers(f) && e->farewell == FAREWELL_221_UNASKED &&
		     cause_text_says_nothing(f);
	if (!alone || (f->session->flaws & FLAW_NOT_SMTP))
		return NULL;
	if (e->stage == STAGE_CONNECT)
		return "as its greeting";
	if (e->stage == STAGE_EHLO)
		return "in place of the answer to EHLO";
	bool anonymous = f->conn->port[SERVER] == SUBMISSION &&
			 !strings_find(&f->session->strings, STRING_AUTH).text.p;
	return e->stage == STAGE_MAIL && anonymous
		       ? "to the MAIL of a client that had not authenticated"
		       : NULL;
}

/* Of what was said at the greeting or before EHLO was answered nothing can have been done wrong but
 * who the client is, and that it spoke too early. */
bool cause_server_policy(const struct cause_input *f, struct cause *c)
{
	const struct ending *e = f->ending;
	bool refused = e->farewell == FAREWELL_REFUSAL && f->session->farewell_code >= 500;
	const char *place = place_221(f);
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && (f->session->flaws & FLAW_PREGREET) &&
	    e->stage <= STAGE_EHLO)
		CAUSE_SIGN(c, refused ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
			   "the client spoke before the server's greeting");
	else if (refused && e->stage == STAGE_CONNECT && !e->spoke && !f->text->words.trouble &&
		 !(f->session->flaws & FLAW_NOT_SMTP) &&
		 !ascii_begins(strings_find(&f->session->strings, STRING_NOT_SMTP).text, "XXXX"))
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server refused the client at its greeting, with %u",
			   f->session->farewell_code);
	else if (c->evidences == 0 && place)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE, "the server said 221 %s", place);
	return c->evidences > 0;
}

/* The server's TCP takes more than the server reads, hence the tolerance in one direction only. */
bool cause_server_size_limit(const struct cause_input *f, struct cause *c)
{
	const struct ending *e = f->ending;
	uint64_t limit = f->session->size_limit;
	cause_words_sign(f, c);
	if (cause_rules_by_server(f) && e->content_open && limit > 0 &&
	    e->content_acked >= limit - limit / 50)
		CAUSE_SIGN(
			c, CONFIDENCE_LIKELY,
			"%llu bytes of the message had arrived, the server's declared SIZE is %llu",
			(unsigned long long)e->content_acked, (unsigned long long)limit);
	return c->evidences > 0;
}

/*
 * An operating system resets a connection whose program is gone with bytes unread. A program that
 * closes in haste looks the same, so this is never certain; an RST that another has sent is no
 * crash.
 */
bool cause_server_crash(const struct cause_input *f, struct cause *c)
{
	const struct ending *e = f->ending;
	uint64_t unacked = f->conn->side[CLIENT].unacked;
	struct cause forged = {.id = CAUSE_MIDDLEBOX_RESET};
	if (!cause_rules_dropped(f) || e->how != HOW_RST ||
	    (cause_reset_by_middlebox(f, &forged) && forged.confidence >= CONFIDENCE_LIKELY))
		return false;
	if (unacked > 0)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server's RST came with %llu bytes of the client unacknowledged",
			   (unsigned long long)unacked);
	else if (e->content_open)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the server's RST came while it was being sent a message");
	else if (e->end_unanswered || cause_rules_client_spoke_last(f))
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE, "the server's RST came in place of an answer");
	if (f->hints->together_rst > 1)
		CAUSE_SIGN(c, CONFIDENCE_LIKELY,
			   "%u sessions of this server were reset within a second",
			   f->hints->together_rst);
	cause_rules_limit(c, CONFIDENCE_LIKELY);
	return c->evidences > 0;
}
