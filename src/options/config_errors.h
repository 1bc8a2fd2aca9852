/* config_errors.h - what is wrong with a configuration, told a line each, all of it. */
#ifndef SMTPWATCH_OPTIONS_CONFIG_ERRORS_H
#define SMTPWATCH_OPTIONS_CONFIG_ERRORS_H

#include <stddef.h>
#include <stdio.h>

struct mistake {
	unsigned line;
	char *text;
};

/* Zero-filled before first use, but for `to` and `file`. */
struct mistakes {
	FILE *to;
	const char *file; /* the configuration file; NULL: there is none */
	unsigned n;       /* found so far */
	struct mistake *all;
	size_t kept; /* in all */
};

/* line 0: it stands on the command line. Told by mistakes_tell, or at once where there is no
 * memory. */
void mistakes_add(struct mistakes *m, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells what was found so far, "smtpwatch: FILE:LINE: " and the sentence, in the order of the
 * lines, and forgets all but their number. */
void mistakes_tell(struct mistakes *m);

#endif
