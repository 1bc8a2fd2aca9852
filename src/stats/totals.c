/* totals.c - counts each session. */
#include "stats/totals.h"
#include "policy/alert_kind.h"
#include "stats/tls_share.h"

static void alert_kind_count(struct totals *t, const struct report *r, unsigned s)
{
	enum severity severity = report_severity(r, s);
	t->alert_kinds[s]++;
	if (severity > t->worst[s])
		t->worst[s] = (uint8_t)severity;
}

void totals_count(struct totals *t, const struct report *r)
{
	const struct session_info *info = r->record.session;
	t->sessions++;
	t->grouped += r->grouped;
	t->tls += tls_share_used(r);
	t->decrypted += tls_share_read(r);
	t->one_way += r->record.ending->seen == SEEN_ONE_WAY;
	t->cut += r->record.ending->seen == SEEN_TRUNCATED;
	alert_kind_count(t, r, r->record.judgement.verdict);
	for (unsigned s = VERDICTS; s < ALERT_KINDS; s++)
		if (r->also >> s & 1)
			alert_kind_count(t, r, s);
	for (unsigned f = 0; f < FATES; f++)
		t->fates[f] += info->fates[f];
	t->suppressed += (uint64_t)__builtin_popcountll(r->suppressed);
	t->limited += (uint64_t)__builtin_popcountll(r->limited);
	for (uint64_t left = report_alerts(r); left != 0; left &= left - 1) {
		t->alerts++;
		t->alert_severity[report_severity(r, (unsigned)__builtin_ctzll(left))]++;
	}
	traffic_hour(&t->hours, r);
	servers_count(t->servers, r);
}
