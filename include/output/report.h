/* report.h - one session as every output gets it: the record, redacted, and what the operator's wishes make of it. */
#ifndef SMTPWATCH_OUTPUT_REPORT_H
#define SMTPWATCH_OUTPUT_REPORT_H

#include "output/alerting.h"

struct report {
	struct record record;   /* its judgement follows the operator's severities */
	enum severity severity; /* of the verdict */
	uint64_t also;          /* the other verdicts and the asides that hold: 1 << enum signature */
	uint64_t raised;        /* what it is an alert of: the verdict, asides, several, or nothing */
	bool grouped;           /* its verdict would be an alert; one before it counts it (grouping.h) */
	const char *input;      /* the interface or file */
	const struct alerting *alerting;
};

/* record is copied, as far as its pointers; alerting and input are borrowed. */
struct report report_make(const struct alerting *alerting, const struct record *record, const char *input);

/* The cause that there is something to say of, or NULL. */
const struct cause *report_cause(const struct report *r);

static inline bool report_raises(const struct report *r, unsigned signature)
{
	return r->raised >> signature & 1;
}

/* The severity of one of the alerts that are raised. */
static inline enum severity report_severity(const struct report *r, unsigned signature)
{
	return r->alerting->of[signature];
}

#endif
