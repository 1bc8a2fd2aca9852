/* alert_sink.h - the shared part of sinks that send one record for each notice, to a local socket
 * or to a helper process. */
#ifndef SMTPWATCH_SINK_ALERT_SINK_H
#define SMTPWATCH_SINK_ALERT_SINK_H

#include "base/error.h"
#include "format/text/notice.h"
#include "sink/sink.h"
#include "transport/helper_process.h"

/* The functions below with a void *self stand in a struct sink_kind. self: a struct alert_sink, or
 * a struct that begins with one. */
struct alert_sink {
	struct notices notices;
	struct field_list fields;
	struct outbuf scratch;
	struct outsocket local;
	struct helper *helper; /* NULL: the records go to the local socket */
	bool taken;            /* the last record was accepted, or is kept */
};

/* Prepares l. tell renders a notice into alert_sink_buffer and calls alert_sink_put. Returns false
 * if memory is exhausted. Call alert_sink_local or alert_sink_helper next; if that fails,
 * alert_sink_free.
 */
bool alert_sink_init(struct alert_sink *l, void (*emit)(void *arg, const struct notice *notice),
		     void *arg);
bool alert_sink_local(struct alert_sink *l, const char *path, const struct run_mode *mode,
		      struct error *why);
bool alert_sink_helper(struct alert_sink *l, const char *name, const struct run_mode *mode,
		       helper_work *work, const void *arg, struct error *why);

/* Frees what alert_sink_init allocated. */
void alert_sink_free(struct alert_sink *l);

struct outbuf *alert_sink_buffer(struct alert_sink *l);
void alert_sink_put(struct alert_sink *l);

bool alert_sink_record(void *self, const struct report *r);
bool alert_sink_repeat(void *self, const struct throttle_repeat *repeat);
bool alert_sink_daily(void *self, const struct daily *day);
bool alert_sink_stats(void *self, const struct summary *sum);
bool alert_sink_flush(void *self);
size_t alert_sink_poll(const void *self, struct pollfd *p);
void alert_sink_ready(void *self, const struct pollfd *p);
void alert_sink_tick(void *self, int64_t now);
bool alert_sink_reopen(void *self);
void alert_sink_loss(const void *self, struct sink_loss *out);

#define ALERT_SINK                                                                                 \
	.record = alert_sink_record, .repeat = alert_sink_repeat, .flush = alert_sink_flush,       \
	.poll = alert_sink_poll, .ready = alert_sink_ready, .tick = alert_sink_tick,               \
	.reopen = alert_sink_reopen, .loss = alert_sink_loss

/* Closes the target and calls alert_sink_free. Returns false if the target misses something. */
bool alert_sink_close(struct alert_sink *l);

#endif
