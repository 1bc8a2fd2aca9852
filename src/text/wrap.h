/* wrap.h - text laid into columns of a terminal or of a mail: wide characters take two. */
#ifndef SMTPWATCH_TEXT_WRAP_H
#define SMTPWATCH_TEXT_WRAP_H

#include "text/buffer.h"

/* As much of a text as fits: behind a blank, where there is one not too far back. Widths of other
 * than ASCII characters are those of the locale (setlocale, LC_CTYPE), else 1. */
struct wrap_piece {
	size_t bytes;
	unsigned columns;
};

/* text: valid UTF-8 without control bytes. At least a character of it, whatever the width. */
struct wrap_piece wrap_piece(struct bytes text, unsigned width);

/* A paragraph at most `width` wide, with its line ends; each line but the first begins with so many
 * blanks. */
void wrap_put(struct outbuf *b, struct bytes text, unsigned width, unsigned indent);

void wrap_blanks(struct outbuf *b, unsigned n);

#endif
