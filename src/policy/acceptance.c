/* acceptance.c - the wait for the answer to a whole message. */
#include "policy/acceptance.h"

/* Which reply answers which message is known: nothing is missing in which the answer, or another
 * end of a message, may lie. Cut frames of the client have their length. */
static bool replies_known(const struct record *r)
{
	const struct conn_flow *client = &r->conn->flow[CLIENT], *server = &r->conn->flow[SERVER];
	/* What the server sent again, and nothing acknowledged, may have been sent before it was
	 * first captured. */
	const struct conn_side *side = r->conn->side;
	bool again = side[SERVER].retransmits > 0 && side[SERVER].unacked > 0;
	return r->ending->unsure == UNSURE_NONE && server->gap == 0 &&
	       (client->gap == 0 || client->cut) && !again;
}

/* Whoever waits in vain waits to the end, if it is known that the answer did not come. */
static struct acceptance open_wait(const struct record *r)
{
	struct acceptance a = {0};
	/* Who vanished has not even received it. */
	if (!r->ending->end_unanswered || r->ending->vanished)
		return a;
	a.waited = r->ending->waited;
	for (const struct transaction *t = r->session->first; t; t = t->next)
		if (t->end_sent && !t->answered)
			a.message = t;
	return a;
}

/* What was answered before its end had come was not waited for, whatever a clock that was stepped
 * says of the two. */
static int64_t answered_wait(const struct transaction *t)
{
	return t->answered && !t->early && !t->maybe_early && !t->hole && t->ts_end != 0
		       ? t->ts_reply - t->ts_end
		       : 0;
}

int64_t acceptance_wait(const struct transaction *t)
{
	return t->answered && !t->hole && t->ts_end != 0 ? t->ts_reply - t->ts_end : -1;
}

struct acceptance acceptance_slowest(const struct record *r)
{
	if (!replies_known(r))
		return (struct acceptance){0};
	struct acceptance a = open_wait(r);
	bool whole = r->conn->flow[CLIENT].gap == 0;
	for (const struct transaction *t = r->session->first; t; t = t->next)
		if (answered_wait(t) > a.waited)
			a = (struct acceptance){answered_wait(t), true, t};
	if (r->session->transactions_omitted > 0 && whole && r->ending->slowest_reply > a.waited)
		a = (struct acceptance){r->ending->slowest_reply, true, NULL};
	return a;
}
