/* sink.h - the ways of telling: the kinds there are, and the outputs that one run writes to. */
#ifndef SMTPWATCH_OUTPUT_SINK_H
#define SMTPWATCH_OUTPUT_SINK_H

#include "output/redact.h"
#include "output/totals.h"

#include <poll.h>

#define SINK_WHY 512

/*
 * A kind of output: one file (src/output/sink_<name>.c) and one line in sink.c. record, stats and flush return false when the target takes no more; the sink is then left alone until its
 * close. Trouble is said on standard error once, by the sink.
 */
struct sink_kind {
	const char *name, *help;
	/* target: what stood behind "KIND:", borrowed for the sink's life; NULL: nothing did. NULL on failure, with a sentence in why. */
	void *(*open)(const char *target, char why[SINK_WHY]);
	bool (*record)(void *self, const struct report *report);
	bool (*stats)(void *self, const struct summary *summary);
	bool (*flush)(void *self);
	bool (*close)(void *self); /* false: something is missing from the target */
};

extern const struct sink_kind sink_text, sink_json;

/* The table of kinds, ended by NULL. */
extern const struct sink_kind *const sink_kinds[];

/* The kind that "KIND" or "KIND:TARGET" names, and its target (NULL: none). NULL if there is no such kind. */
const struct sink_kind *sink_kind_read(const char *spec, const char **target);

/* All outputs of one run, behind one door. */
struct sinks;

/* alerting is borrowed. NULL where there is no memory. */
struct sinks *sinks_new(const struct alerting *alerting, enum redact_mode redact);

/* Opens one more; spec is borrowed. False, with a sentence in why. */
bool sinks_add(struct sinks *s, const char *spec, char why[SINK_WHY]);

/* One session, to all. input: the interface or file it came from. */
void sinks_record(struct sinks *s, const struct record *record, const char *input);

/* Nothing may wait in a buffer any longer: the input is slow, and someone looks on. */
void sinks_flush(struct sinks *s);

/* The last words; totals and alerting are filled in here. */
void sinks_stats(struct sinks *s, struct summary summary);

/* Descriptors that outputs wait for, at most n of them, for poll(2); how many. sinks_ready takes them back after the wait. */
size_t sinks_watch(struct sinks *s, struct pollfd *fds, size_t n);
void sinks_ready(struct sinks *s, const struct pollfd *fds, size_t n);

/* Time has come to now, nanoseconds since the epoch: summaries that are due, connections that are tried again. */
void sinks_tick(struct sinks *s, int64_t now);

/* Files were renamed away: they are opened anew. False: one of them could not be. */
bool sinks_reopen(struct sinks *s);

/* What was counted so far. */
const struct totals *sinks_totals(const struct sinks *s);

/* False when every output has broken, so that going on is of no use to anybody. */
bool sinks_listening(const struct sinks *s);

/* Closes all. False: something is missing from one of them. */
bool sinks_close(struct sinks *s);

#endif
