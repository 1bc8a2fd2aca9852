/* group.c - the events of the last second, and which session belongs to one of them. */
#include "policy/group.h"

#include "smtpwatch/cause.h"
#include "smtpwatch/frame.h"

/* What a whole server does, and not one session. */
static bool cause_groups(const struct cause *c)
{
	return c && (c->id == CAUSE_SHUTDOWN || c->id == CAUSE_SERVER_CRASH);
}

/* In either direction: a clock may have been set back between the two. */
static bool within_a_second(int64_t a, int64_t b)
{
	return a > b ? a - b <= FRAME_SECOND : b - a <= FRAME_SECOND;
}

static bool event_has(const struct grouping_event *e, const struct report *r)
{
	const struct conn *conn = r->record.conn;
	return e->used && e->verdict == r->record.judgement.verdict &&
	       e->cause == r->record.cause->id && e->port == conn->port[SERVER] &&
	       ip_addr_equal(&e->server, &conn->addr[SERVER]) &&
	       within_a_second(r->record.end, e->first);
}

static void event_begin(struct grouping *g, const struct report *r)
{
	const struct conn *conn = r->record.conn;
	g->events[g->next] = (struct grouping_event){.server = conn->addr[SERVER],
						     .port = conn->port[SERVER],
						     .verdict = r->record.judgement.verdict,
						     .cause = r->record.cause->id,
						     .first = r->record.end,
						     .used = true};
	g->next = (g->next + 1) % GROUPING_EVENTS;
}

void grouping_apply(struct grouping *g, struct report *r)
{
	unsigned v = r->record.judgement.verdict;
	if (r->record.together < 2 || !report_raises(r, v) || !cause_groups(report_cause(r)) ||
	    report_loses_mail(r))
		return;
	for (unsigned i = 0; i < GROUPING_EVENTS; i++)
		if (event_has(&g->events[i], r)) {
			r->grouped = true;
			r->raised &= ~(UINT64_C(1) << v);
			return;
		}
	event_begin(g, r);
}
