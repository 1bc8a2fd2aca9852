/* open.h - draws the list of open sessions. It shows words of this program and addresses of hosts
 * alone, so that there is nothing to redact. */
#ifndef SMTPWATCH_TUI_OPEN_H
#define SMTPWATCH_TUI_OPEN_H

#include "text/buffer.h"
#include "trace/open_merge.h"

/* Draw the names of the columns, and a line. cell: empty, for their texts. */
void open_draw_head(struct outbuf *cell);
void open_draw(struct outbuf *cell, unsigned row, const struct open_line *o, bool selected);

/* Adds to b how many connections are open, if they are more than are listed. */
void open_draw_count(struct outbuf *b, const struct open_merge *m, size_t listed);

/* Returns what is to be said where the list is empty. */
const char *open_draw_none(const struct open_merge *m);

#endif
