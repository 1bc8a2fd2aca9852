/* suppression.c - which rule holds an alert back. Only alerts come here. */
#include "policy/suppression.h"

#include "base/ascii.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

#include <stdlib.h>

void suppression_free(struct suppression *s)
{
	for (size_t i = 0; s && i < s->n; i++)
		free(s->rules[i].text);
	free(s);
}

static bool net_has(const struct suppression_net *net, const struct ip_addr *a)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	if (!net->given)
		return true;
	return memcmp(net->addr.b, a->b, whole) == 0 &&
	       (rest == 0 || (net->addr.b[whole] ^ a->b[whole]) >> (8 - rest) == 0);
}

/* domain: "example.net", or "*.example.net" for what is below it. */
static bool domain_has(const char *domain, struct bytes address)
{
	struct bytes of = bytes_str(domain), at = address;
	while (at.n > 0 && at.p[at.n - 1] != '@')
		at.n--;
	if (at.n == 0)
		return false;
	address = bytes_from(address, at.n);
	if (domain[0] == '*') {
		of = bytes_from(of, 1);
		if (address.n <= of.n)
			return false;
		address = bytes_from(address, address.n - of.n);
	}
	return ascii_equal(of, address);
}

/* Whether all addresses with that tag are of the domain, and at least one is there. An address that
 * was not kept may be of another. */
static bool addresses_are(const struct session_info *info, enum string_tag tag, const char *domain)
{
	unsigned n = 0;
	if (!domain)
		return true;
	if (info->transactions_omitted > 0)
		return false;
	for (const struct transaction *t = info->first; t; t = t->next) {
		struct string one;
		if (t->strings.full || t->strings.cut || t->rcpts_missing)
			return false;
		for (uint16_t pos = 0; strings_next(&t->strings, &pos, &one);) {
			if (one.tag != tag)
				continue;
			if (one.text.n >= strings_text_max(tag) || !domain_has(domain, one.text))
				return false;
			n++;
		}
	}
	return n > 0;
}

/* The alert kinds that a rule is of. The cause explains the verdict, and no other alert. */
static uint64_t kinds_of(const struct suppression_rule *rule, const struct report *r)
{
	uint64_t verdict = UINT64_C(1) << r->record.judgement.verdict, all = UINT64_MAX;
	if (rule->cause != CAUSES) {
		const struct cause *c = report_cause(r);
		all = c && c->id == rule->cause ? verdict : 0;
	}
	return rule->kind == ALERT_KINDS ? all : all & UINT64_C(1) << rule->kind;
}

static bool rule_holds(const struct suppression_rule *rule, const struct record *record)
{
	return suppression_time_holds(&rule->time, record->end) &&
	       net_has(&rule->server, &record->conn->addr[SERVER]) &&
	       net_has(&rule->client, &record->conn->addr[CLIENT]) &&
	       addresses_are(record->session, STRING_FROM, rule->sender) &&
	       addresses_are(record->session, STRING_RCPT, rule->recipient);
}

void suppression_apply(struct suppression *s, const struct record *unredacted, struct report *r)
{
	bool loses = r->raised != 0 &&
		     (report_loses_mail(r) || r->record.session->fates[FATE_FALSELY_ACCEPTED] > 0);
	for (size_t i = 0; s && i < s->n && r->raised != 0; i++) {
		struct suppression_rule *rule = &s->rules[i];
		uint64_t held = r->raised & kinds_of(rule, r);
		if (held == 0 || (loses && !rule->lost_mail) || !rule_holds(rule, unredacted))
			continue;
		r->raised &= ~held;
		r->suppressed |= held;
		rule->held += (uint64_t)__builtin_popcountll(held);
		if (!r->suppression)
			r->suppression = rule->comment;
	}
}

void suppression_continue(struct suppression *s, const struct suppression *from)
{
	bool taken[SUPPRESSION_RULES] = {false};
	for (size_t i = 0; s && from && i < s->n; i++)
		for (size_t k = 0; k < from->n; k++)
			if (!taken[k] && strcmp(s->rules[i].text, from->rules[k].text) == 0) {
				s->rules[i].held = from->rules[k].held;
				s->rules[i].told = from->rules[k].told;
				taken[k] = true;
				break;
			}
}

const struct suppression_rule *suppression_expired(struct suppression *s, int64_t now)
{
	for (size_t i = 0; s && i < s->n; i++) {
		struct suppression_rule *rule = &s->rules[i];
		if (!rule->told && now >= rule->time.until) {
			rule->told = true;
			return rule;
		}
	}
	return NULL;
}
