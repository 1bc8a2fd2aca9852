/* alerting.h - what the operator wants to be alerted of: severities of their own, and the threshold. */
#ifndef SMTPWATCH_OUTPUT_ALERTING_H
#define SMTPWATCH_OUTPUT_ALERTING_H

#include "core/verdict.h"

struct alerting {
	enum severity of[VERDICTS]; /* SEVERITY_NONE mutes */
	enum severity min;          /* an alert is a verdict of this severity or worse; never SEVERITY_NONE */
};

/* The catalogue's severities, and notice as the threshold. */
struct alerting alerting_default(void);

/* Reads "221-for-message=warning". False, with a sentence in why (n bytes), where it is none. */
bool alerting_set(struct alerting *a, const char *text, char *why, size_t n);

/*
 * The core judges by the catalogue's severities. If the operator's put another verdict that holds above it, that one is the verdict, and the former joins the others. A tie changes
 * nothing.
 */
struct judgement alerting_judge(const struct alerting *a, struct judgement j);

static inline bool alerting_is_alert(const struct alerting *a, enum verdict v)
{
	return a->of[v] >= a->min;
}

#endif
