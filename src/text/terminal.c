/* terminal.c - reads the environment and asks the terminal driver. */
#include "text/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

bool terminal_likes_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return (!no || no[0] == '\0') && (!term || strcmp(term, "dumb") != 0);
}

unsigned terminal_columns(int fd)
{
	struct winsize size;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
