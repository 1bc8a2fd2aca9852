/* recent.h - what the terminal view shows: the last sessions, and what each server and each client
 * did; all of it bounded. */
#ifndef SMTPWATCH_TRACE_RECENT_H
#define SMTPWATCH_TRACE_RECENT_H

#include "policy/redact.h"
#include "policy/session_report.h"
#include "stats/servers.h"

/* SESSIONS: of those that are alerts, and of the others, so many each. BYTES: of their records;
 * FRAMES: of their packets. HOSTS: servers, and clients. WORDS: what a filter looks at in a
 * session. */
enum {
	RECENT_SESSIONS = 2000,
	RECENT_BYTES = 32 << 20,
	RECENT_FRAMES = 64 << 20,
	RECENT_HOSTS = 4096,
	RECENT_WORDS = 512
};

struct recent_session {
	const struct record *record; /* not redacted: for the redactor alone */
	uint64_t number;             /* in the order in which sessions ended; the first is 1 */
	const char *input;
	enum severity severity; /* of the worst alert, or of the verdict */
	unsigned kind;
	bool alert;
	size_t size, frames_size; /* bytes behind this struct, and of frames */
	uint8_t *frames;          /* as frame_store_next takes them; NULL: none were kept */
	uint32_t frames_omitted;
	char words[RECENT_WORDS]; /* addresses, names, mail, ids: redacted, escaped */
	_Alignas(16) uint8_t block[];
};

/* A wait, measured as often as it was seen from beginning to end: nanoseconds. */
struct recent_wait {
	uint64_t n;
	int64_t sum, max;
};

struct recent_host {
	struct ip_addr addr;
	uint16_t port; /* of a server; of a client 0 */
	char name[SERVER_NAME];
	uint64_t sessions, alerts[SEVERITIES];
	uint64_t stages[STAGES]; /* of sessions that are alerts */
	struct recent_wait greeting, acceptance;
};

enum recent_order { RECENT_WORST, RECENT_BUSIEST, RECENT_SLOWEST, RECENT_ORDERS };

struct recent;

/* NULL where there is no memory. */
struct recent *recent_new(const struct alerting *alerting, enum redact_mode redact);
void recent_free(struct recent *b);

/* Each session, in order. frames: its packets, copied; .n 0: there are none. input is borrowed for
 * the life of b. */
void recent_add(struct recent *b, const struct record *record, const char *input,
		struct bytes frames, uint32_t omitted);

/* How many sessions there were, how many of these were alerts, by severity; and how many are kept,
 * the latest last. */
uint64_t recent_seen(const struct recent *b);
const uint64_t *recent_alerts(const struct recent *b);
size_t recent_kept(const struct recent *b);
const struct recent_session *recent_session(const struct recent *b, size_t i);

/* The one of this number; NULL: it had to make room. */
const struct recent_session *recent_find(const struct recent *b, uint64_t number);

/* As outputs would get it; valid until the next call. */
struct report recent_report(struct recent *b, const struct recent_session *s);

/* A ladder_cleaner; arg: what recent_cleaning fills in, and that lives as long as the ladder. */
struct recent_cleaning {
	struct recent *recent;
	const struct session_info *info;
};
struct bytes recent_clean(void *cleaning, struct bytes text);

/* Servers or clients in an order; at most n; how many. others: those beyond RECENT_HOSTS, as one.
 */
size_t recent_hosts(const struct recent *b, enum side side, enum recent_order order,
		    const struct recent_host **out, size_t n);
const struct recent_host *recent_others(const struct recent *b, enum side side);

/* The stage at which most of its alerts were; STAGES: it had none. */
unsigned recent_stage(const struct recent_host *h);

#endif
