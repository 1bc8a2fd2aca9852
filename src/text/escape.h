/* escape.h - text off the wire, made harmless for JSON and for a terminal. */
#ifndef SMTPWATCH_TEXT_ESCAPE_H
#define SMTPWATCH_TEXT_ESCAPE_H

#include "text/buffer.h"

/*
 * They write valid UTF-8 whatever comes in: a byte that belongs to no character becomes U+FFFD (one
 * for each maximal part of a broken sequence, as Unicode 3.9 recommends), and what a terminal or a
 * viewer could obey instead of show is written as \uXXXX: C0 and C1 controls, DEL, line and
 * paragraph separators, zero-width characters, bidirectional overrides and isolates.
 */

/* Each byte of a text becomes so many at most, in JSON and for people. */
enum { ESCAPE_MAX = 6 };

/* The inside of a JSON string: quotation marks and backslashes are escaped too. */
void escape_json(struct outbuf *b, struct bytes text);

/* For people. No byte below 0x20 comes out, so that a line stays a line. */
void escape_text(struct outbuf *b, struct bytes text);

/* The lines of a reply, which strings join with '\n', in one: as escape_text, with " / " between
 * two lines; empty ones are left out. Every output but JSON shows replies by it. */
void escape_lines(struct outbuf *b, struct bytes text);

/* For a page: as for people, and nothing of it is markup, neither between tags nor within the
 * quotation marks of an attribute. */
void escape_html(struct outbuf *b, struct bytes text);

/* A field of CSV (RFC 4180), quoted where it must be. What a spreadsheet would take for a formula
 * begins with an apostrophe. */
void escape_csv(struct outbuf *b, struct bytes text);

#endif
