/* escape.h - text off the wire, made safe for JSON, terminals, HTML and CSV. */
#ifndef SMTPWATCH_TEXT_ESCAPE_H
#define SMTPWATCH_TEXT_ESCAPE_H

#include "text/buffer.h"

/*
 * Each function appends valid UTF-8 for any input. U+FFFD replaces a byte that belongs to no
 * character: one for each maximal part of a broken sequence (Unicode 3.9). Characters that a
 * terminal or viewer could obey are written as \uXXXX. These are C0 and C1 controls, DEL, line and
 * paragraph separators, zero-width characters, bidirectional marks, overrides and isolates.
 */

/* The most bytes that escape_json, escape_text and escape_html append for one byte of text. */
enum { ESCAPE_MAX = 6 };

/* Appends the inside of a JSON string: quotation marks and backslashes are escaped too. */
void escape_json(struct outbuf *b, struct bytes text);

/* Copies the plain bytes that text begins with: printable ASCII, no quotation mark and no
 * backslash. Returns their number. Up to ESCAPE_SLACK bytes behind them are overwritten too. */
enum { ESCAPE_SLACK = 16 };
size_t escape_copy(char *to, struct bytes text);

/* Appends text for people. The result contains no byte below 0x20, so that a line stays a line. */
void escape_text(struct outbuf *b, struct bytes text);

/* Appends the lines of a reply as one line, as escape_text, with " / " between two lines. text:
 * lines joined by '\n', as in struct strings. Empty lines are left out. All outputs but JSON show
 * replies so. */
void escape_lines(struct outbuf *b, struct bytes text);

/* Appends text for an HTML page, as escape_text. Nothing in the result is markup, neither between
 * tags nor inside a quoted attribute. */
void escape_html(struct outbuf *b, struct bytes text);

/* Appends a field of CSV (RFC 4180). The field is quoted if it contains a comma, quotation mark or
 * space. If a spreadsheet would take the field for a formula, it is quoted and begins with an
 * apostrophe. */
void escape_csv(struct outbuf *b, struct bytes text);

#endif
