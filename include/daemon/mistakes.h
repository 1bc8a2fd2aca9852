/* mistakes.h - what is wrong with a configuration, told a line each, all of it. */
#ifndef SMTPWATCH_DAEMON_MISTAKES_H
#define SMTPWATCH_DAEMON_MISTAKES_H

#include <stdio.h>

struct mistakes {
	FILE *to;
	const char *file; /* the configuration file; NULL: there is none */
	unsigned n;       /* told so far */
};

/* "smtpwatch: FILE:LINE: " and the sentence; line 0: it stands on the command line. */
void mistakes_tell(struct mistakes *m, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
