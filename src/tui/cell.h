/* cell.h - the cells of a line of a list. */
#ifndef SMTPWATCH_TUI_CELL_H
#define SMTPWATCH_TUI_CELL_H

#include "text/buffer.h"
#include "tui/screen.h"

/* A line being drawn. cell: the text of the next cell; column: where that begins. */
struct top_row {
	struct outbuf *cell; /* borrowed */
	unsigned row, column, selected;
};

/* Begins a line. A selected line is in reverse video over the whole width. */
struct top_row top_row_begin(struct outbuf *cell, unsigned row, bool selected);

/* Draws l->cell with `width` columns and a blank behind, and empties it. A text that is cut ends in
 * "~". style: enum screen_style; right: aligned to the right. top_cell_str draws a text of any
 * bytes. */
void top_cell(struct top_row *l, unsigned width, int style, bool right);
void top_cell_str(struct top_row *l, unsigned width, int style, const char *text);

#endif
