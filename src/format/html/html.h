/* html.h - writes the report as one self-contained HTML page. */
#ifndef SMTPWATCH_FORMAT_HTML_HTML_H
#define SMTPWATCH_FORMAT_HTML_HTML_H

#include "format/text/text.h"
#include "policy/session_store.h"
#include "smtpwatch/cause.h"
#include "stats/metrics.h"
#include "stats/timeline.h"
#include "text/digest.h"

/*
 * A page. The page has no script, and html_style is its only style. Its Content-Security-Policy
 * (CSP level 3) names that style by its hash, so that a browser ignores any other script or style.
 */
struct html {
	struct outbuf *b;    /* borrowed */
	struct outbuf words; /* plain text for html_words; freed by html_free */
	struct text text;    /* writes into words; html_free frees its scratch */
	bool in_head;        /* the open cell is the heading of its row */
};

/* Counters of a page beside the totals. Zero-filled before first use; needs no freeing. */
struct html_figures {
	struct metrics metrics;
	struct timeline timeline;
	uint64_t causes[CAUSES]; /* sessions with alerts, by enum cause_id */
};

/* Prepares *h for a page into b, which is borrowed until html_free. html_free does not free b. */
void html_init(struct html *h, struct outbuf *b);
void html_free(struct html *h);

/* Counts one session. Call once for each session of the run. */
void html_count(struct html_figures *f, const struct report *r);

/*
 * Order of calls for one page: html_begin, html_session for each of the s->worst sessions,
 * html_end.
 *
 * html_begin writes all sections up to the list of sessions, which html_sessions begins. Returns
 * false if the style's hash cannot be computed: memory is exhausted or the crypto library fails. If
 * memory is exhausted elsewhere, h->b->failed is set.
 */
bool html_begin(struct html *h, const struct html_figures *f, const struct summary *s);
void html_sessions(struct html *h, const struct summary *s);
void html_session(struct html *h, const struct stored_session *one);
void html_end(struct html *h);

/* chart.c: writes the section with the timeline: two charts, and a table with their numbers. */
void html_chart(struct html *h, const struct timeline *t, const struct alerting *alerting);

/* traffic.c: writes the sections with the recipient domains, and with the hours of the day. */
void html_domains(struct html *h, const struct domains *d);
void html_hours(struct html *h, const struct totals *t);

/* style.c: the style sheet in pieces, terminated by NULL. */
extern const char *const html_style[];

/*
 * The parts of a section (parts.c).
 * - html_str: writes markup as it is.
 * - html_text: writes text, escaped by escape_html.
 * - html_words: writes h->words in the same way, and empties them.
 * - html_number: writes "1,234".
 * - html_time: writes a time in UTC; ns: nanoseconds since the epoch.
 */
void html_str(struct html *h, const char *markup);
void html_words(struct html *h);
void html_text(struct html *h, struct bytes text);
void html_number(struct html *h, uint64_t n);
void html_time(struct html *h, int64_t ns);

/* Writes a bar that fills part/whole of its cell. Screen readers skip the bar: a cell beside it has
 * the number. severity: the colour, enum severity; SEVERITIES: a plain one. */
void html_bar(struct html *h, uint64_t part, uint64_t whole, unsigned severity);

/* Writes the name of the severity as a badge in its colour. */
void html_badge(struct html *h, enum severity s);

/* Begin and end a section with a heading, and a table. A table that is too wide can be scrolled by
 * keyboard. id, title, caption and columns are markup. columns: terminated by NULL; a name that
 * begins with "#" is that of a column of numbers, with "|" of bars, which narrow screens leave out.
 */
void html_section(struct html *h, const char *id, const char *title);
void html_section_end(struct html *h);
void html_table(struct html *h, const char *caption, const char *const *columns);
void html_table_end(struct html *h);

/* html_row begins a row and opens the cell of its heading. html_cell closes the open cell and opens
 * the next. html_row_end closes the open cell and the row. class: CSS class of the row or cell;
 * NULL: none. */
void html_row(struct html *h, const char *class);
void html_cell(struct html *h, const char *class);
void html_row_end(struct html *h);

#endif
