/* alert_kind.h - all that an alert can be of: each verdict, and the asides, which hold beside
 * whatever the verdict is. */
#ifndef SMTPWATCH_POLICY_ALERT_KIND_H
#define SMTPWATCH_POLICY_ALERT_KIND_H

#include "smtpwatch/record.h"

/* A verdict's number is its signature; the asides follow. A session may have several asides, and
 * none changes its verdict. */
enum signature { SIGNATURE_SLOW_ACCEPTANCE = VERDICTS, SIGNATURES };

/* What an aside is measured by. */
struct aside_limits {
	int64_t slow_acceptance; /* nanoseconds; 0: never */
};

/* The words for it, as of a verdict; `holds` of an aside is NULL. */
const struct verdict_row *signature_row(unsigned s);

/* SIGNATURES if there is none of that id. */
unsigned signature_read(const char *id);

/* The asides of a session, a bit each: 1 << enum signature. */
uint64_t signature_asides(const struct record *r, const struct aside_limits *limits);

#endif
