/* alert_sink.h - what sinks have in common that send a record for each notice: to a local socket,
 * or to a courier. */
#ifndef SMTPWATCH_SINK_ALERT_SINK_H
#define SMTPWATCH_SINK_ALERT_SINK_H

#include "format/text/notice.h"
#include "sink/sink.h"
#include "transport/helper_process.h"

/* The functions with a void *self below stand in a struct sink_kind as they are: `self` is a struct
 * lineout, or a struct that begins with one. */
struct lineout {
	struct notices notices;
	struct outbuf scratch;
	struct outsocket local;
	struct courier *courier; /* NULL: local */
	bool taken;              /* the last record was, or is kept */
};

/* tell renders into lineout_buffer and calls lineout_put. False where there is no memory. One of
 * the two below is due next; or lineout_forget. */
bool lineout_init(struct lineout *l, void (*tell)(void *arg, const struct notice *notice),
		  void *arg);
bool lineout_local(struct lineout *l, const char *path, const struct run_mode *mode,
		   char why[SINK_WHY]);
bool lineout_courier(struct lineout *l, const char *name, const struct run_mode *mode,
		     courier_work *work, const void *arg, char why[SINK_WHY]);

/* Gives back what lineout_init took. */
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

/* False: something is missing from the target. Forgets, too. */
bool lineout_close(struct lineout *l);

#endif
