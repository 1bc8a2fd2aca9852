/* main.c - reads the options and starts the run. */
#include "app/live.h"
#include "app/offline.h"
#include "format/alert_list.h"
#include "options/help.h"
#include "options/read.h"
#include "transport/file.h"

/* Printed text goes through an outfile, so that a full disk is reported. */
static enum exit_code print_only(const struct options *o)
{
	struct outfile out;
	if (!outfile_open(&out, "-", NULL, NULL))
		return EXIT_TROUBLE;
	if (o->action == OPTIONS_HELP)
		options_help(&out.buf);
	else if (o->action == OPTIONS_VERSION)
		outbuf_str(&out.buf, "smtpwatch " SMTPWATCH_VERSION "\n");
	else if (o->action == OPTIONS_LIST_ALERTS)
		alert_list_put(&out.buf, &o->alerting);
	else
		outbuf_format(&out.buf, "%s: no mistakes\n",
			      o->config ? o->config : "command line");
	return outfile_close(&out) ? EXIT_DONE : EXIT_TROUBLE;
}

static enum exit_code work(const struct options *o)
{
	return o->interfaces.n > 0 ? live_run(o) : offline_run(o);
}

int main(int argc, char **argv)
{
	static struct options o;
	enum exit_code code = EXIT_USAGE;
	if (options_read(&o, argc, argv, stderr) == 0)
		code = o.action == OPTIONS_RUN ? work(&o) : print_only(&o);
	options_free(&o);
	return (int)code;
}
