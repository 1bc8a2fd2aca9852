/* table_sink.h - the shared part of the sinks csv, zeek and ecs: one line for each session, with
 * an optional header. */
#ifndef SMTPWATCH_SINK_TABLE_SINK_H
#define SMTPWATCH_SINK_TABLE_SINK_H

#include "base/error.h"
#include "format/columns.h"
#include "sink/target.h"

/* A format. header and footer may be NULL. Times are nanoseconds since the epoch. first: the
 * beginning of the first session written. last: the end of the last one. 0: none was written. */
struct table_sink_format {
	enum column_format format;
	void (*header)(struct outbuf *b, struct stamp *stamp, int64_t first);
	/* value: valid UTF-8, or NULL if not known. index: the field's position in the line. */
	void (*field)(struct outbuf *b, const struct column *c, size_t index,
		      const struct outbuf *value);
	const char *end; /* the end of a line */
	void (*footer)(struct outbuf *b, struct stamp *stamp, int64_t last);
};

struct table_sink {
	struct target out; /* must be the first member: see target.h */
	const struct table_sink_format *format;
	struct digest *digest;
	struct stamp stamp;
	struct outbuf value;
	int64_t last;
	bool headed;
};

/* As in struct sink_kind. The open function of a sink passes its format. */
void *table_sink_open(const struct table_sink_format *format, const char *target,
		      const struct run_mode *mode, struct error *why);
bool table_sink_record(void *self, const struct report *r);
bool table_sink_stats(void *self, const struct summary *summary);
bool table_sink_reopen(void *self);
bool table_sink_close(void *self);

/* Takes the first element off *left, a value whose elements are separated by LF. Returns false if
 * none is left. */
bool table_sink_element(struct bytes *left, struct bytes *element);

#define TABLE_SINK                                                                                 \
	.check = target_check, .record = table_sink_record, .stats = table_sink_stats,             \
	.flush = target_flush, .close = table_sink_close, .poll = target_poll,                     \
	.ready = target_ready, .tick = target_tick, .reopen = table_sink_reopen,                   \
	.loss = target_loss

#endif
