/* event.h - the events of JSON output. Each event is one object and a line feed. docs/schema.json
 * describes them. */
#ifndef SMTPWATCH_FORMAT_JSON_EVENT_H
#define SMTPWATCH_FORMAT_JSON_EVENT_H

#include "format/json/json.h"
#include "policy/throttle.h"
#include "stats/daily.h"

/* Lines of one record at most: the session, the alert of its verdict, and each extra alert. No line
 * of a record is longer than JSON_LINE_MAX bytes. */
enum { JSON_LINES = 3 };

/* All functions append to j->b. If memory is exhausted, j->b->failed is set and the lines are
 * incomplete. */

/* Appends an event "session", and an event "alert" for each alert that the session raises. An alert
 * repeats all members of the session, so that a reader of alerts alone misses nothing. */
void json_event_record(struct json *j, const struct report *r);

/* Appends the event "session" alone. */
void json_event_session(struct json *j, const struct report *r);

/* Appends the event of one alert alone. kind: enum alert_kind. */
void json_event_alert(struct json *j, const struct report *r, unsigned kind);

/* Appends the event of a sum of rate-limited alerts: an alert of the latest session, with a member
 * "repeated". */
void json_event_repeat(struct json *j, const struct throttle_repeat *repeat);

/* Appends the daily summary: an event "digest" with the totals and the worst servers. */
void json_event_daily(struct json *j, const struct daily *day);

/* Appends an event "stats". Counters that are 0 are included: a dashboard needs to see a name
 * before it can use it. Offline the groups "memory" and "pcap" and the outputs are left out. */
void json_event_stats(struct json *j, const struct summary *sum);

#endif
