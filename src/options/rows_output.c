/* rows_output.c - the options of the outputs. */
#include "options/value.h"
#include "sink/sink.h"
#include "trace/ladder_format.h"

/* Enough for a few sessions of each worker. */
enum { PCAP_MEMORY_MIN = 8 << 20 };

static bool set_output(struct options *o, const char *value, struct error *why)
{
	const char *target;

	if (sink_kind_read(value, &target) != NULL)
		return option_value_add(&o->outputs, value, why);
	error_set(why, "there is no output \"%.99s\"; there are", value);
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++)
		error_append(why, "%s %s", k == sink_kinds ? "" : ",", (*k)->name);
	return false;
}

static bool set_redact(struct options *o, const char *value, struct error *why)
{
	o->redact = redact_read(value);
	if (o->redact != REDACT_MODES)
		return true;
	return error_set(why, "\"%.99s\" is none of none, local, hash, all", value);
}

static bool set_explain(struct options *o, const char *value, struct error *why)
{
	o->explain = value;
	if (value[0] != '\0')
		return true;
	return error_set(why,
			 "which session? worst, a number, an address, a Message-ID, a queue id");
}

static bool set_ladder(struct options *o, const char *value, struct error *why)
{
	o->ladder = ladder_format_read(value);
	if (o->ladder == LADDER_SCENARIO && o->explain == NULL)
		o->explain = EXPLAIN_ALL;
	if (o->ladder != LADDER_FORMATS)
		return true;
	return error_set(why, "\"%.99s\" is none of %s", value, LADDER_FORMAT_NAMES(", "));
}

static bool set_top(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->top = true;
	return true;
}

static bool set_write_pcap(struct options *o, const char *value, struct error *why)
{
	o->write_pcap = value;
	if (value[0] != '\0' && strcmp(value, "-") != 0)
		return true;
	return error_set(why, "\"%s\" is no directory: each alert's packets become a file in it",
			 value);
}

static bool set_write_pcap_memory(struct options *o, const char *value, struct error *why)
{
	return option_value_size(&o->pcap_memory, value, PCAP_MEMORY_MIN, SIZE_MAX / 2, why);
}

static bool set_stats_interval(struct options *o, const char *value, struct error *why)
{
	return option_value_time(&o->stats_interval, value, true, why);
}

static bool set_repeat(struct options *o, const char *value, struct error *why)
{
	return option_value_time(&o->repeat, value, true, why);
}

static bool set_digest(struct options *o, const char *value, struct error *why)
{
	o->digest = daily_read(value);
	if (o->digest >= -1)
		return true;
	return error_set(why, "\"%.99s\" is neither off nor a time of the day (UTC), such as 08:00",
			 value);
}

const struct option_row option_rows_output[] = {
	{"output", 'o', "KIND[:TARGET]", NULL, OPTION_MANY | OPTION_RESTART, set_output,
	 "how and where to tell; several times; text on a terminal, else json; TARGET is a file, "
	 "or - for standard output",
	 NULL},
	{"redact", 0, "none|local|hash|all", "none", OPTION_RESTART, set_redact,
	 "mail addresses in every output: as they are, ***@domain, hashed, or left out", NULL},
	{"explain", 0, "SESSION", NULL, OPTION_LINE, set_explain,
	 "captures: one session in plain words, and its dialogue: worst, its number, an address, a "
	 "Message-ID, a queue id",
	 NULL},
	{"ladder", 0, LADDER_FORMAT_NAMES("|"), "text", OPTION_LINE, set_ladder,
	 "with --explain: its dialogue as a text, or alone as a table, a diagram, or a test case "
	 "(scenario: without "
	 "bodies and passwords; without --explain, of all sessions)",
	 NULL},
	{"top", 0, NULL, NULL, OPTION_LINE, set_top,
	 "a view on the terminal, live or of captures: servers, clients and sessions, each with "
	 "its dialogue; ? shows its keys",
	 NULL},
	{"write-pcap", 0, "DIR", NULL, OPTION_RESTART, set_write_pcap,
	 "the packets of each session that an alert is told of, or that is critical, as captured, "
	 "into a file of their own",
	 NULL},
	{"write-pcap-memory", 0, "SIZE", "64M", OPTION_RESTART, set_write_pcap_memory,
	 "live: packets kept for it, at most; of each session the first 64K and the latest 192K",
	 NULL},
	{"repeat", 0, "TIME", "60s", OPTION_RESTART, set_repeat,
	 "live: an alert that was told is told again after it, as a sum, then after twice that, up "
	 "to a day; 0: each is told",
	 NULL},
	{"digest", 0, "HH:MM|off", "off", OPTION_RESTART, set_digest,
	 "live: the time (UTC) at which a day is summed up in a line", NULL},
	{"stats-interval", 0, "TIME", "60s", 0, set_stats_interval,
	 "live: statistics are told so often; 0: only at the end", NULL},
	{0},
};
