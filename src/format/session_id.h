/* session_id.h - names of a session: the Community ID, and a session id. */
#ifndef SMTPWATCH_FORMAT_SESSION_ID_H
#define SMTPWATCH_FORMAT_SESSION_ID_H

#include "policy/throttle.h"
#include "smtpwatch/stream.h"
#include "text/digest.h"

/* Sizes in bytes, with the NUL. */
enum {
	IDENTITY_COMMUNITY = 2 + DIGEST_BASE64_SHA1,
	IDENTITY_SESSION = 17 /* 16 hex digits */
};

/* Writes the Community ID, version 1 with seed 0 (github.com/corelight/community-id-spec): "1:" and
 * a hash of the tuple. Both directions of a connection, and all tools that compute it, give the
 * same text. */
void identity_community(struct digest *d, const struct conn *conn, char out[IDENTITY_COMMUNITY]);

/* Writes the session id: a hash of the tuple and of conn->start. Every run over the same frames
 * gives the same id. Two sessions of one tuple have different ids. */
void identity_session(struct digest *d, const struct conn *conn, char out[IDENTITY_SESSION]);

/* Writes what makes the id of an alert out of its session's id: "-221-for-message"; of a sum also
 * the number of its alerts. size: of `to` in bytes, at least 64. */
void identity_alert(char *to, size_t size, unsigned kind, const struct throttle_repeat *sum);

#endif
