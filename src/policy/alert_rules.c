/* alert_rules.c - the operator's severities laid over the catalogue's. */
#include "policy/alert_rules.h"

#include "base/ascii.h"
#include "policy/alert_kind.h"
#include "smtpwatch/frame.h"
#include "text/suggest.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

struct alerting alerting_default(void)
{
	struct alerting a = {.min = SEVERITY_NOTICE,
			     .limits = {.slow_acceptance = 60 * FRAME_SECOND},
			     .gateway = "localhost"};
	for (unsigned s = 0; s < ALERT_KINDS; s++)
		a.of[s] = alert_kind_row(s)->severity;
	return a;
}

static void unknown(const char *id, size_t length, struct error *why)
{
	struct suggestion near = {.word = id, .n = length};
	int shown = length < 64 ? (int)length : 64;
	for (unsigned s = 0; s < ALERT_KINDS; s++)
		suggest_offer(&near, alert_kind_row(s)->id);
	if (near.best)
		error_set(why, "\"%.*s\" is no verdict or other alert; did you mean %s?", shown, id,
			  near.best);
	else
		error_set(why,
			  "\"%.*s\" is no verdict or other alert; --list-alerts shows them all",
			  shown, id);
}

bool alerting_gateway(struct alerting *a, const char *name, struct error *why)
{
	static const char marks[] = "-._:";
	char host[GATEWAY_MAX] = "";
	bool own = !name;
	if (own) {
		gethostname(host, sizeof host - 1);
		name = host;
	}
	size_t n = 0;
	while (ascii_alnum((uint8_t)name[n]) || (name[n] != '\0' && strchr(marks, name[n])))
		n++;
	if (n > 0 && n < GATEWAY_MAX && name[n] == '\0')
		memcpy(a->gateway, name, n + 1);
	else if (own)
		memcpy(a->gateway, "localhost", sizeof "localhost");
	else
		return error_set(why,
				 "\"%.99s\" is no name of a machine: letters, digits and %s, at "
				 "most %d of them",
				 name, marks, GATEWAY_MAX - 1);
	return true;
}

bool alerting_set(struct alerting *a, const char *text, struct error *why)
{
	const char *sign = strchr(text, '=');
	char id[64] = "";
	enum severity severity;
	unsigned s;
	if (!sign)
		return error_set(
			why,
			"\"%.99s\" is not of the form ALERT=SEVERITY, such as 421-idle=warning",
			text);
	if ((size_t)(sign - text) < sizeof id)
		memcpy(id, text, (size_t)(sign - text));
	s = alert_kind_read(id);
	severity = severity_read(sign + 1);
	if (s == ALERT_KINDS) {
		unknown(text, (size_t)(sign - text), why);
		return false;
	}
	if (severity == SEVERITIES)
		return error_set(why,
				 "\"%.99s\" is no severity; there are none, info, notice, warning, "
				 "error, critical",
				 sign + 1);
	a->of[s] = severity;
	a->own |= UINT64_C(1) << s;
	return true;
}

enum severity alerting_severity(const struct alerting *a, unsigned kind, const struct ending *e)
{
	assert(kind < ALERT_KINDS);
	if (kind >= VERDICTS || (a->own >> kind & 1) ||
	    a->of[kind] != alert_kind_row(kind)->severity)
		return a->of[kind];
	return verdict_severity((enum verdict)kind, e);
}

struct judgement alerting_judge(const struct alerting *a, const struct ending *e,
				struct judgement j)
{
	enum verdict worst = j.verdict;
	for (uint64_t also = j.also; also != 0; also &= also - 1) {
		enum verdict v = (enum verdict)__builtin_ctzll(also);
		if (alerting_severity(a, v, e) > alerting_severity(a, worst, e))
			worst = v;
	}
	if (worst != j.verdict)
		j.also = (j.also | UINT64_C(1) << j.verdict) & ~(UINT64_C(1) << worst);
	j.verdict = worst;
	return j;
}
