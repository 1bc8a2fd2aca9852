/* terminal.c - reads the environment and asks the terminal driver. */
#include "text/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { COLUMNS_MIN = 20, COLUMNS_MAX = 1000 };

bool terminal_likes_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return (!no || no[0] == '\0') && (!term || strcmp(term, "dumb") != 0);
}

unsigned terminal_columns(int fd)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;
	return n >= COLUMNS_MIN && n <= COLUMNS_MAX ? (unsigned)n : 0;
}
