/* terminal.h - what the terminal that somebody may sit at can do. */
#ifndef SMTPWATCH_TEXT_TERMINAL_H
#define SMTPWATCH_TEXT_TERMINAL_H

#include <stdbool.h>

/* Whether whoever started us has nothing against colours (no-color.org, TERM=dumb). That it is a
 * terminal is for the caller to know. */
bool terminal_likes_colour(void);

/* How wide it is; 0: this descriptor is no terminal, or it does not say. */
unsigned terminal_columns(int fd);

#endif
