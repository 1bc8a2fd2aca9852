/* rates.h - what each server did in the last hour. */
#ifndef SMTPWATCH_POLICY_RATES_H
#define SMTPWATCH_POLICY_RATES_H

#include <stddef.h>
#include <stdint.h>

/* Servers go by their number in struct servers. Times are nanoseconds since the epoch; of one that
 * was set back the counts stay. */
struct rates;

struct rate {
	uint64_t sessions, alerts;
};

/* NULL where there is no memory. */
struct rates *rates_new(void);
void rates_free(struct rates *r);

/* A session of a server, and how many alerts it was. Where there is no memory for one more server
 * it is not counted. */
void rates_count(struct rates *r, size_t server, int64_t now, unsigned alerts);

/* In the 55 to 60 minutes before now: counted in twelfths of an hour. */
struct rate rates_hour(const struct rates *r, size_t server, int64_t now);

#endif
