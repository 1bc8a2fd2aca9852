/* table_sink.h - what the outputs csv, zeek and ecs have in common: a line for each session, and
 * perhaps a header before them. */
#ifndef SMTPWATCH_SINK_TABLE_SINK_H
#define SMTPWATCH_SINK_TABLE_SINK_H

#include "format/columns.h"
#include "sink/target.h"

/* How one format writes. header and footer may be NULL; first: when the first session that is
 * written began, nanoseconds, and last: when the last one ended; 0: there was none. */
struct tableout_format {
	enum column_format format;
	void (*header)(struct outbuf *b, struct stamp *stamp, int64_t first);
	/* value: valid UTF-8; NULL: it is not known. index: of the field in the line. */
	void (*field)(struct outbuf *b, const struct column *c, size_t index,
		      const struct outbuf *value);
	const char *end; /* of a line */
	void (*footer)(struct outbuf *b, struct stamp *stamp, int64_t last);
};

struct tableout {
	struct outlet out; /* must come first: see target.h */
	const struct tableout_format *format;
	struct digest *digest;
	struct stamp stamp;
	struct outbuf value;
	int64_t last;
	bool headed;
};

/* As in struct sink_kind; a sink's open hands its format on. */
void *tableout_open(const struct tableout_format *format, const char *target,
		    const struct run_mode *mode, char why[SINK_WHY]);
bool tableout_record(void *self, const struct report *r);
bool tableout_stats(void *self, const struct summary *summary);
bool tableout_reopen(void *self);
bool tableout_close(void *self);

/* A value's elements: the first of what is left, which is moved on behind it. False: none is left.
 */
bool tableout_element(struct bytes *left, struct bytes *element);

#define TABLEOUT_SINK                                                                              \
	.check = outlet_check, .record = tableout_record, .stats = tableout_stats,                 \
	.flush = outlet_flush, .close = tableout_close, .watch = outlet_watch,                     \
	.ready = outlet_ready, .tick = outlet_tick, .reopen = tableout_reopen, .loss = outlet_loss

#endif
