/* sink.h - the kinds of output, and the outputs of one run. */
#ifndef SMTPWATCH_SINK_SINK_H
#define SMTPWATCH_SINK_SINK_H

#include "base/error.h"
#include "policy/session_store.h"
#include "policy/throttle.h"
#include "stats/daily.h"
#include "stats/totals.h"
#include "transport/run_mode.h"

#include <poll.h>

/*
 * A kind of output: one file (src/sink/<name>.c) and one row in kinds.def. open, record and close
 * are required; any other function may be NULL.
 * A function that returns bool returns false if the target is broken; the sink then gets no call
 * but close. Live, that happens only if the target can never have a reader again. Otherwise a live
 * sink keeps records, counts the lost ones, and tries again.
 * A sink reports each failure once, on standard error.
 */
struct sink_kind {
	const char *name, *help;
	bool to_file; /* the target is a file; or "-", which NULL means too; or "unix:PATH" */
	/* target: the text behind "KIND:", or NULL. target and mode are borrowed for the sink's
	 * life. Returns NULL on failure, with a sentence in why. */
	void *(*open)(const char *target, const struct run_mode *mode, struct error *why);
	/* Checks a target; opens, makes and sends nothing. Returns false with a sentence in why if
	 * open could never succeed. Returns true with a sentence if open would fail now. */
	bool (*check)(const char *target, const struct run_mode *mode, struct error *why);
	bool (*record)(void *self, const struct report *report);
	bool (*repeat)(
		void *self,
		const struct throttle_repeat *repeat);      /* live: a sum of rate-limited alerts */
	bool (*daily)(void *self, const struct daily *day); /* live: a day is over */
	bool (*stats)(void *self, const struct summary *summary);
	/* Called after stats for each of the worst sessions with alerts, worst first, then with
	 * NULL. If a kind has worst_session, the sessions are kept, and captures are read a second
	 * time.
	 */
	bool (*worst_session)(void *self, const struct stored_session *one);
	void (*observe)(void *self,
			const struct summary *summary); /* the figures of stats, at any time */
	bool (*flush)(void *self);
	bool (*close)(void *self); /* false: the target misses something */

	/* For a poll loop. None of these functions waits. */
	size_t (*poll)(const void *self,
		       struct pollfd *p); /* fills *p and returns 1, or returns 0 */
	void (*ready)(void *self, const struct pollfd *p); /* takes *p back, with revents */
	void (*tick)(void *self, int64_t now);
	bool (*reopen)(void *self); /* false: the old target stays in use, which was reported */
	void (*counts)(const void *self, struct sink_counts *out);
	/* The name in messages, statistics and metrics, where the target may be a secret; NULL: the
	 * output as it was named. Borrowed from self. */
	const char *(*label)(const void *self);
	bool (*alive)(const void *self); /* live: false once a helper process has died */
};

#define SINK(name) extern const struct sink_kind sink_##name;
#include "sink/kinds.def"
#undef SINK

/* The table of kinds, terminated by NULL. */
extern const struct sink_kind *const sink_kinds[];

/* Returns the kind that "KIND" or "KIND:TARGET" names, or NULL if there is none. Sets *target to
 * the target, or NULL; borrowed from spec. */
const struct sink_kind *sink_kind_read(const char *spec, const char **target);

/* All outputs of one run. */
struct sinks;

struct sinks_config {
	const struct alerting *alerting; /* borrowed; may change between two records */
	struct redaction redaction;
	struct run_mode mode;
	unsigned metric_domains; /* recipient domains among the metrics, METRIC_DOMAINS_MAX at most
				  */
	/* The members below are for live runs only. */
	int64_t repeat; /* nanoseconds until a repeated alert is reported, as a sum; 0: each alert
			   is reported */
	int digest;     /* minute of the day, UTC, of the daily summary; negative: none */
};

/* Returns the defaults: offline, nothing redacted. alerting is borrowed. */
struct sinks_config sinks_config_default(const struct alerting *alerting);

/* Makes a run's outputs. Copies *config. Returns NULL if memory is exhausted. sinks_close frees
 * them. */
struct sinks *sinks_new(const struct sinks_config *config);

/* Opens one more output. spec is borrowed. Call before root is given up and before threads start:
 * some outputs start a helper process. Returns false with a sentence in why. */
bool sinks_add(struct sinks *s, const char *spec, struct error *why);

/* sinks_report makes the one report of a session, for everybody who shows or counts it
 * (reporter_report). sinks_record delivers it to all outputs; call once for each session, with the
 * record that the report was made of. */
struct report *sinks_report(struct sinks *s, const struct record *record, const char *input);
void sinks_record(struct sinks *s, const struct record *record, const struct report *r);

/* From now on these rules hold alerts back; NULL: none. Borrowed, as reporter_suppress says. */
void sinks_suppress(struct sinks *s, struct suppression *suppression);

/* Flushes all outputs, because the input is slow and somebody may be reading. */
void sinks_flush(struct sinks *s);

/* Delivers the final statistics, or with summary.interim the statistics so far. Sets totals,
 * alerting, live and outputs itself. */
void sinks_stats(struct sinks *s, struct summary summary);

/* sinks_stored returns the worst sessions with alerts so far, or NULL if no output shows sessions
 * in detail. Set their ladders before sinks_worst, which delivers them: offline call it once, after
 * sinks_stats; live sinks_stats calls it. */
struct session_store *sinks_stored(struct sinks *s);
void sinks_worst(struct sinks *s);

/* Delivers the figures to outputs that serve them at any time. Cheap enough to call once a second.
 */
void sinks_observe(struct sinks *s, struct summary summary);

/*
 * For a loop around poll(2). None of these functions waits.
 * sinks_poll fills at most n places, one for each output at most, and returns their number.
 * sinks_ready takes the same places back, with revents.
 * sinks_tick sets the time to now, nanoseconds since the epoch, for retries, sums and the daily
 * summary. Call it at least once a second.
 * sinks_reopen is for SIGHUP: log files may have been moved, and readers may have changed. Returns
 * false if an output keeps its old target, which was reported.
 */
size_t sinks_poll(struct sinks *s, struct pollfd *fds, size_t n);
void sinks_ready(struct sinks *s, const struct pollfd *fds, size_t n);
void sinks_tick(struct sinks *s, int64_t now);
bool sinks_reopen(struct sinks *s);

/* Sets totals, alerting, live and outputs of *summary, as sinks_stats does. */
void sinks_summary(struct sinks *s, struct summary *summary);

/* Returns the part of an output's spec that may be shown: of a command its kind alone, because a
 * command may hold secrets. Borrowed from spec. */
struct bytes sink_spec_shown(const char *spec);

/* Returns the totals so far. Borrowed from s. */
const struct totals *sinks_totals(const struct sinks *s);

/* Whether at least one output still accepts records. */
bool sinks_listening(const struct sinks *s);

/* Returns NULL, or the name of an output whose helper process has died. Borrowed from s. */
const char *sinks_dead(const struct sinks *s);

/* Reports the alerts that are still rate-limited, closes all outputs and frees s. A stalled target
 * is waited for two seconds. Returns false if a target misses something. */
bool sinks_close(struct sinks *s);

#endif
