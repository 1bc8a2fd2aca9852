/* history_command.c - reads the arguments of a question, and has it answered. */
#include "app/history_command.h"

#include "app/run.h"
#include "base/log.h"
#include "history/report/archive.h"
#include "history/report/report.h"
#include "text/clock.h"
#include "text/timestamp.h"
#include "transport/site_key.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
	"usage: smtpwatch history DIR [WHAT] [options]\n"
	"What became of each mail, from the folder of --history DIR.\n\n"
	"WHAT: an outcome (lost, never, pending, refused, bounced, not-watched, delivered-later,\n"
	"delivered-twice, delivered-twice?, delivered-elsewhere, accepted); open: pending; twice,\n"
	"later, elsewhere: these; all: accepted mails too; or an address, a Message-ID, a queue "
	"id.\n"
	"Without it: all mails that were in trouble.\n\n"
	"  --since TIME      from then on: 2026-11-23, 2026-11-23T10:00, 3d, 12h (before the end)\n"
	"  --now TIME        as if it were then; else the end of what was watched\n"
	"  --by GROUP        sums by domain (of recipients), hour or server\n"
	"  -o, --output text|json|csv\n"
	"  --fail-on OUTCOME exit with 1 if a mail that is asked for has it; several times\n"
	"  --give-up TIME    after so long a mail that nobody accepted is never delivered (5d)\n"
	"  --site-key FILE   the site's key, for addresses and Message-IDs; several times: older\n"
	"                    keys\n"
	"  --local-time      times in the zone of TZ or of the system\n"
	"  --erase ADDRESS   take this person's mails out of all files\n"
	"  -h, --help        say this\n";

struct arguments {
	struct report_question q;
	uint32_t fail_on; /* 1 << enum outcome */
	const char *since, *now, *erase;
	const char *key_paths[REPORT_KEYS];
	size_t key_paths_n;
	uint8_t keys[REPORT_KEYS][DIGEST_KEY];
};

static int wrong(const char *format, const char *value)
{
	struct outbuf b = {0};
	for (; *format != '\0'; format++)
		if (*format == '%')
			outbuf_str(&b, value);
		else
			outbuf_char(&b, *format);
	log_line("%.*s; smtpwatch history --help shows how it is asked", (int)b.n, b.p);
	outbuf_free(&b);
	return EXIT_USAGE;
}

/* "3d", "12h", "30m", "90s" or "90": milliseconds. Returns false for anything else. */
static bool span_read(const char *text, int64_t *ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'\0', 1000}, {'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 9 || (text[digits] != '\0' && text[digits + 1] != '\0'))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (text[digits] == units[i].letter) {
			*ms = strtoll(text, NULL, 10) * units[i].ms;
			return true;
		}
	return false;
}

/* A date, or a date and a time, UTC: milliseconds since the epoch. */
static bool date_read(const char *text, int64_t *ms)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
					    "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		if (end && (*end == '\0' || strcmp(end, "Z") == 0)) {
			*ms = (int64_t)timegm(&tm) * 1000;
			return true;
		}
	}
	return false;
}

/* Returns the outcomes of a word as bits; 0: it is none. */
static uint32_t outcomes_read(const char *word)
{
	static const struct {
		const char *word;
		uint32_t outcomes;
	} words[] = {
		{"open", 1U << OUTCOME_PENDING},
		{"twice", 1U << OUTCOME_DELIVERED_TWICE | 1U << OUTCOME_DELIVERED_TWICE_MAYBE},
		{"later", 1U << OUTCOME_DELIVERED_LATER},
		{"elsewhere", 1U << OUTCOME_DELIVERED_ELSEWHERE},
		{"all", (1U << OUTCOMES) - 1},
	};
	enum outcome outcome = outcome_read(word);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].outcomes;
	return outcome < OUTCOMES ? 1U << outcome : 0;
}

/* Returns the place of a word in a list; n: it is none of these. */
static unsigned word_read(const char *word, const char *const *list, unsigned n)
{
	unsigned i = 0;
	while (i < n && strcmp(word, list[i]) != 0)
		i++;
	return i;
}

static int option_take(struct arguments *a, int option, const char *value)
{
	static const char *const formats[] = {"text", "json", "csv"}, *const groups[] = {
									      "", "domain", "hour",
									      "server"};
	uint32_t outcomes = option == 'f' ? outcomes_read(value) : 0;
	switch (option) {
	case 's':
		a->since = value;
		return 0;
	case 'n':
		a->now = value;
		return 0;
	case 'b':
		a->q.by = (enum report_by)word_read(value, groups, REPORT_BYS);
		return a->q.by > REPORT_MAILS && a->q.by < REPORT_BYS
			       ? 0
			       : wrong("\"%\" is none of domain, hour, server", value);
	case 'o':
		a->q.format = (enum report_format)word_read(value, formats, REPORT_FORMATS);
		return a->q.format < REPORT_FORMATS
			       ? 0
			       : wrong("\"%\" is none of text, json, csv", value);
	case 'f':
		a->fail_on |= outcomes;
		return outcomes ? 0 : wrong("\"%\" is no outcome", value);
	case 'g':
		return span_read(value, &a->q.give_up) && a->q.give_up > 0
			       ? 0
			       : wrong("\"%\" is no time, such as 5d or 36h", value);
	case 'k':
		if (a->key_paths_n == REPORT_KEYS)
			return wrong("\"%\" is one key too many", value);
		a->key_paths[a->key_paths_n++] = value;
		return 0;
	case 'e':
		a->erase = value;
		return 0;
	case 'l':
		stamp_local();
		return 0;
	default:
		return EXIT_USAGE;
	}
}

