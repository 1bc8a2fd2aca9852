/* suppression_file.c - reads the rules. To add a condition: a row of `keys`, a member of struct
 * suppression_rule, and suppression.c decides by it. */
#include "policy/suppression.h"

#include "base/ascii.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "text/suggest.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { V4_BITS = 32, V6_BITS = 128, DOMAIN_MAX = 253 };

/* Reads "192.0.2.0/24" or "2001:db8::1". */
static bool net_read(struct suppression_net *net, const char *text, struct error *why)
{
	size_t n = strcspn(text, "/"), digits;
	char host[IP_ADDR_TEXT] = "";
	unsigned most, bits;
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
	if (n < sizeof host)
		memcpy(host, text, n);
	if (inet_pton(AF_INET, host, mapped + 12) == 1) {
		memcpy(net->addr.b, mapped, sizeof mapped);
		most = V4_BITS;
	} else if (inet_pton(AF_INET6, host, net->addr.b) == 1) {
		most = V6_BITS;
	} else {
		return error_set(why, "\"%.99s\" is no address and no network", text);
	}
	text += n;
	digits = *text == '/' ? strspn(text + 1, "0123456789") : 0;
	bits = *text == '/' ? (unsigned)strtoul(text + 1, NULL, 10) : most;
	if (*text == '/' && (digits == 0 || digits > 3 || text[1 + digits] != '\0' || bits > most))
		return error_set(why, "\"%.99s\" is no length of a network", text);
	net->given = true;
	net->bits = bits + V6_BITS - most;
	for (unsigned i = net->bits; i < V6_BITS; i++)
		if (net->addr.b[i / 8] >> (7 - i % 8) & 1)
			return error_set(why, "the address has bits behind its /%u", bits);
	return true;
}

static bool server_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return net_read(&r->server, text, why);
}

static bool client_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return net_read(&r->client, text, why);
}

static bool domain_read(const char **domain, const char *text, struct error *why)
{
	const char *name = text[0] == '*' && text[1] == '.' ? text + 2 : text;
	size_t n = strlen(name);
	if (n == 0 || n > DOMAIN_MAX || strpbrk(name, "@*<>") || name[0] == '.')
		return error_set(why,
				 "\"%.99s\" is no domain; there are example.net, and *.example.net "
				 "for all below it",
				 text);
	*domain = text;
	return true;
}

static bool sender_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return domain_read(&r->sender, text, why);
}

static bool recipient_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return domain_read(&r->recipient, text, why);
}

static bool rule_verdict_read(struct suppression_rule *r, const char *text, struct error *why)
{
	r->kind = alert_kind_read(text);
	return r->kind < ALERT_KINDS ||
	       error_set(why, "\"%.99s\" is no verdict or other alert; --list-alerts shows them",
			 text);
}

static bool rule_cause_read(struct suppression_rule *r, const char *text, struct error *why)
{
	r->cause = cause_read(text);
	return r->cause < CAUSES ||
	       error_set(why, "\"%.99s\" is no cause; docs/alerts.md has them", text);
}

static bool zone_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return suppression_time_zone(&r->time, text, why);
}

static bool lost_mail_read(struct suppression_rule *r, const char *text, struct error *why)
{
	r->lost_mail = strcmp(text, "yes") == 0;
	return r->lost_mail || strcmp(text, "no") == 0 ||
	       error_set(why, "\"%.99s\" is neither yes nor no", text);
}

static bool from_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return suppression_time_from(&r->time, text, why);
}

static bool until_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return suppression_time_until(&r->time, text, why);
}

static bool days_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return suppression_time_days(&r->time, text, why);
}

static bool hours_read(struct suppression_rule *r, const char *text, struct error *why)
{
	return suppression_time_hours(&r->time, text, why);
}

static bool comment_read(struct suppression_rule *r, const char *text, struct error *why)
{
	(void)why;
	r->comment = text;
	return true;
}

/* The words of a line, in the order in which they are read: times are of the zone. narrows: the
 * word leaves alerts out, and a rule has at least one such word. */
static const struct {
	const char *name;
	bool narrows, required;
	bool (*read)(struct suppression_rule *r, const char *text, struct error *why);
} keys[] = {
	{"zone", false, false, zone_read},          {"server", true, false, server_read},
	{"client", true, false, client_read},       {"sender", true, false, sender_read},
	{"recipient", true, false, recipient_read}, {"verdict", true, false, rule_verdict_read},
	{"cause", true, false, rule_cause_read},    {"from", true, false, from_read},
	{"until", false, true, until_read},         {"days", true, false, days_read},
	{"hours", true, false, hours_read},         {"lost-mail", false, false, lost_mail_read},
	{"comment", false, true, comment_read},
};
enum { KEYS = sizeof keys / sizeof keys[0], COMMENT = KEYS - 1 };

