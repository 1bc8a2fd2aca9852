/* text.h - alerts and the closing summary for people. */
#ifndef SMTPWATCH_OUTPUT_TEXT_H
#define SMTPWATCH_OUTPUT_TEXT_H

#include "output/escape.h"
#include "output/report.h"
#include "output/stamp.h"
#include "output/totals.h"

/* A text under way. */
struct text {
	struct outbuf *b;
	bool colour;
	struct stamp stamp;
};

/* Four parts that can be forwarded as they are: when, how bad, who; what happened; what it means for the mail; what to look at next. */
void text_alert(struct text *t, const struct report *r);

/* The whole run: sessions by verdict, messages by fate, the worst servers, the capture and what was missing from it. */
void text_summary(struct text *t, const struct summary *s);

/* What both need. text_count: "1 session", "1,234 sessions". text_severity: in its colour, in capitals if wanted, filled up with blanks to `width`. */
void text_count(struct text *t, uint64_t n, const char *what);
void text_severity(struct text *t, enum severity s, bool capitals, int width);
void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port);

#endif
