/* explain.h - explains one session in whole sentences, for --explain and the HTML report. */
#ifndef SMTPWATCH_FORMAT_TEXT_EXPLAIN_H
#define SMTPWATCH_FORMAT_TEXT_EXPLAIN_H

#include "policy/session_report.h"
#include "trace/ladder.h"

/* columns: width of the screen; 0: 100. colour: with terminal escape sequences. */
struct explain_style {
	unsigned columns;
	bool colour;
};

/* All functions append to b. If memory is exhausted, b->failed is set or a paragraph is missing. */

/* Appends a heading, the parts of explain_parts, each with its label, each message that needs
 * attention, and the ladder. number: place of the session in the order of their ends; the first
 * is 1. l: judged (ladder_judge); NULL: no ladder. */
void explain_put(struct outbuf *b, const struct report *r, uint64_t number, const struct ladder *l,
		 struct explain_style style);

/* Calls `part` for each part of the explanation, in its order: "What happened", "Why" unless
 * nothing was seen that tells why, "The rule", "The mail", "Look at". text is borrowed until part
 * returns. l as above. */
typedef void explain_part(void *arg, const char *label, struct bytes text);
void explain_parts(const struct report *r, const struct ladder *l, explain_part *part, void *arg);

/* Appends a line for a list of sessions, with its line feed: "    12  2026-01-05 10:00:00 UTC
 * critical  221-for-message  192.0.2.10:40001 -> 198.51.100.25:25". number as above. */
void explain_brief(struct outbuf *b, const struct report *r, uint64_t number);

#endif
