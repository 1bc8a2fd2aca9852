/* session_report.c - the operator's view of a record. */
#include "policy/session_report.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

struct report report_make(const struct alerting *alerting, const struct record *record,
			  const char *input)
{
	struct report r = {.record = *record, .input = input, .alerting = alerting};
	uint64_t extras = alert_kind_extras(record, &alerting->limits), left;
	struct judgement j = alerting_judge(alerting, record->ending, record->judgement);
	r.record.judgement = j;
	r.severity = alerting_severity(alerting, j.verdict, record->ending);
	r.also = j.also | extras;
	for (left = extras | UINT64_C(1) << j.verdict; left != 0; left &= left - 1)
		if (report_severity(&r, (unsigned)__builtin_ctzll(left)) >= alerting->min)
			r.raised |= left & -left;
	return r;
}

const struct cause *report_cause(const struct report *r)
{
	const struct cause *c = r->record.cause;
	return c && (c->id != CAUSE_UNEXPLAINED || c->evidences > 0) ? c : NULL;
}

bool report_stands_out(const struct report *r)
{
	uint64_t limited = r->limited |
			   (r->grouped ? UINT64_C(1) << r->record.judgement.verdict : 0);
	for (; limited != 0; limited &= limited - 1)
		if (report_severity(r, (unsigned)__builtin_ctzll(limited)) == SEVERITY_CRITICAL)
			return true;
	return r->raised != 0;
}

bool report_loses_mail(const struct report *r)
{
	for (const struct transaction *t = r->record.session->first; t; t = t->next)
		if (t->fate == FATE_FALSELY_ACCEPTED)
			return true;
	return false;
}

unsigned report_worst(const struct report *r)
{
	unsigned worst = r->record.judgement.verdict;
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1)
		if (report_severity(r, (unsigned)__builtin_ctzll(left)) > report_severity(r, worst))
			worst = (unsigned)__builtin_ctzll(left);
	return worst;
}
