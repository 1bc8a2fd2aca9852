/* alert_sink.h - the shared part of sinks that send one record for each notice, to a local socket
 * or to a helper process. */
#ifndef SMTPWATCH_SINK_ALERT_SINK_H
#define SMTPWATCH_SINK_ALERT_SINK_H

#include "format/text/notice.h"
#include "sink/sink.h"
#include "transport/helper_process.h"

/* The functions below with a void *self stand in a struct sink_kind. self: a struct lineout, or a
 * struct that begins with one. */
struct lineout {
	struct notices notices;
	struct outbuf scratch;
	struct outsocket local;
	struct courier *courier; /* NULL: the records go to the local socket */
	bool taken;              /* the last record was accepted, or is kept */
};

/* Prepares l. tell renders a notice into lineout_buffer and calls lineout_put. Returns false if
 * memory is exhausted. Call lineout_local or lineout_courier next; if that fails, lineout_forget.
 */
bool lineout_init(struct lineout *l, void (*tell)(void *arg, const struct notice *notice),
		  void *arg);
bool lineout_local(struct lineout *l, const char *path, const struct run_mode *mode,
		   char why[SINK_WHY]);
bool lineout_courier(struct lineout *l, const char *name, const struct run_mode *mode,
		     courier_work *work, const void *arg, char why[SINK_WHY]);

/* Frees what lineout_init allocated. */
void lineout_forget(struct lineout *l);

struct outbuf *lineout_buffer(struct lineout *l);
void lineout_put(struct lineout *l);

bool lineout_record(void *self, const struct report *r);
bool lineout_repeat(void *self, const struct throttle_repeat *repeat);
bool lineout_daily(void *self, const struct daily *day);
bool lineout_stats(void *self, const struct summary *sum);
bool lineout_flush(void *self);
size_t lineout_watch(const void *self, struct pollfd *p);
void lineout_ready(void *self, const struct pollfd *p);
void lineout_tick(void *self, int64_t now);
bool lineout_reopen(void *self);
void lineout_loss(const void *self, struct sink_loss *out);

/* Closes the target and calls lineout_forget. Returns false if the target misses something. */
bool lineout_close(struct lineout *l);

#endif
