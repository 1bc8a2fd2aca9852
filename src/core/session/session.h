/* session.h - one SMTP session: its dialogue and its transactions come in, in the end its ending
 * goes out. */
#ifndef SMTPWATCH_CORE_SESSION_SESSION_H
#define SMTPWATCH_CORE_SESSION_SESSION_H

#include "smtpwatch/session_info.h"

/* A session under way. Memory comes from the pool; calls follow the order of struct
 * stream_listener. */
struct session;
struct dialogue_env;
struct tls_opener;
struct watch;

/* What all sessions of a monitor have in common; lives as long as the pool. opener: NULL, or what
 * opens TLS. watch: NULL, or who is told all that is said. seed: a secret key. NULL where the pool
 * is exhausted. */
struct dialogue_env *session_env(struct pool *pool, const struct tls_opener *opener,
				 const struct watch *watch, const uint64_t seed[2]);

/* sure: the server's SYN was seen; first: the client's was, so that its first bytes are the first
 * that it said. lmtp, tls: how its port is spoken to. NULL where the pool is exhausted. */
struct session *session_new(const struct dialogue_env *env, bool sure, bool first, bool lmtp,
			    bool tls);
void session_data(struct session *s, const struct conn *conn, enum side side, struct bytes data,
		  int64_t ts);
void session_gap(struct session *s, const struct conn *conn, enum side side, uint64_t len,
		 int64_t ts);
void session_fin(struct session *s, const struct conn *conn, enum side side, int64_t ts);

/* Nothing more will come: what waited for a key waits no more. Call before session_close, s may be
 * NULL. */
void session_settle(struct session *s);

/*
 * Whether the server's reply to a whole message may still come behind this end: the client has
 * closed with a FIN while it was due, and ended the connection with an RST, which may be captured
 * before a reply that it met. Then session_data may be called until session_close.
 */
bool session_may_be_answered(const struct session *s, const struct conn_end *end);

/* The connection has closed: settles every fate, and tells how it ended. s may be NULL: nothing but
 * the handshake was ever seen, or memory was out. */
void session_close(struct session *s, const struct conn *conn, const struct conn_end *end,
		   int64_t ts, struct ending *out);

/*
 * After session_close: the kernel dropped so many packets while the connection was open. What was
 * seen in full sequence stands; what rests on something that did not come (silence, a client's RST
 * that need not acknowledge what it had got) is no longer known, nor are the fates that follow from
 * it.
 */
void session_drops(struct session *s, uint64_t drops, struct ending *e);

/* After session_close: it was no end, both sides went on (struct conn, belied). */
void session_belied(struct session *s, struct ending *e);

/* After session_close: which of two texts was said is not known (struct conn, disputed), and so
 * nothing that rests on it. */
void session_disputed(struct session *s, struct ending *e);

/* After session_close: gives back what only the course of a session needs, and lends the place of
 * it, SESSION_ROOM bytes, until session_free. */
enum { SESSION_ROOM = 248 };
void *session_room(struct session *s);

/* What is remembered; valid until session_free. Of NULL: facts of a session of which nothing was
 * seen. */
const struct session_facts *session_facts(const struct session *s);
void session_free(struct session *s);

/* Fetches what the next call will read: the session at step 0, then what it points to, then what
 * that points to (struct stream_listener). Of one whose session_room is in use, only what its
 * release reads. */
void session_ahead(const struct session *s, enum coming coming, int step);

#endif
