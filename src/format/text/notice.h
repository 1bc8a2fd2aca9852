/* notice.h - what outputs that show one line at a time have to say: which lines there are, for each
 * event. */
#ifndef SMTPWATCH_FORMAT_TEXT_NOTICE_H
#define SMTPWATCH_FORMAT_TEXT_NOTICE_H

#include "format/fields.h"
#include "format/text/text.h"

/* One line. Borrowed for the length of the call. */
struct notice {
	const char *id; /* of the alert kind; or "digest", "end" */
	enum severity severity;
	int64_t ts;
	const struct alert_view *alert; /* NULL: it is about no session */
	struct bytes text;              /* valid UTF-8 without control bytes */
};

/* To be freed by notices_free. */
struct notices {
	void (*emit)(void *arg, const struct notice *notice);
	void *arg;
	struct text text;
	struct outbuf line;
	struct stamp stamp;
	struct digest *digest;
};

/* False where there is no memory. */
bool notices_init(struct notices *n, void (*emit)(void *arg, const struct notice *notice),
		  void *arg);
void notices_free(struct notices *n);

/*
 * Each alert that is raised; and of what is critical and told with another alert or in a sum, a
 * line of its own, so that its messages are named. That one only has the severity notice: whoever
 * is called at night by the others need not be called by it.
 */
void notices_record(struct notices *n, const struct report *r);
void notices_repeat(struct notices *n, const struct throttle_repeat *repeat);
void notices_daily(struct notices *n, const struct daily *day);

/* Nothing, if it is not the end. */
void notices_stats(struct notices *n, const struct summary *sum);

#endif