static int operands_take(struct arguments *a, int n, char **operands)
{
	a->q.outcomes = ((1U << OUTCOMES) - 1) & ~(1U << OUTCOME_ACCEPTED);
	if (n < 1 || n > 2)
		return wrong(n < 1 ? "which history?%" : "\"%\" is one word too many",
			     n < 1 ? "" : operands[2]);
	a->q.path = operands[0];
	if (n < 2)
		return 0;
	if (outcomes_read(operands[1])) {
		a->q.outcomes = outcomes_read(operands[1]);
	} else {
		a->q.what = operands[1];
		a->q.outcomes = (1U << OUTCOMES) - 1;
	}
	return 0;
}

/* Reads all arguments. Returns 0 or an exit code; *help: it was asked for. */
static int arguments_read(struct arguments *a, int argc, char **argv, bool *help)
{
	static const struct option options[] = {
		{"since", required_argument, NULL, 's'},
		{"now", required_argument, NULL, 'n'},
		{"by", required_argument, NULL, 'b'},
		{"output", required_argument, NULL, 'o'},
		{"fail-on", required_argument, NULL, 'f'},
		{"give-up", required_argument, NULL, 'g'},
		{"site-key", required_argument, NULL, 'k'},
		{"erase", required_argument, NULL, 'e'},
		{"local-time", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option, code = 0;
	opterr = 0;
	while (code == 0 && (option = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		if (option == 'h')
			*help = true;
		else if (option == '?' || option == ':')
			code = wrong(option == ':' ? "% lacks its value" : "there is no option %",
				     argv[optind - 1]);
		else
			code = option_take(a, option, optarg);
	}
	return code || *help ? code : operands_take(a, argc - optind, argv + optind);
}

/* Times that count back from the end of the watch need the files. */
static bool times_set(struct arguments *a, struct error *why)
{
	struct archive *archive;
	int64_t span;
	a->q.now = -1;
	if (a->now && !date_read(a->now, &a->q.now))
		return error_set(why, "\"%.99s\" is no time, such as 2026-11-23T10:00", a->now);
	if (!a->since || date_read(a->since, &a->q.since))
		return true;
	if (!span_read(a->since, &span))
		return error_set(why, "\"%.99s\" is no time, such as 2026-11-23 or 3d", a->since);
	if (a->q.now < 0) {
		archive = archive_open(a->q.path, why);
		if (!archive)
			return false;
		a->q.now = archive_end(archive);
		archive_close(archive);
	}
	a->q.since = a->q.now > span ? a->q.now - span : 0;
	return true;
}

static bool keys_read(struct arguments *a, struct error *why)
{
	size_t n = a->key_paths_n > 0 ? a->key_paths_n : 1;
	for (size_t i = 0; i < n; i++) {
		bool there;
		if (!site_key_find(a->key_paths_n > 0 ? a->key_paths[i] : NULL, geteuid(),
				   a->keys[a->q.keys_n], &there, why))
			return false;
		if (!there && a->key_paths_n > 0)
			return error_set(why, "there is no site key %.200s", a->key_paths[i]);
		a->q.keys_n += there;
	}
	a->q.keys = (const uint8_t(*)[DIGEST_KEY])a->keys;
	return true;
}

static int erase(const struct arguments *a)
{
	uint64_t rows = 0;
	struct error why = {0};
	if (a->q.keys_n == 0) {
		log_line("the site's key is missing: without it nobody knows which mails these "
			 "are; --site-key names it");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < a->q.keys_n; i++) {
		struct history_keys *k = history_keys_new(a->keys[i]);
		uint64_t n = 0;
		bool done = k &&
			    archive_erase(a->q.path, history_keys_id(k),
					  history_key_address(k, bytes_str(a->erase)), &n, &why);
		history_keys_free(k);
		rows += n;
		if (!done) {
			log_line("%s", k ? why.text : "no memory");
			return EXIT_TROUBLE;
		}
	}
	log_line("%llu rows erased", (unsigned long long)rows);
	return EXIT_DONE;
}

static int answer(const struct arguments *a)
{
	struct report_result result = {0};
	struct error why = {0};
	struct outfile out;
	bool done, written, fails = false;
	if (!outfile_open(&out, "-", NULL, NULL))
		return EXIT_TROUBLE;
	done = report_answer(&a->q, &out, &result, &why);
	written = outfile_close(&out);
	if (!done)
		log_line("%s", why.text);
	else if (result.mails == 0)
		log_line(a->q.what && a->q.keys_n == 0
				 ? "no such mail; addresses and Message-IDs are found with the "
				   "site's key alone, and there is none: --site-key names it"
				 : "no such mail");
	for (unsigned i = 0; i < OUTCOMES; i++)
		fails |= (a->fail_on >> i & 1) && result.of[i] > 0;
	return !done || result.broken || !written ? EXIT_TROUBLE : fails ? EXIT_ALERTS : EXIT_DONE;
}

int history_command(int argc, char **argv)
{
	static struct arguments a;
	struct error why = {0};
	bool help = false;
	a.q.give_up = OUTCOMES_GIVE_UP;
	int code = arguments_read(&a, argc, argv, &help);
	if (code)
		return code;
	if (help)
		return fputs(usage, stdout) < 0 || fflush(stdout) != 0 ? EXIT_TROUBLE : EXIT_DONE;
	if (!times_set(&a, &why) || !keys_read(&a, &why)) {
		log_line("%s", why.text);
		return EXIT_USAGE;
	}
	return a.erase ? erase(&a) : answer(&a);
}
