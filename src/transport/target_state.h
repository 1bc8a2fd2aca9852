/* target_state.h - an outage of a target: reports its beginning, its end, and the records lost in
 * it. */
#ifndef SMTPWATCH_TRANSPORT_TARGET_STATE_H
#define SMTPWATCH_TRANSPORT_TARGET_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-filled before first use, except name. */
struct outage {
	const char *name; /* of the target, for messages; borrowed */
	bool on, long_said;
	uint64_t lost;   /* records lost in all */
	uint64_t before; /* of these, records lost before this outage */
};

/* Begins an outage, and reports why on standard error. Does nothing during an outage. */
void outage_begin(struct outage *o, const char *why);

/* Reports why the target is closed for good, also during an outage. Call once. */
void outage_give_up(struct outage *o, const char *why);

/* Counts a lost record. Begins an outage if there is none. */
void outage_lose(struct outage *o);

/* Counts a record that is too long for the target. Begins no outage; reported the first time only.
 */
void outage_too_long(struct outage *o);

/* Ends an outage, and reports the records lost in it. Does nothing without an outage. */
void outage_end(struct outage *o);

/* The target is closed during an outage: reports the records lost in it. */
void outage_close(struct outage *o);

#endif
