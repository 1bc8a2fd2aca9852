/* time.c - causes that a clock tells: waits that are somebody's time-out, and waits that are
 * too long. */
#include "core/cause/signs.h"

/* A client that was silent for less went on with what it did: at the age of a limit the server's
 * time-out is that of the session. */
static const int64_t busy = 10 * FRAME_SECOND;

/* What clients wait for a reply: defaults and the round figures that people set. Seconds. */
static const uint16_t wait_times[] = {10, 15, 20, 30, 60, 90, 120, 180, 300, 600};

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* Below, a slow answer is nothing out of the ordinary; from there on, few other explanations are
 * left. */
static const int64_t slow = 30 * FRAME_SECOND;

/*
 * A farewell that answers the client and speaks of a time-out means another: of a filter, of a name
 * server. A refusal's moment tells nothing: it answers. A client whose segments got lost was not
 * idle, whatever the server says.
 */
bool cause_time_idle(const struct cause_input *f, struct cause *c)
{
	int64_t silence = cause_rules_silence(f);
	unsigned near = cause_time_idled(f);
	bool by_server = cause_rules_by_server(f);
	bool limit = silence < busy && cause_time_aged(f);
	if (!cause_clock_clients_turn(f) || limit ||
	    (silence < FRAME_SECOND && !f->ending->unprompted))
		return false;
	cause_words_sign(f, c);
	if (by_server && near && (c->evidences > 0 || f->ending->farewell != FAREWELL_REFUSAL))
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE,
			   "the client had been silent for %.1f s, as if for a limit of %u s",
			   CAUSE_SECONDS(silence), near);
	else if (c->evidences > 0)
		CAUSE_REMARK(c, "the client had been silent for %.1f s", CAUSE_SECONDS(silence));
	if (cause_path_stuck(f))
		cause_rules_limit(c, CONFIDENCE_POSSIBLE);
	return c->evidences > 0;
}

/* The server's TCP had taken the whole of the message whose end was sent last. What the client sent
 * behind it, perhaps when the server had closed, does not matter. */
static bool message_acked(const struct cause_input *f)
{
	const struct transaction *last = NULL;
	for (const struct transaction *t = f->session->first; t; t = t->next)
		if (t->end_sent)
			last = t;
	return last ? last->bytes_acked >= last->bytes : f->conn->side[CLIENT].unacked == 0;
}

/* The server's TCP lives and has taken all; what does not come is the answer. Where the client's
 * own time-out explains the moment of the close, this stands behind it. */
bool cause_time_slow_filter(const struct cause_input *f, struct cause *c)
{
	/* What the answer to the last message took, or had taken when the session ended. */
	int64_t time = f->ending->end_unanswered                  ? f->ending->waited
		       : f->ending->stage == STAGE_END_OF_MESSAGE ? f->ending->slowest_reply
								  : 0;
	bool by_client = cause_rules_by_client(f);
	if (time < slow || !message_acked(f) || (!by_client && !cause_rules_by_server(f)))
		return false;
	bool own_time = by_client && cause_clock_near(time, wait_times, ROWS(wait_times));
	CAUSE_SIGN(c, by_client && !own_time ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
		   "the server had acknowledged the whole message, and %.1f s later had not "
		   "answered it",
		   CAUSE_SECONDS(time));
	return true;
}

/* How long the client had waited for an answer when it closed; 0: it waited for none. */
static int64_t client_waited(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	if (e->end_unanswered)
		return e->waited;
	if (f->ending->ungreeted || f->session->replies == 0)
		return f->end - f->conn->start;
	return cause_rules_client_spoke_last(f) ? cause_rules_silence(f) : 0;
}

/* Half a minute and more is no user's patience, but a setting. */
bool cause_time_client(const struct cause_input *f, struct cause *c)
{
	int64_t waited = client_waited(f);
	unsigned near = cause_clock_near(waited, wait_times, ROWS(wait_times));
	if (!cause_rules_by_client(f) || f->ending->farewell != FAREWELL_NONE || !near)
		return false;
	CAUSE_SIGN(c, waited >= slow - FRAME_SECOND ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE,
		   "the client closed after it had waited for %.1f s: %u s is a usual time-out",
		   CAUSE_SECONDS(waited), near);
	if (f->ending->end_unanswered && message_acked(f))
		CAUSE_REMARK(c, "the server had acknowledged the whole message");
	return true;
}
