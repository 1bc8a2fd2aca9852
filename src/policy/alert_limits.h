/* alert_limits.h - the bound of the number of alert kinds, and the limits of the extra alerts. */
#ifndef SMTPWATCH_POLICY_ALERT_LIMITS_H
#define SMTPWATCH_POLICY_ALERT_LIMITS_H

#include <stdint.h>

/* The most alert kinds (alert_kind.h): a mask of them has a bit for each. */
enum { ALERT_KINDS_MAX = 64 };

/* The limits of the extra alerts. */
struct extra_limits {
	int64_t slow_acceptance; /* nanoseconds; 0: never */
};

#endif
