/* help.c - the text of --help. */
#include "options/help.h"

#include "options/read.h"
#include "sink/sink.h"

#include <stdlib.h>

const char *const options_exit_codes[] = {
	"done", "captures: an alert at or above --fail-on",
	"usage or configuration, also where rights cannot be given up or --explain finds no "
	"session",
	"trouble with input, capture or output; once the outputs are open, all that can be read is "
	"still judged (2 goes before 3, 3 before 1)",
	NULL};

void options_help_row(struct outbuf *b, const struct option_row *row,
		      const struct options *defaults)
{
	outbuf_str(b, row->help);
	if (row->fallback)
		outbuf_format(b, " (default %s)", row->fallback);
	if (row->flags & OPTION_CORE) {
		outbuf_str(b, " (default ");
		option_show(b, row, defaults);
		outbuf_char(b, ')');
	}
}

static void put_option(struct outbuf *b, const struct option_row *row,
		       const struct options *defaults)
{
	char left[64];
	if (option_group_begun(row))
		outbuf_format(b, "\n%s:\n", row->group);
	snprintf(left, sizeof left, "--%s%s%s", row->name, row->arg ? " " : "",
		 row->arg ? row->arg : "");
	if (row->letter != '\0')
		outbuf_format(b, "  -%c, %-28s ", row->letter, left);
	else
		outbuf_format(b, "      %-28s ", left);
	options_help_row(b, row, defaults);
	outbuf_char(b, '\n');
}

void options_help(struct outbuf *b)
{
	struct options *defaults = malloc(sizeof *defaults);
	char name[] = "smtpwatch", help[] = "--help", *argv[] = {name, help, NULL};
	if (!defaults)
		return;
	options_read(defaults, 2, argv, stderr);
	outbuf_str(
		b,
		"usage: smtpwatch -i INTERFACE [-i INTERFACE ...] [options] [filter expression]\n"
		"       smtpwatch FILE|DIR ... [options] [filter expression]\n");
#define SUBCOMMAND(name, words, help) outbuf_str(b, "       smtpwatch " #name " " words "\n");
#include "options/subcommands.def"
	outbuf_str(b,
		   "\n"
		   "Finds SMTP sessions on the network or in captures and tells which of them the "
		   "server broke: with a 221\n"
		   "before it had accepted the message, or by dropping the connection.\n");
	for (const struct option_row *row = option_rows; row->name; row++)
		put_option(b, row, defaults);
	outbuf_str(b, "\nKinds of output:\n");
	for (const struct sink_kind *const *k = sink_kinds; *k; k++)
		outbuf_format(b, "  %-10s %s\n", (*k)->name, (*k)->help);
	outbuf_str(b, "\nExit code:\n");
	for (unsigned code = 0; options_exit_codes[code]; code++)
		outbuf_format(b, "  %u  %s\n", code, options_exit_codes[code]);
	options_free(defaults);
	free(defaults);
}
