/* fields.h - what an alert says of itself as names and values, a row each: for outputs that have
 * fields of their own. */
#ifndef SMTPWATCH_FORMAT_FIELDS_H
#define SMTPWATCH_FORMAT_FIELDS_H

#include "policy/throttle.h"
#include "text/buffer.h"
#include "text/digest.h"
#include "text/timestamp.h"

/* An alert. sum: NULL: it is one, and not several that the throttle kept back; then report is
 * sum->latest. */
struct alert_view {
	const struct report *report;
	unsigned kind;
	const struct throttle_repeat *sum;
	const char *
		how; /* why it is told beside another one: "again", "same event"; NULL: it is not */
	struct digest *digest; /* borrowed */
	struct stamp *stamp;   /* borrowed */
};

struct alert_field {
	const char *name; /* letters and "_", lower case, at most 20 */
	/* Writes the value: valid UTF-8 without control bytes. False, and nothing that counts,
	 * where it is not known. */
	bool (*put)(struct outbuf *b, const struct alert_view *v);
};

/* The longest value, in bytes: where all of them share a message of 2 KiB, and where there is room.
 * What is longer is cut between two characters, and ends with "...". And how many there may be. */
enum { ALERT_FIELD_SHORT = 256, ALERT_FIELD_LONG = 4096, ALERT_FIELDS_MAX = 48 };

/* What matters most comes first, because an output may have no room for all. Ended by a row without
 * a name. A fact is added here. */
extern const struct alert_field alert_fields[ALERT_FIELDS_MAX + 1];

/* Calls `each` for every fact that is known; `value` has at most `most` bytes, is valid for the
 * length of the call, and ends with a NUL. scratch is the caller's, and overwritten. */
void alert_fields_each(const struct alert_view *v, size_t max, struct outbuf *scratch,
		       void (*each)(void *arg, const char *name, struct bytes value), void *arg);

/* The message that an alert is about: the slow one; else the first that did not come well to its
 * end, or the last. NULL: there is none. */
const struct transaction *alert_message_of(const struct alert_view *v);

/* "SMTPWATCH_QUEUE_ID" of "queue_id": for environments and the journal. */
enum { ALERT_FIELD_NAME = 40 };
char *alert_field_upper(const char *name, char out[ALERT_FIELD_NAME]);

/* Whether this is NAME=VALUE, with such a name. */
bool alert_field_is_variable(const char *text);

#endif
