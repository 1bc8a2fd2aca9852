/* schedule.h - makes lines of a key log (docs/tls.md) out of the steps of key schedules. */
#ifndef SMTPWATCH_KEYS_SCHEDULE_H
#define SMTPWATCH_KEYS_SCHEDULE_H

#include "keys/event.h"

#include <stddef.h>
#include <stdint.h>

/* ROOM: bytes of the longest line and its NUL. SECRETS: how many secrets are remembered, to know of
 * which session the later ones are. SECONDS: for how long. */
enum { SCHEDULE_ROOM = 256, SCHEDULE_SECRETS = 1 << 14, SCHEDULE_SECONDS = 600 };

/* What became of the steps. */
struct schedule_counts {
	uint64_t lines;
	uint64_t sessions; /* of TLS 1.2, and of 1.3 by their first secret */
	uint64_t unknown;  /* secrets of sessions whose beginning was not seen */
};

/* The secrets from which others will be derived. For one thread. */
struct schedule;

/* Makes an empty one. Returns NULL if memory is exhausted or the system has no randomness. */
struct schedule *schedule_new(void);

/* Takes a step. now: seconds of a clock that does not step back. Writes the line that follows from
 * it to line, with line feed and NUL, and returns its length; 0: none follows. The caller wipes the
 * line. */
size_t schedule_take(struct schedule *s, const struct keys_event *e, int64_t now,
		     char line[SCHEDULE_ROOM]);

/* Wipes secrets that are not needed any more, or older than SCHEDULE_SECONDS. Call each second. */
void schedule_tick(struct schedule *s, int64_t now);

/* Returns the counters. Borrowed until schedule_free. */
const struct schedule_counts *schedule_counts(const struct schedule *s);

/* Wipes all and frees. NULL is allowed. */
void schedule_free(struct schedule *s);

#endif
