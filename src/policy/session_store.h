/* session_store.h - sessions that are kept for later, within bounds: the worst, the latest or the
 * first. */
#ifndef SMTPWATCH_POLICY_SESSION_STORE_H
#define SMTPWATCH_POLICY_SESSION_STORE_H

#include "policy/redact.h"
#include "policy/session_report.h"

struct ladder;

/* Which sessions stay, and in which order they stand. */
enum store_order {
	STORE_WORST,  /* by falling severity, among equals as they ended: a worse session displaces
			 the last one */
	STORE_LATEST, /* as they ended: a new session displaces the oldest one */
	STORE_FIRST   /* as they ended: a new session finds no room in a full store */
};

struct store_bounds {
	enum store_order order;
	size_t sessions; /* STORE_LATEST: of those with alerts, and of those without */
	size_t bytes;    /* of all records and texts; STORE_LATEST drops sessions without alerts
			    first */
	size_t frames;   /* bytes of all frames; the oldest sessions lose theirs first */
};

/* The frames of a session: a block for frame_store_next, and how many frames it lacks. */
struct session_frames {
	struct bytes block;
	uint32_t omitted;
};

/* A stored session. Valid until the store drops it. */
struct stored_session {
	struct report report;         /* as it was made; its record is valid after stored_restore */
	const struct record *record;  /* not redacted: outputs get report.record */
	enum severity severity;       /* of the worst alert, or of the verdict */
	unsigned kind;                /* enum alert_kind, of that severity */
	bool alert;                   /* the session has an alert, rate-limited or not */
	const char *words;            /* for the owner of the store; never NULL */
	struct session_frames frames; /* empty: no frames are stored */
	struct ladder *ladder;        /* borrowed, of the owner of the store; NULL: none */
	struct redactor *redactor;    /* borrowed from the store; NULL: nothing is redacted */
	size_t size;                  /* bytes of this struct with block */
	_Alignas(16) uint8_t block[];
};

/* Copies a report with its record, input and pcap, and words (NULL: none). record: the report's,
 * before it was redacted. Returns NULL if memory is exhausted. stored_free allows NULL. */
struct stored_session *stored_new(const struct record *record, const struct report *r,
				  const char *words);
void stored_free(struct stored_session *s);

/* Makes s->report.record valid, redacted as for outputs, and returns the report. Borrowed until
 * stored_restore or stored_clean is called for another session of the store. */
const struct report *stored_restore(struct stored_session *s);

/* A ladder_cleaner (trace/ladder.h): redacts a text of the session, which is arg. Borrowed until
 * the next call, or stored_restore, for a session of the same store. */
struct bytes stored_clean(void *arg, struct bytes text);

struct session_store;

/* Returns NULL if memory is exhausted. session_store_free allows NULL. */
struct session_store *session_store_new(const struct store_bounds *bounds,
					const struct redaction *how);
void session_store_free(struct session_store *s);

/* Adds a session, or counts it as omitted if there is no room. Copies all arguments; record and
 * words: as for stored_new. Call in the order in which sessions end. */
void session_store_add(struct session_store *s, const struct record *record, const struct report *r,
		       const char *words, struct session_frames frames);

/* Return the number of stored sessions, the i-th of them, and how many were dropped or not stored.
 */
size_t session_store_count(const struct session_store *s);
struct stored_session *session_store_at(const struct session_store *s, size_t i);
uint64_t session_store_omitted(const struct session_store *s);

#endif
