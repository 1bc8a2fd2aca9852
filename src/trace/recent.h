/* recent.h - data of the terminal view: the latest sessions, and counters of each server and
 * client. All of it is bounded. */
#ifndef SMTPWATCH_TRACE_RECENT_H
#define SMTPWATCH_TRACE_RECENT_H

#include "policy/session_store.h"
#include "stats/servers.h"

/* SESSIONS: the most sessions with alerts, and the most without. BYTES: memory of all their
 * records; FRAMES: of all their frames. HOSTS: the most servers, and the most clients. WORDS: bytes
 * of stored_session.words, the text that a filter searches. */
enum {
	RECENT_SESSIONS = 2000,
	RECENT_BYTES = 32 << 20,
	RECENT_FRAMES = 64 << 20,
	RECENT_HOSTS = 4096,
	RECENT_WORDS = 512
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
struct recent *recent_new(const struct redaction *how);

/* Frees all sessions. NULL is allowed. */
void recent_free(struct recent *b);

/* Adds a session; call in the order in which sessions end. frames: of the session; may be empty. r:
 * its report. Copies all of them. The words of the stored session are addresses, names, mail
 * addresses and ids, redacted and escaped. If memory is exhausted, the session is only counted. */
void recent_add(struct recent *b, const struct record *record, const struct report *r,
		struct session_frames frames);

/* recent_seen returns the number of sessions so far, and recent_alerts the number of alerts by
 * severity (borrowed from b). recent_sessions returns the sessions that are stored. */
uint64_t recent_seen(const struct recent *b);
const uint64_t *recent_alerts(const struct recent *b);
struct session_store *recent_sessions(const struct recent *b);

/* Returns the session of this number, or NULL if it was dropped. */
struct stored_session *recent_find(const struct recent *b, uint64_t number);

/* Fills out with the first n servers or clients in an order, and returns how many there are.
 * Borrowed until recent_free. recent_others returns the sum of all hosts beyond RECENT_HOSTS. */
size_t recent_hosts(const struct recent *b, enum side side, enum recent_order order,
		    const struct recent_host **out, size_t n);
const struct recent_host *recent_others(const struct recent *b, enum side side);

/* Returns the stage of most sessions with alerts, or STAGES if there is none. */
unsigned recent_stage(const struct recent_host *h);

#endif
