/* json.c - one JSON object a line: sessions, alerts, and statistics. */
#include "format/json/event.h"
#include "sink/target.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static_assert(JSON_LINES * JSON_LINE_MAX + 64 < OUTQUEUE_BOUND,
	      "every record finds room where nothing waits");

struct sink_json {
	struct target out; /* must come first: see target.h */
	struct json json;
};

static void *json_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_json *s = calloc(1, sizeof *s);
	error_set(why, "no memory for JSON output, or no SHA-1 in the crypto library");
	if (!s)
		return NULL;
	s->json.digest = digest_new();
	if (!s->json.digest || !target_open(&s->out, target, mode, why)) {
		digest_free(s->json.digest);
		free(s);
		return NULL;
	}
	s->json.b = s->out.buf;
	return s;
}

static bool json_record(void *self, const struct report *r)
{
	struct sink_json *s = self;
	json_event_record(&s->json, r);
	return target_put(&s->out);
}

static bool json_repeat(void *self, const struct throttle_repeat *repeat)
{
	struct sink_json *s = self;
	json_event_repeat(&s->json, repeat);
	return target_put(&s->out);
}

static bool json_daily(void *self, const struct daily *day)
{
	struct sink_json *s = self;
	json_event_daily(&s->json, day);
	return target_put(&s->out);
}

static bool json_stats(void *self, const struct summary *sum)
{
	struct sink_json *s = self;
	json_event_stats(&s->json, sum);
	return target_put(&s->out);
}

static bool json_close(void *self)
{
	struct sink_json *s = self;
	bool whole = target_close(&s->out);
	digest_free(s->json.digest);
	free(s);
	return whole;
}

const struct sink_kind sink_json = {
	TARGET_SINK,
	.to_file = true,
	.check = target_check,
	.reopen = target_reopen,
	.name = "json",
	.help = "one JSON object a line for each session and each alert, and statistics; to FILE, "
		"-, or unix:PATH, a stream socket",
	.open = json_open,
	.record = json_record,
	.repeat = json_repeat,
	.daily = json_daily,
	.stats = json_stats,
	.close = json_close,
};
