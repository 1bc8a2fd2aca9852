/* alert_rules.h - what the operator wants to be alerted of: severities of their own, the threshold,
 * and the limits of the asides. */
#ifndef SMTPWATCH_POLICY_ALERT_RULES_H
#define SMTPWATCH_POLICY_ALERT_RULES_H

#include "policy/alert_kind.h"

struct alerting {
	enum severity of[SIGNATURES]; /* SEVERITY_NONE mutes */
	uint64_t own;      /* 1 << signature: the operator's word, and not the catalogue's */
	enum severity min; /* an alert has this severity or worse; never SEVERITY_NONE */
	struct aside_limits limits;
};

/* The catalogue's severities, notice as the threshold, a minute for slow-acceptance. */
struct alerting alerting_default(void);

/* Reads "221-for-message=warning". False, with a sentence in why (n bytes), where it is none. */
bool alerting_set(struct alerting *a, const char *text, char *why, size_t n);

/*
 * The core judges by the catalogue's severities. If the operator's put another verdict that holds
 * above it, that one is the verdict, and the former joins the others. A tie changes nothing.
 */
struct judgement alerting_judge(const struct alerting *a, const struct ending *e,
				struct judgement j);

/* The severity of a verdict or an aside that holds of this ending. Where the operator said nothing,
 * a verdict may be milder than its worst. */
enum severity alerting_severity(const struct alerting *a, unsigned signature,
				const struct ending *e);

#endif
