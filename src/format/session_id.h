/* session_id.h - names for a session: Community ID for other tools, and one of our own. */
#ifndef SMTPWATCH_FORMAT_SESSION_ID_H
#define SMTPWATCH_FORMAT_SESSION_ID_H

#include "smtpwatch/stream.h"
#include "text/digest.h"

enum {
	IDENTITY_COMMUNITY = 2 + DIGEST_BASE64_SHA1,
	IDENTITY_SESSION = 17 /* 16 hex digits, NUL */
};

/* Community ID version 1 with seed 0 (github.com/corelight/community-id-spec): the same for both
 * directions, and in every tool that computes it. */
void identity_community(struct digest *d, const struct conn *conn, char out[IDENTITY_COMMUNITY]);

/* From the endpoints and the start: the same in every run over the same frames, another for the
 * next session of the same endpoints. */
void identity_session(struct digest *d, const struct conn *conn, char out[IDENTITY_SESSION]);

#endif
