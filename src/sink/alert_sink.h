/* alert_sink.h - the shared part of sinks that send one record for each notice, to a local socket
 * or to a helper process. */
#ifndef SMTPWATCH_SINK_ALERT_SINK_H
#define SMTPWATCH_SINK_ALERT_SINK_H

#include "format/text/notice.h"
#include "sink/target.h"

/* The functions below with a void *self stand in a struct sink_kind. self: a struct alert_sink, or
 * a struct that begins with one. */
struct alert_sink {
	struct target target; /* must be the first member: see target.h */
	struct notices notices;
	struct field_list fields;
	struct outbuf scratch;
	bool taken; /* the last record was accepted, or is kept */
};

/* Prepares l. emit renders a notice into target_buffer and calls alert_sink_put. Returns false if
 * memory is exhausted. Call target_socket or target_helper next; if that fails, alert_sink_free.
 */
bool alert_sink_init(struct alert_sink *l, void (*emit)(void *arg, const struct notice *notice),
		     void *arg);

/* Frees what alert_sink_init allocated. */
void alert_sink_free(struct alert_sink *l);

void alert_sink_put(struct alert_sink *l);

bool alert_sink_record(void *self, const struct report *r);
bool alert_sink_repeat(void *self, const struct throttle_repeat *repeat);
bool alert_sink_daily(void *self, const struct daily *day);
bool alert_sink_stats(void *self, const struct summary *sum);

#define ALERT_SINK_BUT_RECORD TARGET_SINK, .reopen = target_reopen, .repeat = alert_sink_repeat
#define ALERT_SINK            ALERT_SINK_BUT_RECORD, .record = alert_sink_record

/* Closes the target and calls alert_sink_free. Returns false if the target misses something. */
bool alert_sink_close(struct alert_sink *l);

#endif
