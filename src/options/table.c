/* table.c - the table of all options, and the values that are read by hand. */
#include "base/ascii.h"
#include "nids/stream_nids.h"
#include "options/row.h"
#include "sink/sink.h"
#include "stats/daily.h"
#include "text/suggest.h"
#include "transport/unix_socket.h"

#include <net/if.h>
#include <stdlib.h>

/* Accepts a name that an interface can have. The interface need not exist yet. */
static bool interface_check(struct options *o, const char *value, struct error *why)
{
	size_t n = strlen(value);
	(void)o;
	if (strchr(value, ','))
		return error_set(why,
				 "\"%.99s\" is no interface; several are given one by one, each by "
				 "its own option",
				 value);
	if (n > 0 && n < IFNAMSIZ && !strpbrk(value, "/ \t"))
		return true;
	return error_set(why,
			 "\"%.99s\" is no interface; a name has 1 to %d characters, such as eth0; "
			 "any is all of them",
			 value, IFNAMSIZ - 1);
}

/* Reads one port of the list: digits, then an optional kind. */
static bool port_read(const char *text, size_t n, uint16_t *port, enum port_kind *kind)
{
	static const struct {
		const char *suffix;
		enum port_kind kind;
	} kinds[] = {{"", PORT_SMTP}, {"/tls", PORT_TLS}, {"/lmtp", PORT_LMTP}};
	size_t digits = strspn(text, "0123456789");
	unsigned long number = digits > 0 && digits <= 5 ? strtoul(text, NULL, 10) : 0;
	if (digits > n || number == 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strlen(kinds[i].suffix) == n - digits &&
		    memcmp(kinds[i].suffix, text + digits, n - digits) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool ports_set(struct options *o, const char *value, struct error *why)
{
	struct monitor_config *m = &o->monitor;
	m->any_port = false;
	memset(&m->ports, 0, sizeof m->ports);
	memset(&m->tls_ports, 0, sizeof m->tls_ports);
	memset(&m->lmtp_ports, 0, sizeof m->lmtp_ports);
	for (const char *at = value;; at++) {
		size_t n = strcspn(at, ",");
		bool any = n == 3 && memcmp(at, "any", n) == 0;
		enum port_kind kind;
		uint16_t port;
		m->any_port |= any;
		if (!any && !port_read(at, n, &port, &kind))
			return error_set(
				why,
				"\"%.*s\" is no port; a list reads 25,465/tls,24/lmtp or 25,any",
				n < 99 ? (int)n : 99, at);
		if (!any)
			monitor_config_port(m, port, kind);
		at += n;
		if (*at == '\0')
			return true;
	}
}

static bool severity_set(struct options *o, const char *value, struct error *why)
{
	return alerting_set(&o->alerting, value, why);
}

static bool gateway_set(struct options *o, const char *value, struct error *why)
{
	return alerting_gateway(&o->alerting, value, why);
}

static bool output_check(struct options *o, const char *value, struct error *why)
{
	const char *target;
	(void)o;
	if (sink_kind_read(value, &target))
		return true;
	error_set(why, "there is no output \"%.99s\"; there are", value);
	for (const struct sink_kind *const *k = sink_kinds; *k; k++)
		error_append(why, "%s %s", k == sink_kinds ? "" : ",", (*k)->name);
	return false;
}

static bool explain_check(struct options *o, const char *value, struct error *why)
{
	(void)o;
	return value[0] != '\0' ||
	       error_set(why,
			 "which session? worst, a number, an address, a Message-ID, a queue id");
}

static bool directory_check(struct options *o, const char *value, struct error *why)
{
	(void)o;
	return (value[0] != '\0' && strcmp(value, "-") != 0) ||
	       error_set(why, "\"%s\" is no directory: each alert's packets become a file in it",
			 value);
}

static bool socket_check(struct options *o, const char *value, struct error *why)
{
	(void)o;
	return outsocket_check(value, why);
}

static bool digest_set(struct options *o, const char *value, struct error *why)
{
	o->digest = daily_read(value);
	return o->digest >= -1 ||
	       error_set(why, "\"%.99s\" is neither off nor a time of the day (UTC), such as 08:00",
			 value);
}

/* Reads DIR:30d. A folder whose name ends so is named with its days. */
static bool history_set(struct options *o, const char *value, struct error *why)
{
	const char *colon = strrchr(value, ':');
	size_t n = colon ? strspn(colon + 1, "0123456789") : 0;
	bool days = n > 0 && n <= 4 && strcmp(colon + 1 + n, "d") == 0;
	struct options_history *h = &o->history;
	*h = (struct options_history){.days = 30};
	if (strcmp(value, "off") == 0)
		return true;
	h->memory = strcmp(value, ":memory:") == 0;
	if (h->memory)
		return true;
	h->path = value;
	h->path_n = days ? (size_t)(colon - value) : strlen(value);
	if (days)
		h->days = (unsigned)strtoul(colon + 1, NULL, 10);
	return (h->path_n > 0 && h->days > 0) ||
	       error_set(why,
			 "\"%.99s\" is no folder for a history, such as /var/lib/smtpwatch/history "
			 "or, with the days that are kept, /var/lib/smtpwatch/history:90d",
			 value);
}

/* "own" is the earlier name of the native engine. */
static bool engine_set(struct options *o, const char *value, struct error *why)
{
	if (strcmp(value, stream_nids.name) == 0)
		o->monitor.engine = &stream_nids;
	else if (strcmp(value, stream_native.name) == 0 || strcmp(value, "own") == 0)
		o->monitor.engine = &stream_native;
	else
		return error_set(why, "\"%.99s\" is no engine; there are native, nids", value);
	return true;
}

/* The compiler warns if the member has another type. */
#define KIND(of, type, path)                                                                       \
	.kind = OPTION_##of, .member = offsetof(struct options, path) +                            \
				       0 * sizeof((type *)0 == &((struct options *)0)->path)
#define BOUNDS(from, to)              .min = from, .max = to
#define FLAG(place, path)             KIND(FLAG, bool, path)
#define ACTION(value)                 KIND(ACTION, enum options_action, action), .min = value
#define STRING(place, path, f)        KIND(STRING, const char *, path), .hand = f
#define LIST(place, path, f)          KIND(LIST, struct options_list, path), .hand = f
#define NUMBER(place, path, from, to) KIND(NUMBER, unsigned, path), BOUNDS(from, to)
#define SIZE(place, path, from, to)   KIND(SIZE, size_t, path), BOUNDS(from, to)
#define TIME(place, path, from)       KIND(TIME, int64_t, path), BOUNDS(from, OPTION_TIME_MAX)
#define CHOICE(place, type, path, f, from, end, list)                                              \
	KIND(CHOICE, type, path), BOUNDS(from, (end)-1), .read = f, .names = list
#define HAND(place, type, path, f)     KIND(HAND, type, path), .hand = f
#define OPTION(g, n, l, a, k, d, f, h) {g, n, l, a, .fallback = d, .flags = f, .help = h, k},

const struct option_row option_rows[] = {
#include "options/options.def"
	{0},
};

const char *option_group_begun(const struct option_row *row)
{
	return row == option_rows || strcmp(row->group, row[-1].group) != 0 ? row->group : NULL;
}

const struct option_row *option_row_named(const char *name, size_t n)
{
	for (const struct option_row *row = option_rows; row->name; row++)
		if (strlen(row->name) == n && memcmp(row->name, name, n) == 0)
			return row;
	return NULL;
}

const struct option_row *option_row_lettered(char letter)
{
	for (const struct option_row *row = option_rows; row->name; row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

void settings_add(struct settings *s, struct setting one, struct config_errors *m)
{
	struct setting *all = realloc(s->all, (s->n + 1) * sizeof *all);
	if (!all) {
		config_errors_add(m, one.line, "no memory");
		return;
	}
	all[s->n++] = one;
	s->all = all;
}

const struct setting *settings_next(const struct settings *s, const struct option_row *row,
				    size_t *at)
{
	while (*at < s->n) {
		const struct setting *one = &s->all[(*at)++];
		if (one->row == row)
			return one;
	}
	return NULL;
}

void option_unknown(struct config_errors *m, unsigned line, const char *name, size_t n)
{
	struct suggestion near = {.word = name, .n = n};
	for (const struct option_row *row = option_rows; row->name; row++)
		if (line == 0 || !(row->flags & OPTION_LINE))
			suggest_offer(&near, row->name);
	if (near.best)
		config_errors_add(m, line,
				  line > 0 ? "there is no option \"%.*s\"; did you mean %s?"
					   : "there is no option --%.*s; did you mean --%s?",
				  (int)n, name, near.best);
	else
		config_errors_add(m, line,
				  line > 0 ? "there is no option \"%.*s\"; smtpwatch --help shows "
					     "them all"
					   : "there is no option --%.*s; --help shows them all",
				  (int)n, name);
}
