/* record.h - what the status tells beside the statistics: the latest alerts, and when something was
 * lost last. */
#ifndef SMTPWATCH_STATUS_RECORD_H
#define SMTPWATCH_STATUS_RECORD_H

#include "base/error.h"
#include "stats/totals.h"

enum { STATUS_ALERTS = 10 };

/* One alert. The texts are redacted as in all outputs, and escaped. */
struct status_alert {
	int64_t ts; /* nanoseconds since the epoch */
	const char *signature;
	enum severity severity;
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	char input[32];
	struct error text; /* in one line, as the journal has it */
};

/* Something that can be lost: how much of it, and when some was lost last, nanoseconds since the
 * epoch; 0: never. */
struct status_loss {
	uint64_t count;
	int64_t last;
};

/* PACKETS: the kernel or the interface dropped them. SESSIONS: lost before the outputs. RECORDS: an
 * output did not bring them to its target. */
enum status_lost { STATUS_PACKETS, STATUS_SESSIONS, STATUS_RECORDS, STATUS_LOSSES };

/* Zero-fill before first use. Owns no memory. */
struct status_record {
	struct status_alert alerts[STATUS_ALERTS];
	uint64_t alerts_n; /* noted so far; the i-th stands at i % STATUS_ALERTS */
	struct status_loss losses[STATUS_LOSSES];
};

/* Returns the JSON key of what is lost. */
const char *status_lost_name(enum status_lost what);

/* Notes the alerts that a session raises. r is borrowed for the call. */
void status_note(struct status_record *s, const struct report *r);

/* Compares the counts with those of the last call. now: nanoseconds since the epoch. Call once a
 * second. */
void status_observe(struct status_record *s, const struct summary *sum, int64_t now);

/* Returns the i-th of the latest alerts, the newest first, or NULL if there are fewer. */
const struct status_alert *status_alert_at(const struct status_record *s, unsigned i);

#endif
