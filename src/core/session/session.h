/* session.h - one SMTP session: takes the data of both sides, and returns an ending at the close.
 */
#ifndef SMTPWATCH_CORE_SESSION_SESSION_H
#define SMTPWATCH_CORE_SESSION_SESSION_H

#include "smtpwatch/session_info.h"

/* A session under way. All memory comes from the pool. Call in the order of struct
 * stream_listener. Times are nanoseconds since the epoch. */
struct session;
struct dialogue_env;
struct tls_decryptor;
struct trace_observer;

/* Makes the settings that all sessions of a monitor share; they live as long as the pool.
 * decryptor: decrypts TLS, or NULL. watch: the observer, or NULL. seed: a secret key. Returns NULL
 * if the pool is exhausted. */
struct dialogue_env *session_env(struct pool *pool, const struct tls_decryptor *decryptor,
				 const struct trace_observer *trace, const uint64_t seed[2]);

/* Starts a session. sure: the server's SYN was seen. first: the client's SYN was seen, so that its
 * first bytes begin the dialogue. lmtp, tls: the port's protocol. Returns NULL if the pool is
 * exhausted. session_free frees it. */
struct session *session_new(const struct dialogue_env *env, bool sure, bool first, bool lmtp,
			    bool tls);
void session_data(struct session *s, const struct conn *conn, enum side side, struct bytes data,
		  int64_t ts);
void session_gap(struct session *s, const struct conn *conn, enum side side, uint64_t len,
		 int64_t ts);
void session_fin(struct session *s, const struct conn *conn, enum side side, int64_t ts);

/* No more data will come: reads the records that waited for a key, as far as they can be
 * decrypted. Call before session_close. s may be NULL. */
void session_settle(struct session *s);

/*
 * Whether the server's reply to a complete message may still come behind this end. True if the
 * client closed with a FIN while the reply was due, and then sent an RST: the capture may show the
 * RST before the reply.
 * If true, session_data may be called until session_close.
 */
bool session_may_be_answered(const struct session *s, const struct conn_end *end);

/* The connection has closed: settles the fate of every message, and sets *out. s may be NULL: only
 * the handshake was seen, or memory was exhausted. */
void session_close(struct session *s, const struct conn *conn, const struct conn_end *end,
		   int64_t ts, struct ending *out);

/*
 * Call after session_close: the capture lost `drops` packets while the connection was open.
 * Results seen in full sequence stand. Results that rest on an absence become unknown, and so do
 * the fates that follow from them. Examples of an absence: silence, or a client's RST that need
 * not acknowledge all that it had received.
 * Does nothing if drops is 0, if QUIT was answered, or if the ending is unsure already.
 */
void session_capture_loss(struct session *s, uint64_t lost, struct ending *e);

/* Call after session_close: both sides went on behind the end, so that it was none (struct conn,
 * retracted). */
void session_retracted(struct session *s, struct ending *e);

/* Call after session_close: two texts were captured for the same bytes, and the true one is
 * unknown (struct conn, disputed). All results that rest on the text become unknown. */
void session_disputed(struct session *s, struct ending *e);

/* Call after session_close, once: frees what only a session under way needs. Returns its
 * SESSION_SPARE bytes for the caller's use until session_free. */
enum { SESSION_SPARE = 248 };
void *session_spare(struct session *s);

/* Returns what the session recorded; valid until session_free. For NULL returns the facts of a
 * session of which nothing was seen. */
const struct session_info *session_info(const struct session *s);
void session_free(struct session *s);

/* Prefetches what the next call will read. step 0: the session; 1: what it points to; 2: what that
 * points to (struct stream_listener). After session_spare only what session_free reads. */
void session_ahead(const struct session *s, enum coming coming, int step);

#endif
