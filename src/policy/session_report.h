/* session_report.h - one session as every output gets it: the record, and the alerts that the
 * operator's rules make of it. */
#ifndef SMTPWATCH_POLICY_SESSION_REPORT_H
#define SMTPWATCH_POLICY_SESSION_REPORT_H

#include "policy/alert_rules.h"
#include "policy/role.h"

struct report {
	struct record record;   /* its judgement follows the operator's severities */
	uint64_t number;        /* in the order in which sessions ended, from 1 */
	enum severity severity; /* of the verdict */
	uint64_t also; /* 1 << enum alert_kind: the other verdicts and the extra alerts that hold */
	uint64_t raised;  /* 1 << enum alert_kind: the alerts of this session; several, or none */
	uint64_t limited; /* 1 << enum alert_kind: rate-limited alerts, which a later sum reports
			    (throttle.h) */
	uint64_t suppressed;     /* 1 << enum alert_kind: alerts that the operator's rules hold back
				    (suppression.h) */
	const char *suppression; /* with suppressed: the comment of the rule; else NULL */
	bool grouped;      /* an earlier session of the event has raised the alert of the verdict
			      (group.h) */
	enum role role;    /* of the watched host; ROLE_NONE: not asked */
	const char *input; /* the interface or file that the session came from */
	const char *pcap;  /* name of the file with the session's packets; NULL: none */
	uint32_t pcap_omitted; /* packets of the session that the file does not have */
	const struct alerting *alerting;
};

/* Makes a report. Copies *record, but not what it points to; alerting and input are borrowed. */
struct report report_make(const struct alerting *alerting, const struct record *record,
			  const char *input);

/* Returns the cause if it is explained or has evidence, else NULL. */
const struct cause *report_cause(const struct report *r);

static inline bool report_raises(const struct report *r, unsigned kind)
{
	return r->raised >> kind & 1;
}

/* Returns all alerts of the session, rate-limited ones included, suppressed ones not. */
static inline uint64_t report_alerts(const struct report *r)
{
	return r->raised | r->limited;
}

/* Whether the session deserves a look of its own: it raises an alert, or has a critical one that
 * is rate-limited or grouped. */
bool report_stands_out(const struct report *r);

/* Whether the sender believes of a message that the server has it, and the server has not: such an
 * alert is neither rate-limited nor grouped, for each is another mail that is lost. */
bool report_loses_mail(const struct report *r);

/* Returns the alert kind of the highest severity: the verdict, unless an alert is worse. */
unsigned report_worst(const struct report *r);

/* Returns the severity of an alert kind that holds. */
static inline enum severity report_severity(const struct report *r, unsigned kind)
{
	return alerting_severity(r->alerting, kind, r->record.ending);
}

#endif
