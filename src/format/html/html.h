/* html.h - the report as one page that needs nothing from elsewhere: what it is made of, in the
 * order in which it is put together. */
#ifndef SMTPWATCH_FORMAT_HTML_HTML_H
#define SMTPWATCH_FORMAT_HTML_HTML_H

#include "format/text/text.h"
#include "stats/metrics.h"
#include "stats/timeline.h"
#include "text/digest.h"
#include "trace/worst.h"

/*
 * A page under way. Nothing in it is a script; its only style is html_style, which it names by its
 * hash in its Content-Security-Policy (CSP level 3), so that a browser would ignore whatever else
 * somebody got into it. What is put in by html_words cannot be markup.
 */
struct html {
	struct outbuf *b;
	struct outbuf words; /* freed by html_free, as text's scratch is */
	struct text text;    /* writes into words */
	bool in_head;        /* the cell that is open is its row's heading */
};

/* What is counted for it, beside the totals. Zero-filled before first use. */
struct html_figures {
	struct metrics metrics;
	struct timeline timeline;
	uint64_t causes[CAUSES]; /* of sessions that are alerts */
};

void html_init(struct html *h, struct outbuf *b);
void html_free(struct html *h);
void html_count(struct html_figures *f, const struct report *r);

/* Order of calls: begin, then html_session for each of s->worst, then end. False: no memory. */
bool html_begin(struct html *h, const struct html_figures *f, const struct summary *s);
void html_sessions(struct html *h, const struct summary *s); /* html_begin calls it */
void html_session(struct html *h, const struct worst_session *one);
void html_end(struct html *h);

/* chart.c: the timeline as two charts and a table of the same. */
void html_chart(struct html *h, const struct timeline *t, const struct alerting *alerting);

/* style.c: the style sheet, in pieces; ended by NULL. */
extern const char *const html_style[];

/*
 * parts.c: the small pieces. html_words: h->words as text, which are empty then.
 */
void html_str(struct html *h, const char *markup);
void html_words(struct html *h);
void html_text(struct html *h, struct bytes text);
void html_number(struct html *h, uint64_t n);
void html_time(struct html *h, int64_t ns);

/* A bar of part/whole of its place; the number beside it says the same. severity: its colour;
 * SEVERITIES: none. */
void html_bar(struct html *h, uint64_t part, uint64_t whole, unsigned severity);

/* "critical", as a badge in its colour. */
void html_badge(struct html *h, enum severity s);

/* A section with its heading; a table in it, that can be scrolled by keyboard where it is too wide.
 * columns: ended by NULL; one that begins with "#" holds numbers. */
void html_section(struct html *h, const char *id, const char *title);
void html_section_end(struct html *h);
void html_table(struct html *h, const char *caption, const char *const *columns);
void html_table_end(struct html *h);

/* A cell: html_row begins a row with its heading's cell open; html_cell ends the one before and
 * opens the next; html_row_end. class: NULL: none. */
void html_row(struct html *h, const char *class);
void html_cell(struct html *h, const char *class);
void html_row_end(struct html *h);

#endif
