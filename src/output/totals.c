/* totals.c - the few additions that each session costs. */
#include "output/totals.h"

void totals_count(struct totals *t, const struct report *r)
{
	const struct session_facts *facts = r->record.session;

	t->sessions++;
	t->verdicts[r->record.judgement.verdict]++;
	for (unsigned f = 0; f < FATES; f++)
		t->fates[f] += facts->fates[f];
	if (r->alert) {
		t->alerts++;
		t->alert_severity[r->severity]++;
	}
	servers_count(t->servers, &r->record, r->alert ? r->severity : SEVERITY_NONE);
}
