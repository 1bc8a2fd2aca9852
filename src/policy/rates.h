/* rates.h - the sessions and alerts of each server in the last hour. */
#ifndef SMTPWATCH_POLICY_RATES_H
#define SMTPWATCH_POLICY_RATES_H

#include <stddef.h>
#include <stdint.h>

/* Counts for each server, by its number in struct servers. Times are nanoseconds since the epoch.
 * If the clock is set back, the counts stay. */
struct rates;

struct rate {
	uint64_t sessions, alerts;
};

/* Returns NULL if memory is exhausted. rates_free frees it. */
struct rates *rates_new(void);
void rates_free(struct rates *r);

/* Counts a session of a server, with its number of alerts. If memory for a new server is
 * exhausted, the session is not counted. */
void rates_count(struct rates *r, size_t server, int64_t now, unsigned alerts);

/* Returns the counts of the last 55 to 60 minutes before now: slots of five minutes are counted. */
struct rate rates_hour(const struct rates *r, size_t server, int64_t now);

#endif
