/* group.h - one alert for the sessions that a server ends at once when it goes down. */
#ifndef SMTPWATCH_POLICY_GROUP_H
#define SMTPWATCH_POLICY_GROUP_H

#include "policy/session_report.h"

/*
 * Sessions form one event if they have the same server, verdict and cause. The cause must be
 * shutdown or server-crash, and they must end within a second of the first session. The first
 * raises the alert, with the number of sessions of the server that ended together
 * (record.together); the others raise none.
 * The verdict is part of the key, so that no alert hides another of a different kind. Example: a
 * server goes down with mail in progress. One alert stands for its idle sessions, and one for
 * those with an unanswered message.
 * No session is lost: outputs still get each session, marked as grouped, and show the messages of
 * critical ones.
 */
enum { GROUPING_EVENTS = 64 };

/* An event: the key by which it is recognised. */
struct grouping_event {
	struct ip_addr server;
	uint16_t port;
	unsigned verdict, cause; /* enum verdict, enum cause_id */
	int64_t first;           /* time of its first session's end, nanoseconds since the epoch */
	bool used;
};

/* The latest events. Zero-filled before first use. If all are in use, the oldest is dropped: its
 * next session would raise an alert of its own. */
struct grouping {
	struct grouping_event events[GROUPING_EVENTS];
	unsigned next;
};

/* Call for each report, in the order of the sessions' ends. Removes the alert of the verdict from
 * r if an earlier report of the event has raised it. */
void grouping_apply(struct grouping *g, struct report *r);

#endif
