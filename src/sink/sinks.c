/* sinks.c - the table of kinds, and the delivery of each session to all outputs. */
#include "sink/sink.h"

#include "policy/reporter.h"
#include "smtpwatch/frame.h"

#include <stdlib.h>

const struct sink_kind *const sink_kinds[] = {
#define SINK(name) &sink_##name,
#include "sink/kinds.def"
	NULL};

/* What waits for the time need not be looked at more often. */
static const int64_t tick_min = FRAME_SECOND / 5;

static const struct store_bounds worst_bounds = {STORE_WORST, 200, 16 << 20, 0};

struct sink {
	const struct sink_kind *kind;
	void *self;
	bool listening;
	bool polled; /* it has a place in what sinks_poll filled last */
};

struct sinks {
	struct sinks_config config;
	struct reporter *reporter;
	struct totals totals;
	struct domains *domains;
	struct session_store *worst; /* NULL: no output shows any */
	/* live */
	struct rates *rates;
	struct daily daily;
	struct sink *all;
	struct sink_counts *counts; /* one for each */
	int64_t now;                /* the latest tick that was taken */
	size_t n;
};

const struct sink_kind *sink_kind_read(const char *spec, const char **target)
{
	const char *colon = strchr(spec, ':');
	size_t n = colon ? (size_t)(colon - spec) : strlen(spec);
	*target = colon && colon[1] != '\0' ? colon + 1 : NULL;
	for (const struct sink_kind *const *k = sink_kinds; *k; k++)
		if (strlen((*k)->name) == n && memcmp((*k)->name, spec, n) == 0)
			return *k;
	return NULL;
}

struct bytes sink_spec_shown(const char *spec)
{
	return bytes_of(spec, strncmp(spec, "exec:", 5) == 0 ? 4 : strlen(spec));
}

struct sinks_config sinks_config_default(const struct alerting *alerting)
{
	return (struct sinks_config){.alerting = alerting, .digest = -1};
}

/* The throttle tells all outputs. */
static void repeat_emit(void *arg, struct throttle_repeat *repeat)
{
	struct sinks *s = arg;
	repeat->hour = rates_hour(s->rates,
				  servers_number(s->totals.servers, repeat->latest->record.conn),
				  repeat->until);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->repeat)
			s->all[i].listening = s->all[i].kind->repeat(s->all[i].self, repeat);
}

static bool live_begin(struct sinks *s)
{
	s->rates = rates_new();
	return daily_begin(&s->daily, s->config.digest, s->config.alerting) && s->rates;
}

struct sinks *sinks_new(const struct sinks_config *config)
{
	struct sinks *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->config = *config;
	s->reporter = reporter_new(&(struct reporter_config){.alerting = config->alerting,
							     .redaction = config->redaction,
							     .live = config->mode.live,
							     .repeat = config->repeat,
							     .repeated = repeat_emit,
							     .repeated_arg = s});
	s->totals.servers = servers_new();
	s->domains = domains_new(&config->redaction);
	if (!s->reporter || !s->totals.servers || !s->domains ||
	    (config->mode.live && !live_begin(s))) {
		sinks_close(s);
		return NULL;
	}
	return s;
}

/* Room for one more. */
static bool sinks_grow(struct sinks *s)
{
	struct sink *all = realloc(s->all, (s->n + 1) * sizeof *all);
	struct sink_counts *counts;
	if (!all)
		return false;
	s->all = all;
	counts = realloc(s->counts, (s->n + 1) * sizeof *counts);
	if (!counts)
		return false;
	s->counts = counts;
	return true;
}

bool sinks_add(struct sinks *s, const char *spec, struct error *why)
{
	const char *target;
	const struct sink_kind *kind = sink_kind_read(spec, &target);
	void *self;
	error_set(why, "there is no output \"%s\", or no memory for it", spec);
	if (!kind || !sinks_grow(s))
		return false;
	if (kind->worst_session && !s->worst &&
	    !(s->worst = session_store_new(&worst_bounds, &s->config.redaction)))
		return false;
	self = kind->open(target, &s->config.mode, why);
	if (!self)
		return false;
	s->counts[s->n] = (struct sink_counts){.name = kind->label ? kind->label(self) : spec};
	s->all[s->n++] = (struct sink){.kind = kind, .self = self, .listening = true};
	return true;
}

static void live_count(struct sinks *s, const struct report *r)
{
	unsigned alerts = (unsigned)__builtin_popcountll(report_alerts(r));
	daily_count(&s->daily, r);
	rates_count(s->rates, servers_number(s->totals.servers, r->record.conn), r->record.end,
		    alerts);
}

struct report *sinks_report(struct sinks *s, const struct record *record, const char *input)
{
	return reporter_report(s->reporter, record, input);
}

void sinks_suppress(struct sinks *s, struct suppression *suppression)
{
	reporter_suppress(s->reporter, suppression);
}

