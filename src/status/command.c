/* command.c - the command line of `smtpwatch status`, and what it prints. */
#include "status/command.h"

#include "base/log.h"
#include "options/row.h"
#include "smtpwatch/frame.h"
#include "status/ask.h"
#include "status/place.h"
#include "status/show.h"
#include "text/terminal.h"
#include "transport/file.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As of the program itself. */
enum { DONE = 0, USAGE = 2, TROUBLE = 3 };

struct command {
	const char *socket; /* NULL: the usual one */
	bool nagios, json;
	struct nagios_rules rules;
};

static const char usage[] =
	"usage: smtpwatch status [-o text|json] [--nagios] [--recent TIME] [--silence TIME]\n"
	"                        [--status-socket PATH]\n\n"
	"Asks the smtpwatch that watches on this machine how it does.\n"
	"  -o, --output text|json    lines for people, or one JSON object (default text)\n"
	"      --nagios              one line for Nagios or Icinga, and their exit codes\n"
	"      --recent TIME         --nagios: what was lost is told so long (default 5m)\n"
	"      --silence TIME        --nagios: an interface without a packet for so long is a\n"
	"                            warning (default 0: never)\n"
	"      --status-socket PATH  where the daemon is asked (default " STATUS_SYSTEM ",\n"
	"                            else smtpwatch-status.sock in the user's runtime folder)\n";

static const struct option options[] = {{"nagios", no_argument, NULL, 'n'},
					{"output", required_argument, NULL, 'o'},
					{"recent", required_argument, NULL, 'r'},
					{"silence", required_argument, NULL, 's'},
					{"status-socket", required_argument, NULL, 'p'},
					{"help", no_argument, NULL, 'h'},
					{0}};

static bool time_set(int64_t *to, const char *name, struct error *why)
{
	struct error what;
	return option_time_read(to, optarg, &what) || error_set(why, "--%s: %s", name, what.text);
}

static bool option_take(struct command *c, int letter, struct error *why)
{
	switch (letter) {
	case 'n':
		c->nagios = true;
		return true;
	case 'o':
		c->json = strcmp(optarg, "json") == 0;
		return c->json || strcmp(optarg, "text") == 0 ||
		       error_set(why, "--output: \"%.99s\" is neither text nor json", optarg);
	case 'r':
		return time_set(&c->rules.recent, "recent", why);
	case 's':
		return time_set(&c->rules.silence, "silence", why);
	case 'p':
		c->socket = optarg;
		return true;
	default:
		return error_set(why, "an option that `smtpwatch status` does not have, or one "
				      "without its value; --help shows them all");
	}
}

/* Prints through an outfile, so that a full disk is reported. */
static bool print(const struct outbuf *text)
{
	struct outfile out;
	if (!outfile_open(&out, "-", NULL, NULL))
		return false;
	outbuf_bytes(&out.buf, text->p, text->n);
	return outfile_close(&out);
}

static int fail(const struct command *c, enum nagios_code code, const char *why)
{
	struct outbuf text = {0};
	if (!c->nagios) {
		log_line("%s", why);
		return TROUBLE;
	}
	status_show_failure(&text, code, why);
	print(&text);
	outbuf_free(&text);
	return (int)code;
}

/* Returns the columns of the terminal, 80 where there is none. */
static unsigned columns(void)
{
	unsigned n = terminal_columns(STDOUT_FILENO);
	return n > 0 ? n : 80;
}

static int show(const struct command *c, const struct outbuf *answer)
{
	struct status_view *v = calloc(1, sizeof *v);
	struct outbuf text = {0};
	struct error why = {"no memory"};
	int code = DONE;
	if (!v || !status_view_read(v, bytes_of(answer->p, answer->n), &why)) {
		code = fail(c, NAGIOS_UNKNOWN, why.text);
	} else if (c->nagios) {
		code = (int)status_show_nagios(&text, v, &c->rules);
	} else if (c->json) {
		outbuf_bytes(&text, answer->p, answer->n);
	} else {
		status_show_text(&text, v, columns());
	}
	if (text.n > 0 && !print(&text))
		code = TROUBLE;
	if (v)
		status_view_free(v);
	free(v);
	outbuf_free(&text);
	return code;
}

static int work(const struct command *c)
{
	char place[STATUS_PATH];
	struct outbuf answer = {0};
	struct error why;
	enum asked asked = status_ask(&answer, status_place_other(c->socket, place), ASK_MS, &why);
	int code =
		asked == ASK_ANSWERED
			? show(c, &answer)
			: fail(c, asked == ASK_SILENT ? NAGIOS_CRITICAL : NAGIOS_UNKNOWN, why.text);
	outbuf_free(&answer);
	return code;
}

static int usage_print(void)
{
	struct outbuf text = {0};
	bool printed;
	outbuf_str(&text, usage);
	printed = print(&text);
	outbuf_free(&text);
	return printed ? DONE : TROUBLE;
}

/* A check that is called wrongly tells Nagios that nothing is known. */
int status_command(int argc, char **argv)
{
	struct command c = {.rules = {.recent = 300 * FRAME_SECOND}};
	struct error why;
	int letter;
	for (int i = 1; i < argc; i++)
		c.nagios |= strcmp(argv[i], "--nagios") == 0;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (letter == 'h')
			return usage_print();
		if (option_take(&c, letter, &why))
			continue;
		fail(&c, NAGIOS_UNKNOWN, why.text);
		return c.nagios ? NAGIOS_UNKNOWN : USAGE;
	}
	if (optind == argc)
		return work(&c);
	error_set(&why, "\"%.99s\": `smtpwatch status` takes no words but its options",
		  argv[optind]);
	fail(&c, NAGIOS_UNKNOWN, why.text);
	return c.nagios ? NAGIOS_UNKNOWN : USAGE;
}
