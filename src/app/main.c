/* main.c - reads the options and starts the run. */
#include "app/history_command.h"
#include "app/live.h"
#include "app/offline.h"
#include "base/log.h"
#include "format/alert_list.h"
#include "options/help.h"
#include "options/read.h"
#include "os/privilege.h"
#include "status/command.h"
#include "transport/file.h"
#include "transport/site_key.h"

#include <unistd.h>

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

/* Before the run: a sandbox forbids it later. */
static bool site_key_load(struct options *o)
{
	struct error why = {0};
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (o->redaction.mode != REDACT_HASH && !o->history.path)
		return true;
	privilege_target(o->user, &uid, &gid);
	if (site_key_read(o->site_key, uid, gid, o->redaction.key, &why))
		return true;
	log_line("%s", why.text);
	return false;
}

static enum exit_code work(struct options *o)
{
	if (!site_key_load(o))
		return EXIT_USAGE;
	return o->interfaces.n > 0 ? live_run(o) : offline_run(o);
}

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
} subcommands[] = {
#define SUBCOMMAND(name, words, help) {#name, name##_command},
#include "options/subcommands.def"
};

/* Returns NULL if the first word is no subcommand. */
static const struct subcommand *subcommand_of(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof subcommands / sizeof *subcommands; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static struct options o;
	const struct subcommand *sub = subcommand_of(argc, argv);
	enum exit_code code = EXIT_USAGE;
	if (sub)
		return sub->run(argc - 1, argv + 1);
	if (options_read(&o, argc, argv, stderr) == 0)
		code = o.action == OPTIONS_RUN ? work(&o) : print_only(&o);
	options_free(&o);
	return (int)code;
}
