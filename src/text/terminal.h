/* terminal.h - properties of the user's terminal. */
#ifndef SMTPWATCH_TEXT_TERMINAL_H
#define SMTPWATCH_TEXT_TERMINAL_H

#include <stdbool.h>

/* Returns false if the environment asks for no colours: NO_COLOR is not empty (no-color.org), or
 * TERM is "dumb". Does not check whether the output is a terminal. */
bool terminal_likes_colour(void);

/* Returns the width of the terminal in columns. If fd is no terminal, or the terminal does not
 * report a width: what COLUMNS says (20 to 1000), else 0. */
unsigned terminal_columns(int fd);

#endif
