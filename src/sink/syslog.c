/* syslog.c - alerts as syslog messages (RFC 5424) with structured data: to a local socket, or
 * through a helper process to another host. */
#include "format/syslog.h"
#include "sink/alert_sink.h"
#include "transport/helper_syslog.h"

#include <stdlib.h>

struct sink_syslog {
	struct alert_sink out; /* must come first: see alert_sink.h */
	struct rfc5424 format;
	struct syslog_target far;
};

static void put_param(void *arg, const char *name, struct bytes value)
{
	rfc5424_param(arg, name, value);
}

static void emit(void *arg, const struct notice *notice)
{
	struct sink_syslog *s = arg;
	struct outbuf *b = target_buffer(&s->out.target);
	rfc5424_head(&s->format, b, notice->severity, notice->ts, notice->id);
	if (notice->alert)
		alert_fields_each(&s->out.fields, notice->alert, ALERT_FIELD_SHORT, &s->out.scratch,
				  put_param, b);
	rfc5424_message(b, notice->text);
	alert_sink_put(&s->out);
}

static bool syslog_target_open(struct sink_syslog *s, const char *target,
			       const struct run_mode *mode, struct error *why)
{
	if (!target)
		target = "/dev/log";
	if (target[0] == '/')
		return target_socket(&s->out.target, target, OUTSOCKET_DATAGRAM, target, mode, why);
	return syslog_target_read(&s->far, target, why) &&
	       target_helper(&s->out.target, target, mode, helper_syslog_work, &s->far, why);
}

static bool syslog_check(const char *target, const struct run_mode *mode, struct error *why)
{
	struct syslog_target far;
	(void)mode;
	if (!target)
		return true;
	return target[0] == '/' ? outsocket_check(target, why)
				: syslog_target_read(&far, target, why);
}

static void *syslog_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_syslog *s = calloc(1, sizeof *s);
	error_set(why, "no memory for syslog output");
	if (!s)
		return NULL;
	rfc5424_init(&s->format);
	if (!alert_sink_init(&s->out, emit, s) || !syslog_target_open(s, target, mode, why)) {
		alert_sink_free(&s->out);
		free(s);
		return NULL;
	}
	return s;
}

static bool syslog_close(void *self)
{
	struct sink_syslog *s = self;
	bool whole = alert_sink_close(&s->out);
	free(s);
	return whole;
}

const struct sink_kind sink_syslog = {
	ALERT_SINK,
	.name = "syslog",
	.help = "a message (RFC 5424) for each alert; to /dev/log, to the socket /PATH, to "
		"udp://HOST:PORT or tcp://HOST:PORT",
	.open = syslog_open,
	.check = syslog_check,
	.daily = alert_sink_daily,
	.stats = alert_sink_stats,
	.close = syslog_close,
};
