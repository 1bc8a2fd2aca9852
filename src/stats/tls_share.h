/* tls_share.h - how many sessions went into TLS, and how many of them were read: what counts as
 * either, and the words for both. */
#ifndef SMTPWATCH_STATS_TLS_SHARE_H
#define SMTPWATCH_STATS_TLS_SHARE_H

#include "policy/session_report.h"
#include "text/buffer.h"

/* Whether a session went into TLS, by STARTTLS or from its first byte. */
static inline bool tls_share_used(const struct report *r)
{
	return r->record.session->tls;
}

/* Whether the TLS of a session was decrypted. */
static inline bool tls_share_read(const struct report *r)
{
	return r->record.session->tls_decrypted;
}

/* Appends "25 of 100 sessions (25 %) went into TLS; 3 of them were read". sessions: all of them;
 * tls of these went into TLS, and decrypted of those were read. */
void tls_share_put(struct outbuf *b, uint64_t sessions, uint64_t tls, uint64_t decrypted);

#endif
