/* rows_judge.c - the options of what is an alert. */
#include "options/value.h"

/* Reads a severity other than none. */
static bool severity_set(enum severity *to, const char *value, struct error *why)
{
	enum severity s = severity_read(value);

	if (s != SEVERITIES && s != SEVERITY_NONE) {
		*to = s;
		return true;
	}
	return error_set(why, "\"%.99s\" is none of info, notice, warning, error, critical", value);
}

static bool set_min_severity(struct options *o, const char *value, struct error *why)
{
	return severity_set(&o->alerting.min, value, why);
}

static bool set_fail_on(struct options *o, const char *value, struct error *why)
{
	return severity_set(&o->fail_on, value, why);
}

static bool set_severity(struct options *o, const char *value, struct error *why)
{
	return alerting_set(&o->alerting, value, why);
}

static bool set_slow_acceptance(struct options *o, const char *value, struct error *why)
{
	return option_value_time(&o->alerting.limits.slow_acceptance, value, true, why);
}

const struct option_row option_rows_judge[] = {
	{"min-severity", 0, "SEVERITY", "notice", 0, set_min_severity,
	 "what counts as an alert: info, notice, warning, error, critical", NULL},
	{"severity", 0, "ALERT=SEVERITY", NULL, OPTION_ADDS | OPTION_MANY, set_severity,
	 "another severity for a verdict or other alert; none mutes it; several times", NULL},
	{"slow-acceptance", 0, "TIME", "60s", 0, set_slow_acceptance,
	 "an alert where the answer to a whole message takes so long: 60, 60s, 2m; 0: none", NULL},
	{"fail-on", 0, "SEVERITY", NULL, 0, set_fail_on,
	 "exit with 1 if there was an alert of this severity or worse", NULL},
	{0},
};
