/* sink.c - the table of kinds, and the one door through which sessions reach all outputs. */
#include "output/sink.h"

#include "output/grouping.h"

#include <stdio.h>
#include <stdlib.h>

const struct sink_kind *const sink_kinds[] = {&sink_text, &sink_json, NULL};

struct sink {
	const struct sink_kind *kind;
	void *self;
	bool listening;
};

struct sinks {
	const struct alerting *alerting;
	struct redactor *redactor;
	struct grouping grouping;
	struct totals totals;
	struct sink *all;
	size_t n;
};

const struct sink_kind *sink_kind_read(const char *spec, const char **target)
{
	const char *colon = strchr(spec, ':');
	size_t n = colon != NULL ? (size_t)(colon - spec) : strlen(spec);

	*target = colon != NULL && colon[1] != '\0' ? colon + 1 : NULL;
	for (const struct sink_kind *const *k = sink_kinds; *k != NULL; k++)
		if (strlen((*k)->name) == n && memcmp((*k)->name, spec, n) == 0)
			return *k;
	return NULL;
}

struct sinks *sinks_new(const struct alerting *alerting, enum redact_mode redact)
{
	struct sinks *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->alerting = alerting;
	s->redactor = redactor_new(redact);
	s->totals.servers = servers_new();
	if (s->redactor == NULL || s->totals.servers == NULL) {
		sinks_close(s);
		return NULL;
	}
	return s;
}

bool sinks_add(struct sinks *s, const char *spec, char why[SINK_WHY])
{
	const char *target;
	const struct sink_kind *kind = sink_kind_read(spec, &target);
	struct sink *all = realloc(s->all, (s->n + 1) * sizeof(*all));

	snprintf(why, SINK_WHY, "there is no output \"%s\", or no memory for it", spec);
	if (all == NULL)
		return false;
	s->all = all;
	if (kind == NULL)
		return false;
	all[s->n] = (struct sink){kind, kind->open(target, why), true};
	if (all[s->n].self == NULL)
		return false;
	s->n++;
	return true;
}

void sinks_record(struct sinks *s, const struct record *record, const char *input)
{
	struct report report = report_make(s->alerting, redactor_record(s->redactor, record), input);

	grouping_apply(&s->grouping, &report);
	totals_count(&s->totals, &report);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening)
			s->all[i].listening = s->all[i].kind->record(s->all[i].self, &report);
}

void sinks_flush(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening)
			s->all[i].listening = s->all[i].kind->flush(s->all[i].self);
}

void sinks_stats(struct sinks *s, struct summary summary)
{
	summary.totals = &s->totals;
	summary.alerting = s->alerting;
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening)
			s->all[i].listening = s->all[i].kind->stats(s->all[i].self, &summary);
}

/* No output waits for anything yet. */
size_t sinks_watch(struct sinks *s, struct pollfd *fds, size_t n)
{
	(void)s;
	(void)fds;
	(void)n;
	return 0;
}

void sinks_ready(struct sinks *s, const struct pollfd *fds, size_t n)
{
	(void)s;
	(void)fds;
	(void)n;
}

void sinks_tick(struct sinks *s, int64_t now)
{
	(void)s;
	(void)now;
}

bool sinks_reopen(struct sinks *s)
{
	sinks_flush(s);
	return true;
}

const struct totals *sinks_totals(const struct sinks *s)
{
	return &s->totals;
}

bool sinks_listening(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening)
			return true;
	return false;
}

bool sinks_close(struct sinks *s)
{
	bool whole = true;

	for (size_t i = 0; i < s->n; i++)
		whole &= s->all[i].kind->close(s->all[i].self);
	redactor_free(s->redactor);
	servers_free(s->totals.servers);
	free(s->all);
	free(s);
	return whole;
}
