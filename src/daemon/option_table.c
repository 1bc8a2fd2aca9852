/* option_table.c - every option: its setter, and its row in the table at the end. */
#include "daemon/option_row.h"
#include "nids/stream_nids.h"
#include "output/sink.h"

#include <stdlib.h>

enum { WORKERS_MAX = 1024, CONNS_MAX = 100000000, IDLE_MAX = 30 * 86400, MEMORY_LEAST = 1 << 20 };

static bool list_add(struct options_list *list, const char *value, char why[OPTION_WHY])
{
	const char **all = realloc(list->all, (list->n + 1) * sizeof(*all));

	if (all == NULL) {
		snprintf(why, OPTION_WHY, "no memory");
		return false;
	}
	all[list->n++] = value;
	list->all = all;
	return true;
}

static bool set_read(struct options *o, const char *value, char why[OPTION_WHY])
{
	return list_add(&o->reads, value, why);
}

static bool set_absent(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)o;
	(void)value;
	snprintf(why, OPTION_WHY, "live capture is not in this version; -r reads a capture file");
	return false;
}

static bool set_output(struct options *o, const char *value, char why[OPTION_WHY])
{
	const char *target;
	int n;

	if (sink_kind_read(value, &target) != NULL)
		return list_add(&o->outputs, value, why);
	n = snprintf(why, OPTION_WHY, "there is no output \"%.99s\"; there are", value);
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++)
		n += snprintf(why + n, OPTION_WHY - (size_t)n, "%s %s", k == sink_kinds ? "" : ",", (*k)->name);
	return false;
}

/* A decimal number with one of the suffixes behind it, each of which multiplies by its factor; 0: not a number, or not within the bounds. */
static uint64_t number_read(const char *value, const char *suffixes, const uint64_t *factors, uint64_t least, uint64_t most)
{
	uint64_t n, factor = 1;
	size_t digits = strspn(value, "0123456789");
	const char *suffix = value[digits] != '\0' ? strchr(suffixes, value[digits]) : NULL;

	if (digits == 0 || digits > 18 || (value[digits] != '\0' && (suffix == NULL || value[digits + 1] != '\0')))
		return 0;
	n = strtoull(value, NULL, 10);
	if (suffix != NULL)
		factor = factors[suffix - suffixes];
	return n > most / factor || n * factor < least ? 0 : n * factor;
}

/* of seconds */
static const char time_suffixes[] = "smh";
static const uint64_t time_factors[] = {1, 60, 3600};

struct port_word {
	const char *suffix;
	enum port_kind kind;
};

/* One of the list: digits, then nothing or a kind. */
static bool port_read(const char *text, size_t n, uint16_t *port, enum port_kind *kind)
{
	static const struct port_word kinds[] = {{"", PORT_SMTP}, {"/tls", PORT_TLS}, {"/lmtp", PORT_LMTP}};
	size_t digits = strspn(text, "0123456789");
	unsigned long number = digits > 0 && digits <= 5 ? strtoul(text, NULL, 10) : 0;

	if (digits > n || number == 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].suffix) == n - digits && memcmp(kinds[i].suffix, text + digits, n - digits) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool set_ports(struct options *o, const char *value, char why[OPTION_WHY])
{
	struct monitor_config *m = &o->monitor;

	m->any_port = false;
	memset(&m->ports, 0, sizeof(m->ports));
	memset(&m->tls_ports, 0, sizeof(m->tls_ports));
	memset(&m->lmtp_ports, 0, sizeof(m->lmtp_ports));
	o->ports = value;
	for (const char *at = value;; at++) {
		size_t n = strcspn(at, ",");
		enum port_kind kind;
		uint16_t port;

		bool any = n == 3 && memcmp(at, "any", n) == 0;

		m->any_port |= any;
		if (!any && !port_read(at, n, &port, &kind)) {
			snprintf(why, OPTION_WHY, "\"%.*s\" is no port; a list reads 25,465/tls,24/lmtp or 25,any",
				 n < 99 ? (int)n : 99, at);
			return false;
		}
		if (!any)
			monitor_config_port(m, port, kind);
		at += n;
		if (*at == '\0')
			return true;
	}
}

