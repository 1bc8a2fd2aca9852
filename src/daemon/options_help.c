/* options_help.c - --help, from the tables of options and of outputs. */
#include "daemon/option_row.h"
#include "output/sink.h"

#include <stdlib.h>

static void put_option(struct outbuf *b, const struct option_row *row, const struct options *defaults)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg != NULL ? " " : "", row->arg != NULL ? row->arg : "");
	if (row->letter != '\0')
		outbuf_format(b, "  -%c, %-28s %s", row->letter, left, row->help);
	else
		outbuf_format(b, "      %-28s %s", left, row->help);
	if (row->fallback != NULL)
		outbuf_format(b, " (default %s)", row->fallback);
	if (row->show != NULL) {
		outbuf_str(b, " (default ");
		row->show(b, defaults);
		outbuf_char(b, ')');
	}
	outbuf_char(b, '\n');
}

void options_help(struct outbuf *b)
{
	struct options *defaults = malloc(sizeof(*defaults));
	char name[] = "smtpwatch", help[] = "--help", *argv[] = {name, help, NULL};

	if (defaults == NULL)
		return;
	options_read(defaults, 2, argv, stderr);
	outbuf_str(b, "usage: smtpwatch -r FILE [-r FILE ...] [options] [filter expression]\n\n"
		      "Finds SMTP sessions in captures and tells which of them the server broke: with a 221 before it had\n"
		      "accepted the message, or by dropping the connection.\n\n");
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (row->help != NULL)
			put_option(b, row, defaults);
	outbuf_str(b, "\nOutputs:\n");
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++)
		outbuf_format(b, "  %-10s %s\n", (*k)->name, (*k)->help);
	outbuf_str(b, "\nExit code: 0 done; 1 an alert at or above --fail-on; 2 usage or configuration; 3 input or output trouble, "
		      "all that\n"
		      "could be read was still judged (3 goes before 1).\n");
	options_free(defaults);
	free(defaults);
}
