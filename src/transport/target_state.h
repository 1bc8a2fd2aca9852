/* target_state.h - one episode in which a target takes nothing: said when it begins and when it
 * ends, and what was lost in it. */
#ifndef SMTPWATCH_TRANSPORT_TARGET_STATE_H
#define SMTPWATCH_TRANSPORT_TARGET_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-filled before first use, but for the name. */
struct outage {
	const char *name; /* of the target, for people; borrowed */
	bool on, long_said;
	uint64_t lost;   /* records, in all */
	uint64_t before; /* of these, in earlier episodes */
};

/* Says why on standard error, if no episode is under way. */
void outage_begin(struct outage *o, const char *why);

/* The same where it is the end: said in any case, once by whoever calls it. */
void outage_give_up(struct outage *o, const char *why);

/* A record is lost. That alone is an episode. */
void outage_lose(struct outage *o);

/* A record is lost that the target never takes, whatever else it takes: no episode. Said the first
 * time. */
void outage_too_long(struct outage *o);

/* Says that it is over, and what was lost, if one was under way. */
void outage_end(struct outage *o);

/* The last words where it will not end any more. */
void outage_close(struct outage *o);

#endif