static bool set_config(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)why;
	o->config = value;
	return true;
}

static bool set_check(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)value;
	(void)why;
	o->action = OPTIONS_CHECK;
	return true;
}

static bool set_workers(struct options *o, const char *value, char why[OPTION_WHY])
{
	o->workers = (unsigned)number_read(value, "", NULL, 1, WORKERS_MAX);
	if (o->workers != 0 || strcmp(value, "0") == 0)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is no number from 0 to %d", value, WORKERS_MAX);
	return false;
}

static bool set_engine(struct options *o, const char *value, char why[OPTION_WHY])
{
	static const struct stream_engine *const engines[] = {&stream_own, &stream_nids};

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(value, engines[i]->name) == 0) {
			o->monitor.engine = engines[i];
			return true;
		}
	snprintf(why, OPTION_WHY, "\"%.99s\" is no engine; there are own, nids", value);
	return false;
}

/* A severity that can be reached: none is not one. */
static bool severity_set(enum severity *to, const char *value, char why[OPTION_WHY])
{
	enum severity s = severity_read(value);

	if (s != SEVERITIES && s != SEVERITY_NONE) {
		*to = s;
		return true;
	}
	snprintf(why, OPTION_WHY, "\"%.99s\" is none of info, notice, warning, error, critical", value);
	return false;
}

static bool set_min_severity(struct options *o, const char *value, char why[OPTION_WHY])
{
	return severity_set(&o->alerting.min, value, why);
}

static bool set_fail_on(struct options *o, const char *value, char why[OPTION_WHY])
{
	return severity_set(&o->fail_on, value, why);
}

static bool set_severity(struct options *o, const char *value, char why[OPTION_WHY])
{
	return alerting_set(&o->alerting, value, why, OPTION_WHY);
}

static bool set_slow_acceptance(struct options *o, const char *value, char why[OPTION_WHY])
{
	uint64_t seconds = number_read(value, time_suffixes, time_factors, 1, IDLE_MAX);

	o->alerting.limits.slow_acceptance = (int64_t)seconds * FRAME_SECOND;
	if (seconds != 0 || strcmp(value, "0") == 0)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is neither 0 nor a time of up to 30 days, such as 60, 60s or 2m", value);
	return false;
}

static bool set_redact(struct options *o, const char *value, char why[OPTION_WHY])
{
	o->redact = redact_read(value);
	if (o->redact != REDACT_MODES)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is none of none, local, hash, all", value);
	return false;
}

static bool set_checksum(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)value;
	(void)why;
	o->monitor.insist_checksum = true;
	return true;
}

static bool set_max_connections(struct options *o, const char *value, char why[OPTION_WHY])
{
	o->monitor.stream.max_conns = (unsigned)number_read(value, "", NULL, 1, CONNS_MAX);
	if (o->monitor.stream.max_conns != 0)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is no number from 1 to %d", value, CONNS_MAX);
	return false;
}

static bool set_memory(struct options *o, const char *value, char why[OPTION_WHY])
{
	static const uint64_t factors[] = {1 << 10, 1 << 20, 1 << 30};

	o->monitor.memory = (size_t)number_read(value, "KMG", factors, MEMORY_LEAST, SIZE_MAX / 2);
	if (o->monitor.memory != 0)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is no size of at least 1M, such as 512M or 2G", value);
	return false;
}

static bool set_idle_timeout(struct options *o, const char *value, char why[OPTION_WHY])
{
	o->monitor.stream.idle = (int64_t)number_read(value, time_suffixes, time_factors, 1, IDLE_MAX) * FRAME_SECOND;
	if (o->monitor.stream.idle != 0)
		return true;
	snprintf(why, OPTION_WHY, "\"%.99s\" is no time of 1 second to 30 days, such as 90s, 30m or 2h", value);
	return false;
}

static bool set_user(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)why;
	o->user = value;
	return true;
}

