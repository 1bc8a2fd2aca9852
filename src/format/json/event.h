/* event.h - the lines of JSON output, each an object with its line end. docs/schema.json
 * describes them. */
#ifndef SMTPWATCH_FORMAT_JSON_EVENT_H
#define SMTPWATCH_FORMAT_JSON_EVENT_H

#include "format/json/json.h"
#include "policy/throttle.h"
#include "stats/daily.h"

/* The lines of a record at most: the session's, its verdict's alert, and one for each extra alert.
 * None is longer than JSON_LINE_MAX. */
enum { JSON_LINES = 2 + ALERT_KINDS - VERDICTS };

/* A session's line, and one for each alert that it raises: the same once more, because whoever
 * reads only alerts must find everything in it. */
void json_event_record(struct json *j, const struct report *r);

/* One of these alerts alone. */
void json_event_alert(struct json *j, const struct report *r, unsigned kind);

/* The alert of which the throttle kept several back: the latest session's, with the sum. */
void json_event_repeat(struct json *j, const struct throttle_repeat *repeat);

void json_event_daily(struct json *j, const struct daily *day);

/* Every counter, also those that are 0: a dashboard that has never seen a name cannot ask for it.
 */
void json_event_stats(struct json *j, const struct summary *sum);

#endif
