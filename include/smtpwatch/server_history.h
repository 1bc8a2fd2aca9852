/* server_history.h - what the sessions of one server have in common: endings at the same time, or
 * always at the same age or message count. Bounded. */
#ifndef SMTPWATCH_SERVER_HISTORY_H
#define SMTPWATCH_SERVER_HISTORY_H

#include "smtpwatch/pool.h"
#include "smtpwatch/session_info.h"

struct cause_hints;
struct server_history;

/* A session that its server ended, in the form that other sessions of the server need. A plain
 * value: it can be copied to another thread. */
struct server_event {
	struct ip_addr server;
	uint16_t port;
	bool rst;
	int64_t ts; /* when the session was over */
};

/* Returns a new history. pool: borrowed until server_history_free. seed: the secret key of the
 * table. servers: number of servers that are remembered, at most. If the table is full, the server
 * with the oldest latest event is forgotten. Returns NULL if there is no memory. Caller frees with
 * server_history_free. */
struct server_history *server_history_new(struct pool *pool, const uint64_t seed[2],
					  unsigned servers);
/* Frees h. NULL is allowed. Call before pool_free of the pool. */
void server_history_free(struct server_history *h);

/* Call at a session's close. ts: time of the close. Returns true and fills in *out if the server
 * ended the session and other sessions need to know. Returns false for sessions younger than a
 * second, refusals, encrypted sessions, sessions with QUIT, and uncertain endings. */
bool server_history_event(const struct conn *conn, const struct ending *ending, int64_t ts,
			  struct server_event *out);

/* Takes an event of server_history_event. Call for each event in order of closing, and before
 * server_history_hints for the same session. */
void server_history_closed(struct server_history *h, const struct server_event *event);

/* Fills in *out for a session that closed at ts. Call at the session's release, so that sessions
 * that ended up to a second later are counted. After that the server's limits are learned from this
 * session. */
void server_history_hints(struct server_history *h, const struct conn *conn,
			  const struct session_info *session, const struct ending *ending,
			  int64_t ts, struct cause_hints *out);

/* Fills in ending->tls.notifies and ending->tls.usual from earlier sessions of the server, then
 * learns from this session. Does nothing unless the ending is encrypted, the handshake was finished
 * (tls.done) and every record was seen (tls.followed). */
void server_history_habits(struct server_history *h, const struct conn *conn,
			   struct ending *ending);

#endif