static bool set_list_alerts(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)value;
	(void)why;
	o->action = OPTIONS_LIST_ALERTS;
	return true;
}

static bool set_version(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)value;
	(void)why;
	o->action = OPTIONS_VERSION;
	return true;
}

static bool set_help(struct options *o, const char *value, char why[OPTION_WHY])
{
	(void)value;
	(void)why;
	o->action = OPTIONS_HELP;
	return true;
}

static void show_max_connections(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, defaults->monitor.stream.max_conns);
}

static void show_memory(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, defaults->monitor.memory >> 20);
	outbuf_char(b, 'M');
}

static void show_idle_timeout(struct outbuf *b, const struct options *defaults)
{
	outbuf_number(b, (uint64_t)(defaults->monitor.stream.idle / FRAME_SECOND));
	outbuf_char(b, 's');
}

/* A row without a fallback leaves what the core has as its default, which is what the help then says. */
const struct option_row option_rows[] = {
	{"read", 'r', "FILE", NULL, 0, set_read,
	 "a capture: pcap or pcapng, also compressed (gzip, zstd); - is standard input; may be given several times", NULL},
	{"interface", 'i', "INTERFACE", NULL, 0, set_absent, NULL, NULL},
	{"output", 'o', "KIND[:TARGET]", NULL, 0, set_output,
	 "how and where to tell; several times; text on a terminal, else json; TARGET is a file, or - for standard output", NULL},
	{"ports", 'p', "LIST", "25,587", 0, set_ports,
	 "the servers' ports; PORT/tls: TLS from the first byte; PORT/lmtp: LMTP; any: SMTP wherever it is recognised", NULL},
	{"config", 'c', "FILE", NULL, OPTION_LINE, set_config,
	 "options from a file, one \"name = value\" a line; the command line goes before it", NULL},
	{"test", 'T', NULL, NULL, OPTION_LINE, set_check, "check command line and configuration file, and exit", NULL},
	{"workers", 'j', "N", "1", 0, set_workers, "0: one per CPU; the output is the same for any number", NULL},
	{"engine", 0, "own|nids", "own", 0, set_engine, "what reassembles the TCP streams", NULL},
	{"min-severity", 0, "SEVERITY", "notice", 0, set_min_severity,
	 "what counts as an alert: info, notice, warning, error, critical", NULL},
	{"fail-on", 0, "SEVERITY", NULL, 0, set_fail_on, "exit with 1 if there was an alert of this severity or worse", NULL},
	{"severity", 0, "ALERT=SEVERITY", NULL, OPTION_ADDS, set_severity,
	 "another severity for a verdict or other alert; none mutes it; several times", NULL},
	{"slow-acceptance", 0, "TIME", "60s", 0, set_slow_acceptance,
	 "an alert where the answer to a whole message takes so long: 60, 60s, 2m; 0: none", NULL},
	{"redact", 0, "MODE", "none", 0, set_redact, "mail addresses in every output: none, local (***@domain), hash, all", NULL},
	{"checksum", 0, NULL, NULL, 0, set_checksum, "leave out TCP segments with a wrong checksum", NULL},
	{"max-connections", 0, "N", NULL, 0, set_max_connections, "watched at the same time, at most", show_max_connections},
	{"memory", 0, "SIZE", NULL, 0, set_memory, "used at most: 512M, 2G", show_memory},
	{"idle-timeout", 0, "TIME", NULL, 0, set_idle_timeout, "a session without a packet is given up after it: 90s, 30m, 2h",
	 show_idle_timeout},
	{"user", 'Z', "USER", NULL, 0, set_user,
	 "started as root: the user to become (smtpwatch, or else nobody; root to stay root)", NULL},
	{"list-alerts", 0, NULL, NULL, OPTION_LINE, set_list_alerts,
	 "all verdicts and other alerts with severity, meaning and RFC, and exit", NULL},
	{"version", 0, NULL, NULL, OPTION_LINE, set_version, "say the version, and exit", NULL},
	{"help", 'h', NULL, NULL, OPTION_LINE, set_help, "say this, and exit", NULL},
	{0},
};
