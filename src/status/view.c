/* view.c - reads the document by jansson. */
#include "status/view.h"

#include "smtpwatch/frame.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static uint64_t number_of(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));
	return n > 0 ? (uint64_t)n : 0;
}

static bool is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* Whole seconds are enough for people. */
static int64_t time_of(const json_t *o, const char *key)
{
	struct tm tm = {0};
	time_t seconds;
	if (!strptime(text_of(o, key), "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	seconds = timegm(&tm);
	return seconds > 0 && seconds < INT64_MAX / FRAME_SECOND ? seconds * FRAME_SECOND : 0;
}

/* Returns the number of elements that are read, `most` at most. */
static size_t list_of(const json_t *o, const char *key, size_t most, const json_t **list)
{
	size_t n;
	*list = json_object_get(o, key);
	n = json_array_size(*list);
	return n < most ? n : most;
}

static void interfaces_read(struct status_view *v, const json_t *root)
{
	const json_t *list;
	v->interfaces_n = list_of(root, "interfaces", WATCHED_MAX, &list);
	for (size_t i = 0; i < v->interfaces_n; i++) {
		const json_t *one = json_array_get(list, i);
		struct watched *w = &v->interfaces[i];
		*w = (struct watched){.on = is_true(one, "watched"),
				      .last = time_of(one, "last_packet"),
				      .packets = number_of(one, "packets"),
				      .dropped = number_of(one, "dropped")};
		snprintf(w->name, sizeof w->name, "%s", text_of(one, "name"));
	}
}

static void outputs_read(struct status_view *v, const json_t *root)
{
	const json_t *list;
	v->outputs_n = list_of(root, "outputs", VIEW_OUTPUTS, &list);
	for (size_t i = 0; i < v->outputs_n; i++) {
		const json_t *one = json_array_get(list, i);
		v->outputs[i] =
			(struct view_output){text_of(one, "name"), number_of(one, "offered"),
					     number_of(one, "written"), number_of(one, "lost")};
	}
}

static void alerts_read(struct status_view *v, const json_t *root)
{
	const json_t *list;
	v->last_n = list_of(root, "last_alerts", STATUS_ALERTS, &list);
	for (size_t i = 0; i < v->last_n; i++) {
		const json_t *one = json_array_get(list, i);
		v->last[i] = (struct view_alert){time_of(one, "timestamp"),
						 text_of(one, "signature"),
						 text_of(one, "severity"), text_of(one, "text")};
	}
}

static void counts_read(struct status_view *v, const json_t *root)
{
	const json_t *severities = json_object_get(root, "severities"),
		     *tls = json_object_get(root, "tls"), *losses = json_object_get(root, "losses");
	for (unsigned s = SEVERITY_INFO; s < SEVERITIES; s++)
		v->severities[s] = number_of(severities, severity_name((enum severity)s));
	v->open = number_of(root, "open");
	v->sessions = number_of(root, "sessions");
	v->alerts = number_of(root, "alerts");
	v->tls = number_of(tls, "sessions");
	v->decrypted = number_of(tls, "decrypted");
	v->keys = is_true(tls, "keys");
	for (unsigned i = 0; i < STATUS_LOSSES; i++) {
		const json_t *one = json_object_get(losses, status_lost_name((enum status_lost)i));
		v->losses[i] = (struct status_loss){number_of(one, "count"), time_of(one, "last")};
	}
}

bool status_view_read(struct status_view *v, struct bytes document, struct error *why)
{
	json_error_t error;
	json_t *root = json_loadb((const char *)document.p, document.n, 0, &error);
	*v = (struct status_view){.root = root};
	if (!root)
		return error_set(why, "the answer is no JSON: %s", error.text);
	if (strcmp(text_of(root, "event_type"), "status") != 0)
		return error_set(why, "the answer is no status of smtpwatch");
	v->version = text_of(root, "version");
	v->configuration = json_string_value(json_object_get(root, "configuration"));
	v->pid = number_of(root, "pid");
	v->now = time_of(root, "timestamp");
	v->since = time_of(root, "since");
	interfaces_read(v, root);
	counts_read(v, root);
	outputs_read(v, root);
	alerts_read(v, root);
	return true;
}

void status_view_free(struct status_view *v)
{
	json_decref(v->root);
	v->root = NULL;
}
