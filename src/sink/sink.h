/* sink.h - the ways of telling: the kinds there are, and the outputs that one run writes to. */
#ifndef SMTPWATCH_SINK_SINK_H
#define SMTPWATCH_SINK_SINK_H

#include "policy/throttle.h"
#include "stats/daily.h"
#include "stats/totals.h"
#include "trace/worst.h"
#include "transport/run_mode.h"

#include <poll.h>

#define SINK_WHY 512

/*
 * A kind of output: one file (src/sink/<name>.c) and one line in sinks.c. Functions that
 * return bool return false when the target takes no more; the sink is then left alone until its
 * close. Live that happens only where nobody can ever read there again; else the sink keeps, counts
 * what it loses, and tries again. Trouble is said on standard error, once each time, by the sink.
 * What a kind has no use for is NULL; open, record and close are not.
 */
struct sink_kind {
	const char *name, *help;
	/* target: what stood behind "KIND:"; NULL: nothing did. Both are borrowed for the sink's
	 * life. NULL on failure, with a sentence in why. */
	void *(*open)(const char *target, const struct run_mode *mode, char why[SINK_WHY]);
	/* Opens, makes and sends nothing. False with a sentence in why: open could not take this
	 * target anywhere. True with a sentence: it could not as things are. */
	bool (*check)(const char *target, const struct run_mode *mode, char why[SINK_WHY]);
	bool (*record)(void *self, const struct report *report);
	bool (*repeat)(void *self,
		       const struct throttle_repeat
			       *repeat); /* live: what the throttle kept back, summed up */
	bool (*daily)(void *self, const struct daily *day); /* live: a day is over */
	bool (*stats)(void *self, const struct summary *summary);
	/* Behind stats: each of the worst alerted sessions, worst first, and NULL when there are no
	 * more. Of a kind that has it the sessions are kept, and captures read a second time. */
	bool (*exhibit)(void *self, const struct exhibit *one);
	void (*observe)(
		void *self,
		const struct summary *summary); /* the same facts, whenever they are at hand */
	bool (*flush)(void *self);
	bool (*close)(void *self); /* false: something is missing from the target */

	/* What a loop needs that waits for several things at once. None of these waits. */
	size_t (*watch)(const void *self,
			struct pollfd *p); /* at most one: 1 if *p was filled, else 0 */
	void (*ready)(void *self, const struct pollfd *p); /* the same, with what came of it */
	void (*tick)(void *self, int64_t now);
	bool (*reopen)(void *self); /* false: it goes on as before, which has been said */
	void (*loss)(const void *self, struct sink_loss *out);
};

extern const struct sink_kind sink_text, sink_json, sink_syslog, sink_journald, sink_prometheus,
	sink_textfile, sink_exec, sink_csv, sink_zeek, sink_ecs, sink_html;

/* The table of kinds, ended by NULL. */
extern const struct sink_kind *const sink_kinds[];

/* The kind that "KIND" or "KIND:TARGET" names, and its target (NULL: none). NULL if there is no
 * such kind. */
const struct sink_kind *sink_kind_read(const char *spec, const char **target);

/* All outputs of one run, behind one door. */
struct sinks;

struct sinks_config {
	const struct alerting *alerting; /* borrowed, and may change between two records */
	enum redact_mode redact;
	struct run_mode mode;
	/* Called before any output gets a session that stands out (session_report.h): sets its
	 * pcap, if its packets are written. NULL: nobody does. */
	void (*packets)(void *arg, struct report *r);
	void *arg;
	/* Live only. */
	int64_t repeat; /* nanoseconds until an alert that was told is told again, as a sum; 0: each
			   is told */
	int digest; /* the minute of the day, UTC, at which the day is summed up; below 0: never */
};

/* Everything at its default: offline, nothing redacted. */
struct sinks_config sinks_config_default(const struct alerting *alerting);

/* The config is copied. NULL where there is no memory. */
struct sinks *sinks_new(const struct sinks_config *config);

/* Opens one more; spec is borrowed. Before root is given up and before there are threads: some
 * outputs start a process of their own. False, with a sentence in why. */
bool sinks_add(struct sinks *s, const char *spec, char why[SINK_WHY]);

/* One session, to all. input: the interface or file it came from. */
void sinks_record(struct sinks *s, const struct record *record, const char *input);

/* Nothing may wait in a buffer any longer: the input is slow, and someone looks on. */
void sinks_flush(struct sinks *s);

/* The last words, or with summary.interim what can be said so far; totals, alerting, live and
 * outputs are filled in here. */
void sinks_stats(struct sinks *s, struct summary summary);

/*
 * Offline, behind the last words: whether an output shows sessions in detail; asks for their
 * ladders (exhibits_draw), if they can be had; and, when these are filled, shows them. Live the
 * last is done with each statistics, without ladders.
 */
bool sinks_exhibiting(const struct sinks *s);
void sinks_draw(struct sinks *s, exhibit_drawer *draw, void *arg);
void sinks_exhibit(struct sinks *s);

/* The same for those that show figures to whoever asks at any time; cheap enough for once a second.
 */
void sinks_observe(struct sinks *s, struct summary summary);

/*
 * For a loop around poll(2). sinks_watch fills at most n places and returns how many it filled;
 * there is at most one for each output. sinks_ready is given the same places again, with revents.
 * sinks_tick: it is `now`, nanoseconds since the epoch; at least once a second, and it may be after
 * each wait, as what is retried, repeated, or due at a time of the day waits for it. sinks_reopen:
 * log files may have been moved away, readers may have changed (SIGHUP); false: one of them goes on
 * as before, which has been said. None of them waits.
 */
size_t sinks_watch(struct sinks *s, struct pollfd *fds, size_t n);
void sinks_ready(struct sinks *s, const struct pollfd *fds, size_t n);
void sinks_tick(struct sinks *s, int64_t now);
bool sinks_reopen(struct sinks *s);

/* What was counted so far. */
const struct totals *sinks_totals(const struct sinks *s);

/* False when every output has broken, so that going on is of no use to anybody. */
bool sinks_listening(const struct sinks *s);

/* Closes all, and tells before what the throttle still kept back. A target that takes nothing is
 * waited for two seconds. False: something is missing from one of them. */
bool sinks_close(struct sinks *s);

#endif
