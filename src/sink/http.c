/* http.c - alerts and sessions over HTTP, by smtpwatch-http: a function for each service makes a
 * record of its form. */
#include "format/json/event.h"
#include "format/session_id.h"
#include "sink/alert_sink.h"
#include "transport/helper_http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

struct sink_http {
	struct alert_sink out; /* must come first: see alert_sink.h */
	struct json json;
	struct http_target target;
};

static_assert(JSON_LINE_MAX + 4096 <= HELPER_JOB_MAX, "every record is a job, with its id");

static void put_pair(struct json *j, const char *name, const char *word)
{
	json_key(j, name);
	json_word(j, word);
}

/* A session, or an alert of it, as -o json has it, without the line feed. v: NULL: the session. */
static void put_document(struct json *j, const struct report *r, const struct field_view *v)
{
	if (!v)
		json_event_session(j, r);
	else if (v->sum)
		json_event_repeat(j, v->sum);
	else
		json_event_alert(j, r, v->kind);
	if (!j->b->failed)
		j->b->n--;
}

static void render_webhook(struct sink_http *s, const struct notice *notice)
{
	put_document(&s->json, notice->alert->report, notice->alert);
}

/* Labels say which alerts are the same one: nothing of a single session is among them. */
static void render_alertmanager(struct sink_http *s, const struct notice *notice)
{
	const struct report *r = notice->alert->report;
	struct json *j = &s->json;
	outbuf_str(j->b, "{\"labels\":{\"alertname\":\"Smtpwatch\"");
	put_pair(j, "signature", notice->id);
	put_pair(j, "severity", severity_name(notice->severity));
	put_pair(j, "gateway", r->alerting->gateway);
	json_key(j, "server");
	json_addr(j, &r->record.conn->addr[SERVER]);
	outbuf_str(j->b, "},\"annotations\":{\"summary\":");
	json_string(j, notice->text);
	outbuf_str(j->b, "},\"startsAt\":");
	json_time(j, notice->ts);
	outbuf_char(j->b, '}');
}

/* 5 is the most urgent. */
static void render_ntfy(struct sink_http *s, const struct notice *notice)
{
	static const unsigned char priority[SEVERITIES] = {[SEVERITY_INFO] = 2,
							   [SEVERITY_NOTICE] = 3,
							   [SEVERITY_WARNING] = 3,
							   [SEVERITY_ERROR] = 4,
							   [SEVERITY_CRITICAL] = 5};
	struct json *j = &s->json;
	outbuf_str(j->b, "{\"topic\":");
	json_string(j, bytes_str(s->target.topic));
	json_key(j, "title");
	outbuf_format(j->b, "\"smtpwatch: %s %s\"", severity_name(notice->severity), notice->id);
	json_key(j, "message");
	json_string(j, notice->text);
	json_key(j, "priority");
	json_number(j, priority[notice->severity]);
	outbuf_char(j->b, '}');
}

/* plain_text: what the wire says is no markup, and calls nobody. */
static void render_slack(struct sink_http *s, const struct notice *notice)
{
	struct json *j = &s->json;
	outbuf_format(j->b, "{\"text\":\"smtpwatch: %s %s\"", severity_name(notice->severity),
		      notice->id);
	outbuf_str(j->b, ",\"blocks\":[{\"type\":\"section\",\"text\":{\"type\":\"plain_text\","
			 "\"text\":");
	json_string(j, bytes_first(notice->text, 2900));
	outbuf_str(j->b, "}}]}");
}

/* m.mentions: nobody is called, whatever the text has. */
static void render_matrix(struct sink_http *s, const struct notice *notice)
{
	outbuf_str(s->json.b, "{\"msgtype\":\"m.notice\",\"m.mentions\":{},\"body\":");
	json_string(&s->json, notice->text);
	outbuf_char(s->json.b, '}');
}

/* The document, with the time under the name that a data stream asks for. */
static void put_elastic(struct json *j, const struct report *r, const struct field_view *v)
{
	size_t brace;
	outbuf_str(j->b, "{\"@timestamp\":");
	json_time(j, v && v->sum ? v->sum->until : r->record.end);
	outbuf_char(j->b, ',');
	brace = j->b->n;
	put_document(j, r, v);
	if (!j->b->failed)
		memmove(j->b->p + brace, j->b->p + brace + 1, --j->b->n - brace);
	outbuf_char(j->b, '\n');
}

/* The time is that of the document; the host is the gateway. */
static void put_splunk(struct json *j, const struct report *r, const struct field_view *v)
{
	outbuf_str(j->b, "{\"time\":");
	outbuf_seconds(j->b, v && v->sum ? v->sum->until : r->record.end);
	outbuf_str(j->b, ",\"host\":");
	json_word(j, r->alerting->gateway);
	outbuf_str(j->b, ",\"source\":\"smtpwatch\",\"sourcetype\":\"_json\",\"event\":");
	put_document(j, r, v);
	outbuf_char(j->b, '}');
}

static void render_elastic(struct sink_http *s, const struct notice *notice)
{
	put_elastic(&s->json, notice->alert->report, notice->alert);
}

