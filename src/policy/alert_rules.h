/* alert_rules.h - the operator's rules for alerts: severities, the threshold, and the limits of
 * the extra alerts. */
#ifndef SMTPWATCH_POLICY_ALERT_RULES_H
#define SMTPWATCH_POLICY_ALERT_RULES_H

#include "base/error.h"
#include "policy/alert_limits.h"
#include "smtpwatch/record.h"
#include "smtpwatch/severity.h"

/* Bytes of the name of a machine, with the NUL: that of a domain (RFC 1035, 2.3.4). */
enum { GATEWAY_MAX = 256 };

struct alerting {
	enum severity of[ALERT_KINDS_MAX]; /* SEVERITY_NONE: the kind is muted */
	uint64_t own;                      /* 1 << alert kind: the operator set this severity */
	enum severity min; /* an alert has at least this severity; never SEVERITY_NONE */
	struct extra_limits limits;
	char gateway[GATEWAY_MAX]; /* the name of this machine in each record */
};

/* Returns the defaults: the catalogue's severities, the threshold notice, a minute for
 * slow-acceptance. */
struct alerting alerting_default(void);

/* Reads a rule such as "221-for-message=warning". Returns false with a sentence in why
 * if the text is invalid. */
bool alerting_set(struct alerting *a, const char *text, struct error *why);

/* Sets the name of this machine; NULL: the host's own name. Returns false with a sentence in why if
 * the text is no name: letters, digits and -._: of ASCII. */
bool alerting_gateway(struct alerting *a, const char *name, struct error *why);

/* Applies the operator's severities to j, which the core judged by the catalogue's. If another
 * verdict that holds now has a higher severity, it becomes the verdict, and the former verdict
 * joins the others. A tie changes nothing. */
struct judgement alerting_judge(const struct alerting *a, const struct ending *e,
				struct judgement j);

/* Returns the severity of a verdict or an extra alert that holds for e. Unless the operator set it,
 * a verdict may be milder than its catalogue severity. */
enum severity alerting_severity(const struct alerting *a, unsigned kind, const struct ending *e);

#endif
