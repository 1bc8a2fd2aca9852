/* engine_run.h - one engine, one capture made of segments, and what was heard of it: the fixture of
 * the engines' tests. */
#ifndef SMTPWATCH_TESTS_ENGINE_RUN_H
#define SMTPWATCH_TESTS_ENGINE_RUN_H

#include "lib/segments.h"
#include "lib/transcript.h"

struct engine_run {
	const struct stream_engine *engine;
	struct segments in;
	struct transcript out;
	struct stream_stats stats;
	struct stream_config config; /* the defaults, with a table of 1000 and port 25 watched */
	struct port_set ports;
};

/* NULL: no memory. */
struct engine_run *engine_run_new(const struct stream_engine *engine);

/* The same, never NULL, with an IPv4 connection to fill its capture with. */
struct engine_run *engine_run_talk(const struct stream_engine *engine, struct talk *t);

void engine_run_free(struct engine_run *r);

/* Feeds the capture to a new engine; what was heard before is forgotten. */
void engine_run_batches(struct engine_run *r, size_t batch);

/* The same in one batch; asserts that there was one connection, and returns it. */
struct heard *engine_run_one(struct engine_run *r);

/* Asserts how a connection ended. */
void assert_end(const struct heard *h, enum closer closer, enum how how, enum how over);

/* Asserts that talk_mail was heard, every byte of it. */
void assert_mail(const struct heard *h);

#endif
