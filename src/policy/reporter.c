/* reporter.c - a record becomes a report: redaction, rules, suppression, grouping and rate
 * limits, in this order and once. */
#include "policy/reporter.h"

#include "policy/group.h"
#include "policy/role.h"

#include <stdlib.h>

struct reporter {
	struct reporter_config config;
	struct redactor *redactor;
	struct suppression *suppression; /* NULL: no rules */
	struct grouping grouping;
	struct throttle *throttle; /* live */
	struct role_addrs *addrs;  /* live; NULL: not known */
	struct report report;      /* the latest */
	uint64_t reports;
};

struct reporter *reporter_new(const struct reporter_config *config)
{
	struct reporter *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->config = *config;
	p->redactor = redactor_new(&config->redaction);
	if (config->live) {
		p->throttle = throttle_new(config->repeat, config->repeated, config->repeated_arg);
		p->addrs = role_addrs_new();
	}
	if (p->redactor && (p->throttle || !config->live))
		return p;
	reporter_free(p);
	return NULL;
}

void reporter_free(struct reporter *p)
{
	if (!p)
		return;
	redactor_free(p->redactor);
	throttle_free(p->throttle);
	role_addrs_free(p->addrs);
	free(p);
}

struct report *reporter_report(struct reporter *p, const struct record *record, const char *input)
{
	struct report *r = &p->report;
	*r = report_make(p->config.alerting, redactor_record(p->redactor, record), input);
	r->number = ++p->reports;
	/* Before grouping: an alert that is held back stands for no other session. */
	suppression_apply(p->suppression, record, r);
	grouping_apply(&p->grouping, r);
	if (p->config.live) {
		r->role = p->addrs ? role_of(p->addrs, r->record.conn) : ROLE_UNKNOWN;
		throttle_apply(p->throttle, r);
	}
	return r;
}

void reporter_suppress(struct reporter *p, struct suppression *s)
{
	p->suppression = s;
}

const struct suppression *reporter_suppression(const struct reporter *p)
{
	return p->suppression;
}

void reporter_tick(struct reporter *p, int64_t now)
{
	if (p->throttle)
		throttle_tick(p->throttle, now);
}

void reporter_finish(struct reporter *p)
{
	if (p->throttle)
		throttle_finish(p->throttle);
}
