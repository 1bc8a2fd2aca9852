/* standard_error.c - a stream of the C library in place of its own, which writes to a descriptor
 * that does not wait (fopencookie(3)). */
#include "transport/standard_error.h"

#include "transport/nonblock.h"

#include <stdio.h>
#include <unistd.h>

struct errorout {
	FILE *own, *before;
	struct outfd to;
	unsigned long long lost;
	bool cut; /* the line that stands there last has no end */
};

static struct errorout errorout;

static bool line_put(struct errorout *e, const char *text, size_t n)
{
	ssize_t done = outfd_write(&e->to, text, n, true);
	if (done > 0)
		e->cut = text[done - 1] != '\n';
	return done == (ssize_t)n;
}

/* Whether the way is free: what was lost stands before what comes now. */
static bool lost_log(struct errorout *e)
{
	char line[80];
	int n;
	if (e->lost == 0)
		return true;
	n = snprintf(line, sizeof line, "%ssmtpwatch: lines that found no room here: %llu\n",
		     e->cut ? "\n" : "", e->lost);
	if (!line_put(e, line, (size_t)n))
		return false;
	e->lost = 0;
	return true;
}

/* A line, as the stream gathers them. It is never told of trouble, which would stop it. */
static ssize_t line_write(void *self, const char *text, size_t n)
{
	struct errorout *e = self;
	if (!lost_log(e) || !line_put(e, text, n))
		e->lost++;
	return (ssize_t)n;
}

void errorout_begin(void)
{
	const cookie_io_functions_t calls = {.write = line_write};
	struct errorout *e = &errorout;
	*e = (struct errorout){.before = stderr, .to = outfd_copy(STDERR_FILENO, true)};
	e->own = e->to.fd >= 0 ? fopencookie(e, "w", calls) : NULL;
	if (!e->own)
		return;
	setvbuf(e->own, NULL, _IOLBF, BUFSIZ);
	stderr = e->own;
}

void errorout_end(void)
{
	struct errorout *e = &errorout;
	if (!e->own)
		return;
	fclose(e->own);
	close(e->to.fd);
	stderr = e->before;
	*e = (struct errorout){0};
}
