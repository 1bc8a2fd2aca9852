/* exec.c - a command for each alert, run by a helper process: facts in its environment, the alert
 * as JSON on its standard input. */
#include "format/fields.h"
#include "format/json/event.h"
#include "sink/alert_sink.h"
#include "transport/helper_exec.h"

#include <assert.h>
#include <stdlib.h>

static_assert(ALERT_FIELDS_MAX * (ALERT_FIELD_NAME + 1 + ALERT_FIELD_LONG + 1) + 1 +
			      JSON_LINE_MAX <=
		      HELPER_JOB_MAX,
	      "every alert is a job");
static_assert((int)ALERT_FIELDS_MAX < EXEC_ENV, "every fact is a variable, beside PATH");

struct sink_exec {
	struct alert_sink out; /* must come first: see alert_sink.h */
	struct json json;
	struct exec_command command;
};

static void put_variable(void *arg, const char *name, struct bytes value)
{
	char upper[ALERT_FIELD_NAME];
	outbuf_str(arg, alert_field_upper(name, upper));
	outbuf_char(arg, '=');
	outbuf_bytes(arg, value.p, value.n + 1); /* with its NUL */
}

/* Alerts and sums, and nothing else: a day's end is no alert. */
static void emit(void *arg, const struct notice *notice)
{
	struct sink_exec *s = arg;
	const struct field_view *v = notice->alert;
	struct outbuf *b = target_buffer(&s->out.target);
	if (!v || v->how)
		return;
	alert_fields_each(&s->out.fields, v, ALERT_FIELD_LONG, &s->out.scratch, put_variable, b);
	outbuf_char(b, '\0');
	s->json.b = b;
	if (v->sum)
		json_event_repeat(&s->json, v->sum);
	else
		json_event_alert(&s->json, v->report, v->kind);
	alert_sink_put(&s->out);
}

static bool exec_check(const char *target, const struct run_mode *mode, struct error *why)
{
	struct exec_command c;
	bool fine = exec_command_split(&c, target ? target : "", why);
	(void)mode;
	if (fine)
		exec_command_find(&c, why);
	exec_command_free(&c);
	return fine;
}

static bool command_read(struct exec_command *c, const char *target, struct error *why)
{
	bool fine = exec_command_read(c, target ? target : "", why);
	c->variable = alert_field_is_variable;
	return fine;
}

static void *exec_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_exec *s = calloc(1, sizeof *s);
	error_set(why, "no memory for output to a command");
	if (!s)
		return NULL;
	if (!alert_sink_init(&s->out, emit, s) || !command_read(&s->command, target, why) ||
	    !target_helper(&s->out.target, target, mode, helper_exec_work, &s->command, why)) {
		alert_sink_free(&s->out);
		exec_command_free(&s->command);
		free(s);
		return NULL;
	}
	s->json.digest = s->out.notices.digest;
	return s;
}

static bool exec_close(void *self)
{
	struct sink_exec *s = self;
	bool whole = alert_sink_close(&s->out);
	exec_command_free(&s->command);
	free(s);
	return whole;
}

const struct sink_kind sink_exec = {
	ALERT_SINK,
	.name = "exec",
	.help = "a command for each alert: exec:/PATH ARGUMENT ...; no shell; SMTPWATCH_... in its "
		"environment, JSON on its input",
	.open = exec_open,
	.check = exec_check,
	.close = exec_close,
};
