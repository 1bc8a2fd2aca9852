/* traffic.c - counts sessions and messages. */
#include "stats/traffic.h"

#include "policy/acceptance.h"
#include "smtpwatch/frame.h"

static void wait_count(struct traffic *t, const struct transaction *m)
{
	int64_t waited = acceptance_wait(m);
	if (waited < 0)
		return;
	t->answers++;
	t->waited += waited;
}

void traffic_message(struct traffic *t, const struct transaction *m, enum fate fate)
{
	t->messages++;
	t->fates[fate]++;
	wait_count(t, m);
}

static void session_count(struct traffic *t, const struct report *r)
{
	const struct session_info *info = r->record.session;
	t->sessions++;
	t->alerts += (uint64_t)__builtin_popcountll(report_alerts(r));
	for (unsigned f = FATE_ACCEPTED; f < FATES; f++) {
		t->fates[f] += info->fates[f];
		t->messages += info->fates[f];
	}
	for (const struct transaction *m = info->first; m; m = m->next)
		wait_count(t, m);
}

void traffic_hour(struct traffic_hours *hours, const struct report *r)
{
	const int64_t hour = 3600 * FRAME_SECOND, day = TRAFFIC_HOURS * hour;
	int64_t rest = r->record.end % day;
	session_count(&hours->utc[(rest < 0 ? rest + day : rest) / hour], r);
	if (stamp_is_local())
		session_count(&hours->local[stamp_hour(&hours->stamp, r->record.end)], r);
}

const struct traffic *traffic_told(const struct traffic_hours *hours)
{
	return stamp_is_local() ? hours->local : hours->utc;
}

void traffic_add(struct traffic *to, const struct traffic *one)
{
	to->sessions += one->sessions;
	to->alerts += one->alerts;
	to->messages += one->messages;
	for (unsigned f = 0; f < FATES; f++)
		to->fates[f] += one->fates[f];
	to->answers += one->answers;
	to->waited += one->waited;
}

int64_t traffic_delay(const struct traffic *t)
{
	return t->answers > 0 ? t->waited / (int64_t)t->answers : 0;
}
