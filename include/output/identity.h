/* identity.h - names for a session: Community ID for other tools, and one of our own. */
#ifndef SMTPWATCH_OUTPUT_IDENTITY_H
#define SMTPWATCH_OUTPUT_IDENTITY_H

#include "core/stream.h"

#define IDENTITY_COMMUNITY 31 /* "1:", 28 characters, NUL */
#define IDENTITY_SESSION   17 /* 16 hex digits, NUL */

/* The hash context, kept from record to record. */
struct identity;

/* NULL where the library refuses SHA-1 or has no memory. */
struct identity *identity_new(void);
void identity_free(struct identity *id);

/* Community ID version 1 with seed 0 (github.com/corelight/community-id-spec): the same for both directions, and in every tool that computes it. */
void identity_community(struct identity *id, const struct conn *conn, char out[IDENTITY_COMMUNITY]);

/* From the endpoints and the start: the same in every run over the same frames, another for the next session of the same endpoints. */
void identity_session(struct identity *id, const struct conn *conn, char out[IDENTITY_SESSION]);

#endif
