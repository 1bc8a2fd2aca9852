/* correlate.c - history and causes, in the one place that all sessions pass. */
#include "smtpwatch/correlate.h"

/* Servers of which the last endings are remembered, and the memory that they take at most. */
enum { HISTORY_SERVERS = 4096, MEMORY = 4 << 20 };

struct collate {
	struct pool *pool;
	struct history *history;
	void (*deliver)(void *arg, const struct record *record);
	void *arg;
};

struct collate *collate_new(const uint64_t seed[2],
			    void (*deliver)(void *arg, const struct record *record), void *arg)
{
	struct pool *pool = pool_new(MEMORY);
	struct collate *c = pool ? pool_get(pool, sizeof *c) : NULL;
	struct history *history = c ? history_new(pool, seed, HISTORY_SERVERS) : NULL;
	if (!history) {
		pool_free(pool);
		return NULL;
	}
	*c = (struct collate){pool, history, deliver, arg};
	return c;
}

void collate_free(struct collate *c)
{
	if (!c)
		return;
	history_free(c->history);
	pool_free(c->pool);
}

void collate_ended(struct collate *c, const struct history_event *event)
{
	history_closed(c->history, event);
}

void collate_session(struct collate *c, const struct record *record)
{
	struct cause_hints hints;
	struct cause cause;
	struct record whole = *record;
	struct ending ending;
	if (record->ending->encrypted) {
		ending = *record->ending;
		history_habits(c->history, record->conn, &ending);
		whole.ending = &ending;
		whole.judgement = verdict_judge(&ending);
	}
	history_hints(c->history, record->conn, record->session, whole.ending, record->end, &hints);
	struct cause_facts facts = {
		record->conn, record->session,      whole.ending, &whole.judgement,
		&hints,       whole.ending->closed, NULL};
	cause_find(&facts, &cause);
	whole.cause = &cause;
	whole.together = hints.together > 0 ? hints.together : 1;
	c->deliver(c->arg, &whole);
}
