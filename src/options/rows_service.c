/* rows_service.c - the options of the program itself: configuration, user, pid file, and what it
 * prints. */
#include "options/row.h"

static bool set_config(struct options *o, const char *value, struct error *why)
{
	(void)why;
	o->config = value;
	return true;
}

static bool set_check(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->action = OPTIONS_CHECK;
	return true;
}

static bool set_user(struct options *o, const char *value, struct error *why)
{
	(void)why;
	o->user = value;
	return true;
}

static bool set_pid_file(struct options *o, const char *value, struct error *why)
{
	(void)why;
	o->pid_file = value;
	return true;
}

static bool set_list_alerts(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->action = OPTIONS_LIST_ALERTS;
	return true;
}

static bool set_version(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->action = OPTIONS_VERSION;
	return true;
}

static bool set_help(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->action = OPTIONS_HELP;
	return true;
}

const struct option_row option_rows_service[] = {
	{"config", 'c', "FILE", NULL, OPTION_LINE, set_config,
	 "options from a file, one \"name = value\" a line; the command line goes before it", NULL},
	{"test", 'T', NULL, NULL, OPTION_LINE, set_check,
	 "check command line and configuration file, with the filter, the user and the targets of "
	 "outputs, and exit",
	 NULL},
	{"user", 'Z', "USER", NULL, OPTION_RESTART, set_user,
	 "started as root: the user to become (smtpwatch, or else nobody; root to stay root)",
	 NULL},
	{"pid-file", 0, "FILE", NULL, OPTION_RESTART, set_pid_file,
	 "live: the process id is written there, and removed at the end", NULL},
	{"list-alerts", 0, NULL, NULL, OPTION_LINE, set_list_alerts,
	 "all verdicts and other alerts with severity, meaning and RFC, and exit", NULL},
	{"version", 'V', NULL, NULL, OPTION_LINE, set_version, "say the version, and exit", NULL},
	{"help", 'h', NULL, NULL, OPTION_LINE, set_help, "say this, and exit", NULL},
	{0},
};
