/* cell.c - the cells of a line. */
#include "tui/cell.h"

#include "text/escape.h"

void top_cell(struct top_row *l, unsigned width, int style, bool right)
{
	struct outbuf *c = l->cell;
	unsigned columns = screen_size().columns, left = 0;
	if (l->column < columns)
		left = width < columns - l->column ? width : columns - l->column;
	bool cut = left > 0 && screen_width(bytes_of(c->p, c->n)) > left;
	size_t shift = right && c->n < width ? width - c->n : 0;
	screen_put(l->row, l->column + (unsigned)shift, left - (unsigned)(cut ? 1 : 0),
		   (unsigned)style | l->selected, bytes_of(c->p, c->n));
	if (cut)
		screen_put(l->row, l->column + left - 1, 1, (unsigned)style | l->selected,
			   bytes_str("~"));
	l->column += width + 1;
	c->n = 0;
	c->failed = false;
}

void top_cell_str(struct top_row *l, unsigned width, int style, const char *text)
{
	escape_text(l->cell, bytes_str(text));
	top_cell(l, width, style, false);
}

struct top_row top_row_begin(struct outbuf *cell, unsigned row, bool selected)
{
	struct top_row l = {.cell = cell, .row = row, .selected = selected ? SCREEN_SELECTED : 0};
	for (unsigned i = 0; selected && i < screen_size().columns; i++)
		screen_put(row, i, 1, SCREEN_SELECTED, bytes_str(" "));
	return l;
}