static bool key_unknown(const char *word, size_t n, struct error *why)
{
	struct suggestion near = {.word = word, .n = n};
	for (size_t k = 0; k < KEYS; k++)
		suggest_offer(&near, keys[k].name);
	error_set(why, "\"%.*s\" is no word of a rule", n < 99 ? (int)n : 99, word);
	return near.best ? error_append(why, "; did you mean %s?", near.best)
			 : error_append(why, "; there are server, client, sender, recipient, "
					     "verdict, cause, from, until, days, hours, zone, "
					     "lost-mail, comment");
}

/* Splits the words of a line, in place; values has one for each key, or NULL. */
static bool line_split(char *at, const char *values[KEYS], struct error *why)
{
	while (*(at += strspn(at, " \t")) != '\0') {
		size_t n = strcspn(at, " \t"), name = strcspn(at, "= \t"), k = 0;
		while (k < KEYS &&
		       (strlen(keys[k].name) != name || memcmp(keys[k].name, at, name) != 0))
			k++;
		if (k == KEYS)
			return key_unknown(at, name, why);
		if (at[name] != '=')
			return error_set(why, "%s has no value; it reads %s=VALUE", keys[k].name,
					 keys[k].name);
		if (values[k])
			return error_set(why, "%s stands there twice", keys[k].name);
		values[k] = at + name + 1;
		if (k == COMMENT) {
			values[k] += strspn(values[k], " \t");
			return true;
		}
		at += n;
		if (*at != '\0')
			*at++ = '\0';
	}
	return true;
}

static bool rule_fill(struct suppression_rule *r, const char *const values[KEYS], struct error *why)
{
	bool narrow = false;
	for (size_t k = 0; k < KEYS; k++) {
		struct error inner = {0};
		if (values[k] ? values[k][0] == '\0' : keys[k].required)
			return error_set(why, "%s is missing%s", keys[k].name,
					 k == COMMENT ? ", which says why" : "");
		if (values[k] && !keys[k].read(r, values[k], &inner))
			return error_set(why, "%s: %s", keys[k].name, inner.text);
		narrow |= values[k] && keys[k].narrows;
	}
	if (r->time.until <= r->time.from)
		return error_set(why, "until is not after from");
	return narrow || error_set(why, "the rule would hold back every alert; it needs a "
					"condition, or from, days or hours");
}

/* line: without its end. Returns false with a sentence in why. */
static bool rule_read(struct suppression_rule *r, struct bytes line, struct error *why)
{
	const char *values[KEYS] = {NULL};
	if (line.n > SUPPRESSION_LINE)
		return error_set(why, "the line is longer than %d bytes", SUPPRESSION_LINE);
	for (size_t i = 0; i < line.n; i++)
		if ((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return error_set(why, "there is a control byte: this is no text");
	/* The line as it stands, and behind it the one that is split into words. */
	r->text = calloc(2, line.n + 1);
	if (!r->text)
		return error_set(why, "no memory");
	memcpy(r->text, line.p, line.n);
	memcpy(r->text + line.n + 1, line.p, line.n);
	return line_split(r->text + line.n + 1, values, why) && rule_fill(r, values, why);
}

/* Adds the rule of a line. */
static bool rule_add(struct suppression *s, unsigned number, struct bytes line, struct error *why)
{
	struct suppression_rule *r = &s->rules[s->n];
	if (s->n == SUPPRESSION_RULES)
		return error_set(why, "there are more than %d rules", SUPPRESSION_RULES);
	*r = (struct suppression_rule){.line = number, .kind = ALERT_KINDS, .cause = CAUSES};
	if (rule_read(r, line, why)) {
		s->n++;
		return true;
	}
	free(r->text);
	return false;
}

struct suppression *suppression_read(struct bytes text, suppression_mistake *bad, void *arg)
{
	struct suppression *s = calloc(1, sizeof *s);
	unsigned number = 0, mistakes = 0;
	if (!s) {
		bad(arg, 0, "no memory");
		return NULL;
	}
	while (text.n > 0 && mistakes <= SUPPRESSION_MISTAKES) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_first(text, end ? (size_t)(end - text.p) : text.n);
		struct error why;
		text = bytes_from(text, line.n + (end != NULL));
		line = ascii_trim(line);
		number++;
		if (line.n == 0 || line.p[0] == '#' || rule_add(s, number, line, &why))
			continue;
		if (mistakes++ < SUPPRESSION_MISTAKES)
			bad(arg, number, why.text);
		else
			bad(arg, number, "here and further on are more mistakes");
	}
	if (mistakes == 0)
		return s;
	suppression_free(s);
	return NULL;
}
