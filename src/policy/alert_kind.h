/* alert_kind.h - the kinds of alert: each verdict, and the asides, which are independent of the
 * verdict. */
#ifndef SMTPWATCH_POLICY_ALERT_KIND_H
#define SMTPWATCH_POLICY_ALERT_KIND_H

#include "smtpwatch/record.h"

/* The number of an alert kind: of a verdict its own number, then the asides. A session may have
 * several asides; none changes its verdict. */
enum signature { SIGNATURE_SLOW_ACCEPTANCE = VERDICTS, SIGNATURES };

/* The limits of the asides. */
struct aside_limits {
	int64_t slow_acceptance; /* nanoseconds; 0: never */
};

/* Returns the texts of an alert kind, as of a verdict; `holds` of an aside is NULL. The row is
 * static. */
const struct verdict_row *signature_row(unsigned s);

/* Returns the number of the alert kind with this id, or SIGNATURES if there is none. */
unsigned signature_read(const char *id);

/* Returns the asides of a session: a bit 1 << enum signature for each. */
uint64_t signature_asides(const struct record *r, const struct aside_limits *limits);

#endif
