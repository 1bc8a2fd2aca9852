/* fields.h - an alert as names and values, for outputs that have fields of their own: syslog, the
 * journal, the environment of a program. */
#ifndef SMTPWATCH_FORMAT_FIELDS_H
#define SMTPWATCH_FORMAT_FIELDS_H

#include "policy/throttle.h"
#include "text/buffer.h"
#include "text/digest.h"
#include "text/timestamp.h"

/* One alert, or the sum of rate-limited alerts. All pointers are borrowed. */
struct alert_view {
	const struct report *report;       /* if sum is set: sum->latest */
	unsigned kind;                     /* enum alert_kind */
	const struct throttle_repeat *sum; /* NULL: one alert */
	/* Why another alert already reports this one: "again" (rate-limited) or "same event"
	 * (grouped). NULL: no other alert does. */
	const char *how;
	struct digest *digest;
	struct stamp *stamp;
};

struct alert_field {
	const char *name; /* lower-case letters and "_", at most 20 */
	/* Appends the value: valid UTF-8 without control bytes. Returns false if the value is not
	 * known; the caller then discards what was appended. */
	bool (*put)(struct outbuf *b, const struct alert_view *v);
};

/* SHORT, LONG: bounds of a value in bytes. SHORT is for outputs whose fields share a message of 2
 * KiB. MAX: number of fields at most. */
enum { ALERT_FIELD_SHORT = 256, ALERT_FIELD_LONG = 4096, ALERT_FIELDS_MAX = 48 };

/* The field table, terminated by a row whose name is NULL. The most important fields come first,
 * because an output may have no room for all. A new field gets its row here. */
extern const struct alert_field alert_fields[ALERT_FIELDS_MAX + 1];

/*
 * Calls `each` for every field whose value is known, in the order of the table. A value longer than
 * max bytes is cut between two characters and ends with "...". A NUL that value.n does not count
 * follows the value. Borrowed until `each` returns.
 *
 * scratch is overwritten; the caller frees it. If memory is exhausted, the remaining fields are
 * left out.
 */
void alert_fields_each(const struct alert_view *v, size_t max, struct outbuf *scratch,
		       void (*each)(void *arg, const char *name, struct bytes value), void *arg);

/* Returns the message that an alert is about, or NULL if there is none. For slow-acceptance, that
 * is the message with the longest wait, if it was kept. For a verdict, that is the first message
 * with a fate other than accepted and aborted, else the last message. Borrowed from the report. */
const struct transaction *alert_message_of(const struct alert_view *v);

/* Writes the field's name as a variable, for environments and the journal: "SMTPWATCH_QUEUE_ID" for
 * "queue_id". Returns out. */
enum { ALERT_FIELD_NAME = 40 };
char *alert_field_upper(const char *name, char out[ALERT_FIELD_NAME]);

/* Returns true if text is NAME=VALUE with a name as alert_field_upper writes them. */
bool alert_field_is_variable(const char *text);

#endif
