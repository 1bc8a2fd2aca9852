/* server_history.h - what the sessions of one server have in common: endings at the same time, or
 * always at the same age or message count. Bounded. */
#ifndef SMTPWATCH_SERVER_HISTORY_H
#define SMTPWATCH_SERVER_HISTORY_H

#include "smtpwatch/cause.h"
#include "smtpwatch/pool.h"

struct history;

/* A session that its server ended, in the form that other sessions of the server need. A plain
 * value: it can be copied to another thread. */
struct history_event {
	struct ip_addr server;
	uint16_t port;
	bool rst;
	int64_t ts; /* when the session was over */
};

/* Returns a new history. pool: borrowed until history_free. seed: the secret key of the table.
 * servers: number of servers that are remembered, at most. If the table is full, the server with
 * the oldest latest event is forgotten. Returns NULL if there is no memory. Caller frees with
 * history_free. */
struct history *history_new(struct pool *pool, const uint64_t seed[2], unsigned servers);
/* Frees h. NULL is allowed. Call before pool_free of the pool. */
void history_free(struct history *h);

/* Call at a session's close. ts: time of the close. Returns true and fills in *out if the server
 * ended the session and other sessions need to know. Returns false for sessions younger than a
 * second, refusals, encrypted sessions, sessions with QUIT, and uncertain endings. */
bool history_tells(const struct conn *conn, const struct ending *ending, int64_t ts,
		   struct history_event *out);

/* Takes an event of history_tells. Call for each event in order of closing, and before
 * history_hints for the same session. */
void history_closed(struct history *h, const struct history_event *event);

/* Fills in *out for a session that closed at ts. Call at the session's release, so that sessions
 * that ended up to a second later are counted. After that the server's limits are learned from this
 * session. */
void history_hints(struct history *h, const struct conn *conn, const struct session_facts *session,
		   const struct ending *ending, int64_t ts, struct cause_hints *out);

/* Fills in ending->tls.notifies and ending->tls.usual from earlier sessions of the server, then
 * learns from this session. Does nothing unless the ending is encrypted, the handshake was finished
 * (tls.done) and every record was seen (tls.followed). */
void history_habits(struct history *h, const struct conn *conn, struct ending *ending);

#endif