static void render_splunk(struct sink_http *s, const struct notice *notice)
{
	put_splunk(&s->json, notice->alert->report, notice->alert);
}

static void put_attribute(void *arg, const char *name, struct bytes value)
{
	struct json *j = arg;
	json_comma(j);
	outbuf_format(j->b, "{\"key\":\"smtpwatch.%s\",\"value\":{\"stringValue\":", name);
	json_string(j, value);
	outbuf_str(j->b, "}}");
}

/* severityNumber: OpenTelemetry's log data model; 9 is INFO, 21 is FATAL. */
static void render_otlp(struct sink_http *s, const struct notice *notice)
{
	static const unsigned char number[SEVERITIES] = {
		[SEVERITY_NONE] = 5,     [SEVERITY_INFO] = 9,   [SEVERITY_NOTICE] = 10,
		[SEVERITY_WARNING] = 13, [SEVERITY_ERROR] = 17, [SEVERITY_CRITICAL] = 21};
	struct json *j = &s->json;
	outbuf_format(j->b, "{\"timeUnixNano\":\"%" PRId64 "\",\"severityNumber\":%u", notice->ts,
		      number[notice->severity]);
	put_pair(j, "severityText", severity_name(notice->severity));
	outbuf_str(j->b, ",\"body\":{\"stringValue\":");
	json_string(j, notice->text);
	outbuf_str(j->b, "},\"attributes\":[");
	alert_fields_each(&s->out.fields, notice->alert, ALERT_FIELD_SHORT, &s->out.scratch,
			  put_attribute, j);
	outbuf_str(j->b, "]}");
}

static const struct {
	enum http_feed feed;
	void (*render)(struct sink_http *s, const struct notice *notice);
} kinds[HTTP_KINDS] = {
#define HTTP_KIND(name, feed, ...) [HTTP_##name] = {feed, render_##name},
#include "transport/http_kinds.def"
#undef HTTP_KIND
};

/* "mx1-0123456789abcdef-221-for-message": an id of its own for each record of all gateways. v:
 * NULL: the session. */
static void job_begin(struct sink_http *s, const struct report *r, const struct field_view *v)
{
	char session[IDENTITY_SESSION], alert[64] = "";
	s->json.b = target_buffer(&s->out.target);
	identity_session(s->json.digest, r->record.conn, session);
	if (v)
		identity_alert(alert, sizeof alert, v->kind, v->sum);
	outbuf_format(s->json.b, "%s-%s%s", r->alerting->gateway, session, alert);
	outbuf_char(s->json.b, '\0');
}

static void emit(void *arg, const struct notice *notice)
{
	struct sink_http *s = arg;
	if (!notice->alert || notice->alert->how)
		return;
	job_begin(s, notice->alert->report, notice->alert);
	kinds[s->target.kind].render(s, notice);
	alert_sink_put(&s->out);
}

/* The session itself, in front of its alerts. */
static void session_put(struct sink_http *s, const struct report *r)
{
	job_begin(s, r, NULL);
	if (s->target.kind == HTTP_elastic)
		put_elastic(&s->json, r, NULL);
	else
		put_splunk(&s->json, r, NULL);
	alert_sink_put(&s->out);
}

static bool http_record(void *self, const struct report *r)
{
	struct sink_http *s = self;
	if (kinds[s->target.kind].feed == HTTP_SESSIONS)
		session_put(s, r);
	return alert_sink_record(self, r);
}

static bool http_check(const char *target, const struct run_mode *mode, struct error *why)
{
	struct http_target t;
	bool fine = http_target_read(&t, target ? target : "", mode->uid, why) &&
		    http_target_find(&t, why);
	http_target_free(&t);
	return fine;
}

static bool target_begin(struct sink_http *s, const char *target, const struct run_mode *mode,
			 struct error *why)
{
	return http_target_read(&s->target, target ? target : "", mode->uid, why) &&
	       http_target_find(&s->target, why) &&
	       target_helper(&s->out.target, s->target.label, mode, helper_http_work, &s->target,
			     why);
}

static void *http_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_http *s = calloc(1, sizeof *s);
	error_set(why, "no memory for output over HTTP");
	if (!s)
		return NULL;
	if (!alert_sink_init(&s->out, emit, s) || !target_begin(s, target, mode, why)) {
		alert_sink_free(&s->out);
		http_target_free(&s->target);
		free(s);
		return NULL;
	}
	s->json.digest = s->out.notices.digest;
	return s;
}

static bool http_close(void *self)
{
	struct sink_http *s = self;
	bool whole = alert_sink_close(&s->out);
	http_target_free(&s->target);
	free(s);
	return whole;
}

/* For statistics and metrics: the path of the URL may be a secret. */
static const char *http_label(const void *self)
{
	const struct sink_http *s = self;
	return s->target.label;
}

const struct sink_kind sink_http = {
	ALERT_SINK_BUT_RECORD,
	.name = "http",
	.help = "alerts or sessions to a service: http:[KIND+]URL or http:/FILE with kind, url, "
		"header; KIND: webhook, alertmanager, ntfy, slack, matrix, elastic, splunk, otlp",
	.open = http_open,
	.check = http_check,
	.record = http_record,
	.label = http_label,
	.close = http_close,
};
