/* show.h - the status as text for people, and as the line of a check of Nagios or Icinga. */
#ifndef SMTPWATCH_STATUS_SHOW_H
#define SMTPWATCH_STATUS_SHOW_H

#include "status/view.h"
#include "text/buffer.h"

/* The exit codes of a check (Nagios Plugin API). */
enum nagios_code { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN };

/* Nanoseconds. recent: a loss is told so long. silence: an interface without a packet for so long
 * is a warning; 0: never. */
struct nagios_rules {
	int64_t recent, silence;
};

/* Appends lines of at most `columns` columns. */
void status_show_text(struct outbuf *b, const struct status_view *v, unsigned columns);

/*
 * Appends one line with its performance data, and returns its code.
 * - CRITICAL: an interface is not watched; a session or a record of an output was lost lately.
 * - WARNING: packets were dropped lately; an interface is silent.
 */
enum nagios_code status_show_nagios(struct outbuf *b, const struct status_view *v,
				    const struct nagios_rules *rules);

/* Appends the line of a check that got no status. why: a sentence. */
void status_show_failure(struct outbuf *b, enum nagios_code code, const char *why);

#endif
