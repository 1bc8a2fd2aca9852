/* group.h - a server that goes down ends many sessions at once: one event, and one alert that
 * counts them. */
#ifndef SMTPWATCH_POLICY_GROUP_H
#define SMTPWATCH_POLICY_GROUP_H

#include "policy/session_report.h"

/*
 * Sessions belong to one event if they have the same server, the same verdict and the same cause,
 * which is shutdown or server-crash, and ended within a second of the first of them. That one
 * raises the alert, which says how many sessions of the server ended together with it
 * (record.together); the others raise none. The verdict is part of it so that no alert is hidden by
 * another of less weight, or of another kind: a server that goes down with mail in its hands raises
 * one alert for the sessions that were idle and one for those that had a message unanswered. No
 * session is lost: outputs still get each, marked as grouped, and show what became of the messages
 * of those that are critical.
 */
enum { GROUPING_EVENTS = 64 };

/* One event, as far as it must be recognised again. */
struct grouping_event {
	struct ip_addr server;
	uint16_t port;
	enum verdict verdict;
	enum cause_id cause;
	int64_t first; /* when its first session ended */
	bool used;
};

/* Zero-filled before first use. The oldest event makes room: the next session of it would be an
 * alert of its own, which is one too many and none too few. */
struct grouping {
	struct grouping_event events[GROUPING_EVENTS];
	unsigned next;
};

/* Call for each report, in the order in which sessions ended: takes the alert of its verdict away
 * if one before it counts it. */
void grouping_apply(struct grouping *g, struct report *r);

#endif
