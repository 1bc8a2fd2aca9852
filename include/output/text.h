/* text.h - alerts and the closing summary for people. */
#ifndef SMTPWATCH_OUTPUT_TEXT_H
#define SMTPWATCH_OUTPUT_TEXT_H

#include "output/escape.h"
#include "output/report.h"
#include "output/stamp.h"
#include "output/totals.h"

/* A text under way. What is shown is at most TEXT_COLUMNS wide, but for words that are wider; TEXT_INDENT is where an alert's paragraphs begin. */
enum { TEXT_COLUMNS = 100, TEXT_INDENT = 17 };
struct text {
	struct outbuf *b;
	struct outbuf scratch; /* freed by whoever has the text */
	bool colour;
	struct stamp stamp;
};

/* Parts that can be forwarded as they are: when, how bad, who; what happened; why; what it means for the mail; what to look at next. */
void text_alert(struct text *t, const struct report *r, unsigned signature);

/* A session whose alert another one has raised: who, and what became of its messages. */
void text_grouped(struct text *t, const struct report *r);

/* The messages of a session that need attention, a paragraph each, and how many more there are (text_mail.c). */
void text_messages(struct text *t, const struct report *r);
void text_message(struct text *t, const struct report *r, const struct transaction *m);

/* The whole run: sessions by verdict, messages by fate, the worst servers, the capture and what was missing from it. */
void text_summary(struct text *t, const struct summary *s);

/*
 * What all need. text_count: "1 session", "1,234 sessions". text_severity: in its colour, in capitals if wanted, filled up with blanks to `width`. text_fold: ends the line that began at
 * offset `from` of the buffer, broken at blanks where it is too wide; what is broken off begins at column `indent`.
 */
void text_count(struct text *t, uint64_t n, const char *what);
void text_severity(struct text *t, enum severity s, bool capitals, int width);
void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port);
void text_fold(struct text *t, size_t from, size_t indent);

#endif
