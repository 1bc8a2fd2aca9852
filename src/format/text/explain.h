/* explain.h - one session in plain words, for whoever has five minutes, or has to convince somebody
 * else. */
#ifndef SMTPWATCH_FORMAT_TEXT_EXPLAIN_H
#define SMTPWATCH_FORMAT_TEXT_EXPLAIN_H

#include "policy/session_report.h"
#include "trace/ladder.h"

/* How it is drawn. columns: 0: 100. */
struct explain_style {
	unsigned columns;
	bool colour;
};

/* number: of the session, in the order in which sessions ended, the first is 1. The heading, a
 * paragraph, the messages that need attention, the ladder (with its fault marked; NULL: there is
 * none). */
void explain_put(struct outbuf *b, const struct report *r, uint64_t number, const struct ladder *l,
		 struct explain_style style);

/* The paragraph alone, without a line end: what happened, why we think so, the rule, what the
 * sender will have done, what to check next. */
void explain_paragraph(struct outbuf *b, const struct report *r, const struct ladder *l);

/* A line for a list to choose from: "12  2026-01-05 10:00:00 UTC  critical  221-for-message
 * 192.0.2.10:40001 -> 198.51.100.25:25". */
void explain_brief(struct outbuf *b, const struct report *r, uint64_t number);

#endif
