/* recent.h - data of the terminal view: the latest sessions, and counters of each server and
 * client. All of it is bounded. */
#ifndef SMTPWATCH_TRACE_RECENT_H
#define SMTPWATCH_TRACE_RECENT_H

#include "policy/redact.h"
#include "policy/session_report.h"
#include "stats/servers.h"

/* SESSIONS: the most sessions with alerts, and the most without. BYTES: memory of all their
 * records; FRAMES: of all their frames. HOSTS: the most servers, and the most clients. WORDS: bytes
 * of the text that a filter searches. */
enum {
	RECENT_SESSIONS = 2000,
	RECENT_BYTES = 32 << 20,
	RECENT_FRAMES = 64 << 20,
	RECENT_HOSTS = 4096,
	RECENT_WORDS = 512
};

/* A stored session. All pointers are borrowed until the session is dropped. */
struct recent_session {
	const struct record *record; /* not redacted: pass it to recent_report only */
	uint64_t number;             /* in the order in which sessions ended, from 1 */
	struct report report;        /* as it was made; what its record points to is gone */
	enum severity severity;      /* of the worst alert, or of the verdict */
	unsigned kind;               /* enum alert_kind, of that severity */
	bool alert;                  /* the session has an alert, rate-limited or not */
	size_t size, frames_size;    /* bytes: of this struct with block, and of frames */
	uint8_t *frames;             /* a block for frame_store_next; NULL: no frames are stored */
	uint32_t frames_omitted;     /* frames of the session that the block lacks */
	char words[RECENT_WORDS]; /* addresses, names, mail addresses, ids: redacted and escaped */
	_Alignas(16) uint8_t block[];
};

/* A waiting time: how often it was measured, the sum and the maximum in nanoseconds. */
struct recent_wait {
	uint64_t n;
	int64_t sum, max;
};

/* Counters of a server or a client. */
struct recent_host {
	struct ip_addr addr;
	uint16_t port; /* of a server; 0 for a client */
	char name[SERVER_NAME];
	uint64_t sessions, alerts[SEVERITIES];
	uint64_t stages[STAGES]; /* of sessions with alerts */
	struct recent_wait greeting, acceptance;
};

enum recent_order { RECENT_WORST, RECENT_BUSIEST, RECENT_SLOWEST, RECENT_ORDERS };

struct recent;

/* Returns NULL if memory is exhausted. */
struct recent *recent_new(enum redact_mode redact);

/* Frees all sessions. NULL is allowed. */
void recent_free(struct recent *b);

/* Adds a session; call in the order in which sessions end. Copies record and frames. frames: a
 * block of frame_store_copy, or empty. omitted: frames of the session that the block lacks. r: the
 * session's report, whose input is borrowed for the life of b. Old sessions are dropped to make
 * room, those without alerts first. If memory is exhausted, the session is only counted. */
void recent_add(struct recent *b, const struct record *record, const struct report *r,
		struct bytes frames, uint32_t omitted);

/* recent_seen returns the number of sessions so far, and recent_alerts the number of alerts by
 * severity (borrowed from b). recent_kept returns how many sessions are stored, and recent_session
 * the i-th of them, the latest last. */
uint64_t recent_seen(const struct recent *b);
const uint64_t *recent_alerts(const struct recent *b);
size_t recent_kept(const struct recent *b);
const struct recent_session *recent_session(const struct recent *b, size_t i);

/* Returns the session of this number, or NULL if it was dropped. */
const struct recent_session *recent_find(const struct recent *b, uint64_t number);

/* Returns the session's report, redacted as for outputs. Borrowed until the next recent_report,
 * recent_add or recent_clean. */
struct report recent_report(struct recent *b, const struct recent_session *s);

/* recent_clean is a ladder_cleaner: it redacts a text of one session. Its arg is a struct
 * recent_cleaning, which must live as long as the ladder. The result is borrowed until the next
 * recent_clean or recent_report. */
struct recent_cleaning {
	struct recent *recent;
	const struct session_info *info;
};
struct bytes recent_clean(void *cleaning, struct bytes text);

/* Fills out with the first n servers or clients in an order, and returns how many there are.
 * Borrowed until recent_free. recent_others returns the sum of all hosts beyond RECENT_HOSTS. */
size_t recent_hosts(const struct recent *b, enum side side, enum recent_order order,
		    const struct recent_host **out, size_t n);
const struct recent_host *recent_others(const struct recent *b, enum side side);

/* Returns the stage of most sessions with alerts, or STAGES if there is none. */
unsigned recent_stage(const struct recent_host *h);

#endif
