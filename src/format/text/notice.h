/* notice.h - the notices of outputs that show one line at a time (syslog, journald, exec). */
#ifndef SMTPWATCH_FORMAT_TEXT_NOTICE_H
#define SMTPWATCH_FORMAT_TEXT_NOTICE_H

#include "format/fields.h"
#include "format/text/text.h"

/* One line. Borrowed until the callback returns. */
struct notice {
	const char *id; /* of the alert kind; "digest": the daily summary; "end": end of the run */
	enum severity severity;
	int64_t ts;                     /* nanoseconds since the epoch */
	const struct field_view *alert; /* NULL: the notice is about no session */
	struct bytes text;              /* valid UTF-8 without control bytes */
};

struct notices {
	void (*emit)(void *arg, const struct notice *notice);
	void *arg;
	struct text text; /* writes into line */
	struct outbuf line;
	struct stamp stamp;
	struct digest *digest;
};

/* Prepares *n; emit gets each notice. Returns false if memory is exhausted or the crypto library
 * lacks a hash. notices_free frees what n holds, after a failure too. */
bool notices_init(struct notices *n, void (*emit)(void *arg, const struct notice *notice),
		  void *arg);
void notices_free(struct notices *n);

/*
 * Emits a notice for each alert that the session raises. Also emits a notice for each critical
 * alert that is rate-limited or grouped, because its messages must be named. Such a notice has
 * severity notice: another alert has already called the operator. If memory is exhausted, the text
 * of a notice is cut.
 */
void notices_record(struct notices *n, const struct report *r);

/* Emits a notice for a sum of rate-limited alerts, and for a daily summary. */
void notices_repeat(struct notices *n, const struct throttle_repeat *repeat);
void notices_daily(struct notices *n, const struct daily *day);

/* Emits a notice at the end of the run; emits nothing for interim statistics. */
void notices_stats(struct notices *n, const struct summary *sum);

#endif
