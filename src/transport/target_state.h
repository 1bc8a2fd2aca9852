/* target_state.h - what became of a target's records, and an outage of it: reports its beginning,
 * its end, and the records lost in it. */
#ifndef SMTPWATCH_TRANSPORT_TARGET_STATE_H
#define SMTPWATCH_TRANSPORT_TARGET_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-filled before first use, except name. */
struct target_state {
	const char *name; /* of the target, for messages; borrowed */
	bool on, long_logged;
	/* Records: offered = written + lost + those that wait. When the target is closed, none
	 * waits. */
	uint64_t offered, written, lost;
	uint64_t before; /* of the lost ones, those before this outage */
};

/* Begins an outage, and reports why on standard error. Does nothing during an outage. */
void target_state_down(struct target_state *o, const char *why);

/* Reports why the target is closed for good, also during an outage. Call once. */
void target_state_give_up(struct target_state *o, const char *why);

/* Counts a lost record. Begins an outage if there is none. */
void target_state_lose(struct target_state *o);

/* Counts a record that is too long for the target. Begins no outage; reported the first time only.
 */
void target_state_too_long(struct target_state *o);

/* Ends an outage, and reports the records lost in it. Does nothing without an outage. */
void target_state_up(struct target_state *o);

/* The target is closed during an outage: reports the records lost in it. */
void target_state_close(struct target_state *o);

/* As target_state_close, after the last record: whatever was not written is lost. Live, if anything
 * is, reports the three counts; offline nothing more is offered to a target that is closed. */
void target_state_sum(struct target_state *o, bool live);

#endif
