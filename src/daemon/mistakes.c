/* mistakes.c - tells mistakes, and counts them. */
#include "daemon/mistakes.h"

#include <stdarg.h>

void mistakes_tell(struct mistakes *m, unsigned line, const char *format, ...)
{
	va_list args;

	m->n++;
	fprintf(m->to, "smtpwatch: ");
	if (line > 0)
		fprintf(m->to, "%s:%u: ", m->file, line);
	va_start(args, format);
	vfprintf(m->to, format, args);
	va_end(args);
	fputc('\n', m->to);
}