void sinks_record(struct sinks *s, const struct record *record, const struct report *r)
{
	totals_count(&s->totals, r);
	domains_count(s->domains, record, r);
	if (s->worst && (report_alerts(r) != 0 || report_stands_out(r)))
		session_store_add(s->worst, record, r, NULL, (struct session_frames){0});
	if (s->config.mode.live)
		live_count(s, r);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening)
			s->all[i].listening = s->all[i].kind->record(s->all[i].self, r);
}

void sinks_flush(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->flush)
			s->all[i].listening = s->all[i].kind->flush(s->all[i].self);
}

void sinks_summary(struct sinks *s, struct summary *summary)
{
	summary->totals = &s->totals;
	summary->domains = s->domains;
	summary->metric_domains = s->config.metric_domains;
	summary->alerting = s->config.alerting;
	summary->live = s->config.mode.live;
	summary->suppression = reporter_suppression(s->reporter);
	summary->outputs = s->counts;
	summary->outputs_n = s->config.mode.live ? s->n : 0;
	if (s->worst) {
		summary->worst = session_store_count(s->worst);
		summary->worst_omitted = session_store_omitted(s->worst);
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].kind->counts)
			s->all[i].kind->counts(s->all[i].self, &s->counts[i]);
}

struct session_store *sinks_stored(struct sinks *s)
{
	return s->worst;
}

/* one: NULL: all are delivered. Returns whether an output wants more. */
static bool worst_emit(struct sinks *s, const struct stored_session *one)
{
	bool more = false;
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->worst_session)
			more |= s->all[i].listening =
				s->all[i].kind->worst_session(s->all[i].self, one);
	return more;
}

void sinks_worst(struct sinks *s)
{
	bool more = s->worst != NULL;
	for (size_t i = 0; more && i < session_store_count(s->worst); i++) {
		struct stored_session *one = session_store_at(s->worst, i);
		stored_restore(one);
		more = worst_emit(s, one);
	}
	if (more)
		worst_emit(s, NULL);
}

void sinks_stats(struct sinks *s, struct summary summary)
{
	/* The sums of rate-limited alerts come before the final statistics. */
	if (!summary.interim)
		reporter_finish(s->reporter);
	sinks_summary(s, &summary);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->stats)
			s->all[i].listening = s->all[i].kind->stats(s->all[i].self, &summary);
	if (s->config.mode.live)
		sinks_worst(s);
}

void sinks_observe(struct sinks *s, struct summary summary)
{
	sinks_summary(s, &summary);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].kind->observe)
			s->all[i].kind->observe(s->all[i].self, &summary);
}

size_t sinks_poll(struct sinks *s, struct pollfd *fds, size_t n)
{
	size_t filled = 0;
	for (size_t i = 0; i < s->n; i++) {
		s->all[i].polled = s->all[i].listening && s->all[i].kind->poll && filled < n &&
				   s->all[i].kind->poll(s->all[i].self, &fds[filled]) > 0;
		filled += s->all[i].polled;
	}
	return filled;
}

void sinks_ready(struct sinks *s, const struct pollfd *fds, size_t n)
{
	size_t at = 0;
	for (size_t i = 0; i < s->n && at < n; i++)
		if (s->all[i].polled) {
			if (fds[at].revents != 0)
				s->all[i].kind->ready(s->all[i].self, &fds[at]);
			at++;
		}
}

static void day_emit(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->daily)
			s->all[i].listening = s->all[i].kind->daily(s->all[i].self, &s->daily);
	daily_next(&s->daily);
}

void sinks_tick(struct sinks *s, int64_t now)
{
	if (now >= s->now && now - s->now < tick_min)
		return;
	s->now = now;
	reporter_tick(s->reporter, now);
	if (s->config.mode.live && daily_over(&s->daily, now))
		day_emit(s);
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].listening && s->all[i].kind->tick)
			s->all[i].kind->tick(s->all[i].self, now);
}

bool sinks_reopen(struct sinks *s)
{
	bool all = true;
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].kind->reopen)
			all &= s->all[i].kind->reopen(s->all[i].self);
	return all;
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

const char *sinks_dead(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].kind->alive && !s->all[i].kind->alive(s->all[i].self))
			return s->counts[i].name;
	return NULL;
}

bool sinks_close(struct sinks *s)
{
	bool whole = true;
	if (s->reporter && s->rates)
		reporter_finish(s->reporter);
	for (size_t i = 0; i < s->n; i++)
		whole &= s->all[i].kind->close(s->all[i].self);
	reporter_free(s->reporter);
	rates_free(s->rates);
	daily_end(&s->daily);
	servers_free(s->totals.servers);
	domains_free(s->domains);
	session_store_free(s->worst);
	free(s->all);
	free(s->counts);
	free(s);
	return whole;
}
