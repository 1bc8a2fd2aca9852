/* wrap.h - wraps text to the columns of a terminal or a mail. Wide characters take two columns. */
#ifndef SMTPWATCH_TEXT_WRAP_H
#define SMTPWATCH_TEXT_WRAP_H

#include "text/buffer.h"

/* The beginning of a text that fits into a line. */
struct wrap_piece {
	size_t bytes;
	unsigned columns;
};

/* Returns the longest beginning of text that fits into `width` columns. The piece ends behind the
 * last blank if that lies in the right half of the line; else the piece may end inside a word.
 * Blanks at the end may exceed the width. If text is not empty, the piece has at least one
 * character. text: valid UTF-8 without control bytes. The column width of a character is that of
 * the locale (LC_CTYPE), or 1. */
struct wrap_piece wrap_piece(struct bytes text, unsigned width);

/* Appends a paragraph of lines, each with a line end and at most `width` columns. Each line but the
 * first begins with `indent` blanks; indent must be less than width. Blanks at the end of a line
 * are left out. An empty text becomes one empty line. */
void wrap_put(struct outbuf *b, struct bytes text, unsigned width, unsigned indent);

/* Appends n blanks. */
void wrap_blanks(struct outbuf *b, unsigned n);

#endif
