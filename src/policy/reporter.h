/* reporter.h - makes the one report of each session, which all outputs and views get. */
#ifndef SMTPWATCH_POLICY_REPORTER_H
#define SMTPWATCH_POLICY_REPORTER_H

#include "policy/redact.h"
#include "policy/suppression.h"
#include "policy/throttle.h"

struct reporter_config {
	const struct alerting *alerting; /* borrowed; may change between two records */
	struct redaction redaction;
	bool live; /* alerts are rate-limited, and the role of the watched host is looked up */
	/* With live. repeat: nanoseconds until a repeated alert is reported, as a sum; 0: each
	 * alert is reported. repeated: gets the sums, see throttle_new. */
	int64_t repeat;
	void (*repeated)(void *arg, struct throttle_repeat *repeat);
	void *repeated_arg;
};

struct reporter;

/* Makes a reporter. Copies *config. Returns NULL if memory is exhausted; reporter_free frees it,
 * and allows NULL. */
struct reporter *reporter_new(const struct reporter_config *config);
void reporter_free(struct reporter *p);

/* Makes the report of a session: redacted, judged by the operator's rules, what they suppress held
 * back, grouped with the event that it belongs to, rate-limited. Call once for each session, in the
 * order in which sessions end. record is not redacted; input, the interface or file that it came
 * from, is borrowed for the life of the report. The result is borrowed until the next call. */
struct report *reporter_report(struct reporter *p, const struct record *record, const char *input);

/* From now on these rules hold alerts back; NULL: none. s is borrowed until the next call or the
 * end, and counts what it held back. */
void reporter_suppress(struct reporter *p, struct suppression *s);

/* Returns the rules, or NULL. Borrowed. */
const struct suppression *reporter_suppression(const struct reporter *p);

/* With live: reports the sums of rate-limited alerts that are due at now, nanoseconds since the
 * epoch; at the end all of them. */
void reporter_tick(struct reporter *p, int64_t now);
void reporter_finish(struct reporter *p);

#endif
