/* correlate.c - history and causes, in the one place that all sessions pass. */
#include "smtpwatch/correlate.h"
#include "smtpwatch/cause.h"

/* Servers of which the last endings are remembered, and the memory that they take at most. */
enum { CORRELATOR_SERVERS = 4096, MEMORY = 4 << 20 };

struct correlator {
	struct pool *pool;
	struct server_history *history;
	/* The latest complete record, and what it does not share with the one it was made of. */
	struct record whole;
	struct ending ending;
	struct cause cause;
};

struct correlator *correlator_new(const uint64_t seed[2])
{
	struct pool *pool = pool_new(MEMORY);
	struct correlator *c = pool ? pool_get(pool, sizeof *c) : NULL;
	struct server_history *history = c ? server_history_new(pool, seed, CORRELATOR_SERVERS)
					   : NULL;
	if (!history) {
		pool_free(pool);
		return NULL;
	}
	*c = (struct correlator){.pool = pool, .history = history};
	return c;
}

void correlator_free(struct correlator *c)
{
	if (!c)
		return;
	server_history_free(c->history);
	pool_free(c->pool);
}

void correlator_ended(struct correlator *c, const struct server_event *event)
{
	server_history_closed(c->history, event);
}

const struct record *correlator_session(struct correlator *c, const struct record *record)
{
	struct cause_hints hints;
	struct record *whole = &c->whole;
	*whole = *record;
	if (record->ending->encrypted) {
		c->ending = *record->ending;
		server_history_habits(c->history, record->conn, &c->ending);
		whole->ending = &c->ending;
		whole->judgement = verdict_judge(&c->ending);
	}
	server_history_hints(c->history, record->conn, record->session, whole->ending, record->end,
			     &hints);
	struct cause_input input = {
		record->conn, record->session,       whole->ending, &whole->judgement,
		&hints,       whole->ending->closed, NULL};
	cause_find(&input, &c->cause);
	whole->cause = &c->cause;
	whole->together = hints.together > 0 ? hints.together : 1;
	return whole;
}
