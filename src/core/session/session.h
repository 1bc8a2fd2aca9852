/* session.h - one SMTP session: takes the data of both sides, and returns an ending at the close.
 */
#ifndef SMTPWATCH_CORE_SESSION_SESSION_H
#define SMTPWATCH_CORE_SESSION_SESSION_H

#include "core/stream/prefetch.h"
#include "smtpwatch/open_session.h"
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

/* Makes a session of a connection that is closed and brought no byte and no FIN, or for whose bytes
 * there was no memory: nothing that rests on them is then said (unsure.c). Returns NULL if
 * the pool is exhausted. session_free frees it. */
struct session *session_silent(const struct dialogue_env *env);

/* The ending of a session, and when the connection was closed. */
struct session_end {
	struct ending ending;
	int64_t ts;
};

/*
 * The connection has closed: settles the fate of every message. Returns the end, borrowed until
 * session_free.
 *
 * Returns NULL if the server's reply to a complete message may still come behind this end: the
 * client closed with a FIN while the reply was due, and then sent an RST, and the capture may show
 * the RST before the reply. Then session_late may be called, and at last session_wait_over.
 *
 * May be called again for the same session if that is silent.
 */
const struct session_end *session_close(struct session *s, const struct conn *conn,
					const struct conn_end *end, int64_t ts);

/* Takes bytes of the server that were captured behind the close. Does nothing unless session_close
 * has returned NULL. */
void session_late(struct session *s, const struct conn *conn, struct bytes data);

/* Returns the end if session_close has returned NULL, and else NULL. Call once, before the
 * functions below. */
const struct session_end *session_wait_over(struct session *s, const struct conn *conn);

/*
 * The capture lost `lost` packets while the connection was open. Results seen in full sequence
 * stand. Results that rest on an absence become unknown, and so do the fates that follow from them.
 * Examples of an absence: silence, or a client's RST that need not acknowledge all that it had
 * received.
 * Does nothing if lost is 0, if QUIT was answered, or if the ending is unsure already.
 */
void session_capture_loss(struct session *s, uint64_t lost);

/* Both sides went on behind the end, so that it was none (struct conn, retracted). */
void session_retracted(struct session *s);

/* Two texts were captured for the same bytes, and the true one is unknown (struct conn, disputed).
 * All results that rest on the text become unknown. */
void session_disputed(struct session *s);

/* Returns the end. Call after session_close or session_wait_over has returned one. */
struct session_end *session_end(struct session *s);

/* stage.c - sets stage, awaited, awaited_verb and since of o. Returns false if the session is
 * closed. */
bool session_awaited(const struct session *s, const struct conn *conn, struct open_session *o);

/* Returns what the session recorded; valid until session_free. */
const struct session_info *session_info(const struct session *s);
/* NULL is allowed. */
void session_free(struct session *s);

/* prefetch.c - for the native engine (core/stream/prefetch.h): step 0 fetches the session, 1 what
 * it points to, 2 what that points to. conn->user is the session. */
void session_prefetch(const struct stream_expected *expected, size_t n, int step);

#endif
