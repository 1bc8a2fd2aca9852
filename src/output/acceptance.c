/* acceptance.c - the longest wait for the answer to a whole message. */
#include "output/acceptance.h"

/* Whoever waits in vain waits to the end, if it is known that the answer did not come. */
static struct acceptance open_wait(const struct record *r)
{
	struct acceptance a = {0};

	/* Who vanished has not even received it. */
	if (!r->ending->end_unanswered || r->ending->unsure != UNSURE_NONE || r->ending->vanished)
		return a;
	a.waited = r->ending->waited;
	for (const struct transaction *t = r->session->first; t != NULL; t = t->next)
		if (t->end_sent && !t->answered)
			a.message = t;
	return a;
}

static int64_t answered_wait(const struct transaction *t)
{
	return t->answered && !t->hole && t->ts_end != 0 ? t->ts_reply - t->ts_end : 0;
}

struct acceptance acceptance_slowest(const struct record *r)
{
	struct acceptance a = open_wait(r);
	bool whole = r->ending->unsure == UNSURE_NONE && r->conn->flow[CLIENT].gap + r->conn->flow[SERVER].gap == 0;

	for (const struct transaction *t = r->session->first; t != NULL; t = t->next)
		if (answered_wait(t) > a.waited)
			a = (struct acceptance){answered_wait(t), true, t};
	if (r->session->transactions_omitted > 0 && whole && r->ending->slowest_reply > a.waited)
		a = (struct acceptance){r->ending->slowest_reply, true, NULL};
	return a;
}
