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
	BOARD_SESSIONS = 2000,
	BOARD_BYTES = 32 << 20,
	BOARD_FRAMES = 64 << 20,
	BOARD_HOSTS = 4096,
	BOARD_WORDS = 512
};

struct board_session {
	const struct record *record; /* not redacted: for the redactor alone */
	uint64_t number;             /* in the order in which sessions ended; the first is 1 */
	const char *input;
	enum severity severity; /* of the worst alert, or of the verdict */
	unsigned signature;
	bool alert;
	size_t size, frames_size; /* bytes behind this struct, and of frames */
	uint8_t *frames;          /* as keep_next takes them; NULL: none were kept */
	uint32_t frames_omitted;
	char words[BOARD_WORDS]; /* addresses, names, mail, ids: redacted, escaped */
	_Alignas(16) uint8_t block[];
};

/* A wait, measured as often as it was seen from beginning to end: nanoseconds. */
struct board_wait {
	uint64_t n;
	int64_t sum, most;
};

struct board_host {
	struct ip_addr addr;
	uint16_t port; /* of a server; of a client 0 */
	char name[SERVER_NAME];
	uint64_t sessions, alerts[SEVERITIES];
	uint64_t stages[STAGES]; /* of sessions that are alerts */
	struct board_wait greeting, acceptance;
};

enum board_order { BOARD_WORST, BOARD_BUSIEST, BOARD_SLOWEST, BOARD_ORDERS };

struct board;

/* NULL where there is no memory. */
struct board *board_new(const struct alerting *alerting, enum redact_mode redact);
void board_free(struct board *b);

/* Each session, in order. frames: its packets, copied; .n 0: there are none. input is borrowed for
 * the life of b. */
void board_add(struct board *b, const struct record *record, const char *input, struct bytes frames,
	       uint32_t omitted);

/* How many sessions there were, how many of these were alerts, by severity; and how many are kept,
 * the latest last. */
uint64_t board_seen(const struct board *b);
const uint64_t *board_alerts(const struct board *b);
size_t board_kept(const struct board *b);
const struct board_session *board_session(const struct board *b, size_t i);

/* The one of this number; NULL: it had to make room. */
const struct board_session *board_find(const struct board *b, uint64_t number);

/* As outputs would get it; valid until the next call. */
struct report board_report(struct board *b, const struct board_session *s);

/* A ladder_cleaner; arg: what board_cleaning fills in, and that lives as long as the ladder. */
struct board_cleaning {
	struct board *board;
	const struct session_info *info;
};
struct bytes board_clean(void *cleaning, struct bytes text);

/* Servers or clients in an order; at most n; how many. others: those beyond BOARD_HOSTS, as one. */
size_t board_hosts(const struct board *b, enum side side, enum board_order order,
		   const struct board_host **out, size_t n);
const struct board_host *board_others(const struct board *b, enum side side);

/* The stage at which most of its alerts were; STAGES: it had none. */
unsigned board_stage(const struct board_host *h);

#endif
