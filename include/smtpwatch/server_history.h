/* server_history.h - what the sessions of one server have in common: ended together, or always at
 * the same age or count. Bounded. */
#ifndef SMTPWATCH_SERVER_HISTORY_H
#define SMTPWATCH_SERVER_HISTORY_H

#include "smtpwatch/cause.h"
#include "smtpwatch/pool.h"

struct history;

/* An ending by a server's doing, as far as other sessions of the server need to know of it: a plain
 * value, which can be carried to where the history is. */
struct history_event {
	struct ip_addr server;
	uint16_t port;
	bool rst;
	int64_t ts; /* when the session was over */
};

/* servers: how many are remembered at most; the one that was longest not heard of makes room. NULL
 * where there is no memory. */
struct history *history_new(struct pool *pool, const uint64_t seed[2], unsigned servers);
void history_free(struct history *h);

/* A session has closed at ts: true, and *out is filled in, where its server did it, so that others
 * need to know. */
bool history_tells(const struct conn *conn, const struct ending *ending, int64_t ts,
		   struct history_event *out);

/* Takes such an event. Call for each, in order of closing, before history_hints is asked for the
 * same session. */
void history_closed(struct history *h, const struct history_event *event);

/* What is known of a session that closed at ts: ask when it is released, so that those that ended
 * up to a second later are known too. Learns its limits after that. */
void history_hints(struct history *h, const struct conn *conn, const struct session_facts *session,
		   const struct ending *ending, int64_t ts, struct cause_hints *out);

/*
 * Fills in what is known of the server's habits under TLS from sessions that were asked about
 * before, and learns from this one. Of an ending that is not encrypted nothing.
 */
void history_habits(struct history *h, const struct conn *conn, struct ending *ending);

#endif
