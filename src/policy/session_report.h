/* session_report.h - one session as every output gets it: the record, redacted, and what the
 * operator's wishes make of it. */
#ifndef SMTPWATCH_POLICY_SESSION_REPORT_H
#define SMTPWATCH_POLICY_SESSION_REPORT_H

#include "policy/alert_rules.h"
#include "policy/role.h"

struct report {
	struct record record;   /* its judgement follows the operator's severities */
	enum severity severity; /* of the verdict */
	uint64_t also;     /* the other verdicts and the asides that hold: 1 << enum signature */
	uint64_t raised;   /* what it is an alert of: the verdict, asides, several, or nothing */
	uint64_t folded;   /* and what it would be an alert of, if that had not been told lately: a
			      sum will tell it (throttle.h) */
	bool grouped;      /* its verdict would be an alert; one before it counts it (group.h) */
	enum role role;    /* of the watched host; ROLE_NONE: not asked */
	const char *input; /* the interface or file */
	const char *pcap;  /* the name of the file with its packets; NULL: there is none */
	uint32_t pcap_omitted; /* of them, so many are not in it */
	const struct alerting *alerting;
};

/* record is copied, as far as its pointers; alerting and input are borrowed. */
struct report report_make(const struct alerting *alerting, const struct record *record,
			  const char *input);

/* The cause that there is something to say of, or NULL. */
const struct cause *report_cause(const struct report *r);

static inline bool report_raises(const struct report *r, unsigned signature)
{
	return r->raised >> signature & 1;
}

/* All that it is an alert of, whether it is told now or in a sum. */
static inline uint64_t report_alerts(const struct report *r)
{
	return r->raised | r->folded;
}

/* What somebody will look into by itself: an alert of it is told, or it is critical, and told in a
 * sum or with another one. */
bool report_stands_out(const struct report *r);

/* The worst of its alerts; its verdict, unless one is worse. */
unsigned report_worst(const struct report *r);

/* The severity of one of the alerts. */
static inline enum severity report_severity(const struct report *r, unsigned signature)
{
	return alerting_severity(r->alerting, signature, r->record.ending);
}

#endif
