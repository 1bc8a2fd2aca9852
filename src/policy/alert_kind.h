/* alert_kind.h - the kinds of alert: each verdict, and the extra alerts, which are independent of
 * the verdict. */
#ifndef SMTPWATCH_POLICY_ALERT_KIND_H
#define SMTPWATCH_POLICY_ALERT_KIND_H

#include "policy/alert_limits.h"
#include "smtpwatch/record.h"
#include "smtpwatch/verdict.h"

/* The number of an alert kind: of a verdict its own number, then the extra alerts. A session may
 * have several extra alerts; none changes its verdict. */
enum alert_kind { ALERT_SLOW_ACCEPTANCE = VERDICTS, ALERT_KINDS };

/* Returns the texts of an alert kind, as of a verdict. The row is static. */
const struct verdict_row *alert_kind_row(unsigned s);

/* Returns the number of the alert kind with this id, or ALERT_KINDS if there is none. */
unsigned alert_kind_read(const char *id);

/* Returns the extra alerts of a session: a bit 1 << enum alert_kind for each. */
uint64_t alert_kind_extras(const struct record *r, const struct extra_limits *limits);

#endif
